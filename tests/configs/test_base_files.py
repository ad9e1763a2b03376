"""Every file of configs/_base_ holds what the published runs have: networks, data, methods, schedules."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg.config import load_config
from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.schedule import resolve_ends
from tests import tiny
from tests.config.legacy.published_form import decisive, published, write_json

BASE = tiny.ROOT / "configs" / "_base_"
PUBLISHED = dict(published())
OWN = (
    "_tiny",
    "_demo",
    "_from_scratch",
    "_val",
    "_to_mapillary",
    "_lite0",
    "_streets",
    "_vfm",
    "_vfm_40k",
    "_peft_40k",
    "_dinov2_vitb",
    "_dinov2_vitl",
    "_to_camvid",
    "_depth_7",
    "_depth_7_small",
    "fada",
    "ripu",
    "ripu_v2",
    "ripu_v3plus",
    "cpsl",
    "depth",
    "r101_cpsl_synthia",
    "gta_synthia_to_cityscapes",
    "gta_synthia_urbansyn_to_cityscapes",
    "gta_synthia_synscapes_to_five",
)
"""Ends of the names of our own files, which no published run has."""
OF_THE_ROW = ("rare_class_sampling", "crop_pseudo_margins", "sync_crop_size")
"""Options of the training data that a row adds to a file of configs/_base_/datasets."""
HALF, FULL = (0.5, (512, 512)), (1, (1024, 1024))
"""``scale`` and ``crop_size`` of DAFormer and of HRDA."""
HRDA_ROW = "1024x1024_dacs_a999_fdthings_rcs001-20{}_hrda1-512-01_daformer_sepaspp_sl_mitb5_poly10warm_s0"
DATASETS = {
    ("uda_gta_to_cityscapes", HALF): "1-gta2cs_dacs_dlv2red_r101v1c_poly10warm_s0",
    ("uda_gta_to_cityscapes", FULL): "41-gtaHR2csHR_1024x1024_dacs_hrda1-512-01_dlv2red_r101v1c_poly10warm_s0",
    ("uda_synthia_to_cityscapes", HALF): "7-syn2cs_dacs_a999_fdthings_rcs001_cpl_daformer_sepaspp_mitb5_poly10warm_s0",
    ("uda_synthia_to_cityscapes", FULL): "40-synHR2csHR_" + HRDA_ROW.format("_cpl2"),
    ("uda_cityscapes_to_acdc", HALF): "8-cs2acdc_dacs_a999_fdthings_rcs001_cpl_daformer_sepaspp_mitb5_poly10warm_s0",
    ("uda_cityscapes_to_acdc", FULL): "49-csHR2acdcHR_" + HRDA_ROW.format(""),
    ("uda_cityscapes_to_darkzurich", HALF): "8-cs2dzur_dacs_a999_fdthings_rcs001_cpl_daformer_sepaspp_mitb5_poly10warm_s0",
    ("uda_cityscapes_to_darkzurich", FULL): "49-csHR2dzurHR_" + HRDA_ROW.format(""),
    ("gta_alone", HALF): "50-gtaCAug2cs_dgdacs_fdthings_srconly_rcs001_daformer_sepaspp_mitb5_poly10warm_s0",
    ("gta_alone", FULL): "50-gtaCAugHR2csHR_1024x1024_dgdacs_fdthings_srconly_rcs001-20_hrda1-512-01_"
    "daformer_sepaspp_sl_mitb5_poly10warm_s0",
    ("cityscapes", HALF): "1-gta2cs_target-only_segformer_mitb5_poly10warm_s0",
    ("cityscapes", (1, (768, 768))): "43-2csHR_768x768_target-only_daformer_sepaspp_sl_mitb5_poly10warm_s0",
}
METHODS = {
    "dacs": "1-gta2cs_dacs_dlv2red_r101v1c_poly10warm_s0",
    "dacs_a999_fdthings": "42-gta2cs_dacs_a999_fdthings_rcs001_cpl2_daformer_sepaspp_sl_mitb5_poly10warm_s0",
    "generalization_fdthings": "50-gtaCAug2cs_dgdacs_fdthings_srconly_rcs001_daformer_sepaspp_mitb5_poly10warm_s0",
    "generalization_fdthings_styles": "50-gtaCAug2cs_dgdacs_fdthings_srconly_rcs001_shade_shb_daformer_sepaspp_mitb5_poly10warm_s0",
    "minent": "41-gtaCAug2cs_minent_dlv2red_r101v1c_poly10warm_sgd_00025_pmF_s0",
    "advseg": "41-gtaCAug2cs_advseg_dlv2red_r101v1c_poly10warm_sgd_00025_pmF_s0",
}
SCHEDULES = {
    "adamw_poly10warm_40k": "1-gta2cs_dacs_segformer_mitb5_poly10warm_s0",
    "adamw_resnet_poly10warm_40k": "1-gta2cs_dacs_dlv2red_r101v1c_poly10warm_s0",
    "sgd_poly10warm_40k": "41-gtaCAug2cs_minent_dlv2red_r101v1c_poly10warm_sgd_00025_pmF_s0",
}


def upgraded(name: str, folder: Path) -> dict:
    """What decides the published run of that name."""
    if not PUBLISHED:
        pytest.skip("no folder experiments (set MMSEG_REFERENCE to the reference records)")
    return decisive(load_config(write_json(folder, PUBLISHED[name])))


def composed(sizes: tuple = HALF, **files: str) -> dict:
    """What decides the config made of one file of each kind, with scale and crop, and of no other change."""
    chosen = {
        "models": "dlv2red_r101v1c",
        "datasets": "uda_gta_to_cityscapes",
        "uda": "dacs",
        "schedules": "adamw_resnet_poly10warm_40k",
        **files,
    }
    parts = [Config.fromfile(BASE / kind / f"{name}.py").to_dict() for kind, name in chosen.items()]
    runtime = Config.fromfile(BASE / "default_runtime.py").to_dict()
    merged = Config({key: value for part in (runtime, *parts) for key, value in part.items()})
    merged["scale"], merged["crop_size"] = sizes
    return decisive(resolve_sizes(merged))


def networks() -> dict[str, str]:
    """A published run by the name of its network, without the variants of HRDA and of sliding windows."""
    plain = {
        name: cfg["name_architecture"]
        for name, cfg in PUBLISHED.items()
        if cfg["model"]["type"] == "EncoderDecoder"
        and cfg["model"]["test_cfg"]["mode"] == "whole"
        and "style_hallucination_cfg" not in cfg["model"]["backbone"]
    }
    return {network: name for name, network in plain.items()}


def files(kind: str) -> list[str]:
    return sorted(path.stem for path in (BASE / kind).glob("*.py") if not path.stem.endswith(OWN))


@pytest.mark.parametrize("network", files("models"))
def test_a_network_equals_the_published_one(network, tmp_path):
    expected = upgraded(networks()[network] if PUBLISHED else "", tmp_path)
    assert composed(models=network)["model"] == expected["model"]


def test_every_published_network_has_a_file():
    if not PUBLISHED:
        pytest.skip("no folder experiments (set MMSEG_REFERENCE to the reference records)")
    assert set(files("models")) == set(networks())


@pytest.mark.parametrize(("kind", "names"), [("datasets", {name for name, _ in DATASETS}), ("uda", METHODS), ("schedules", SCHEDULES)])
def test_every_other_file_is_compared_below(kind, names):
    assert files(kind) == sorted(names)


@pytest.mark.parametrize(("name", "sizes"), DATASETS)
def test_data_equal_the_published_ones(name, sizes, tmp_path):
    actual, expected = composed(sizes, datasets=name), upgraded(DATASETS[name, sizes], tmp_path)
    for content in (actual, expected):
        dataset = content["train"]["dataset"]
        for key in OF_THE_ROW:
            dataset.pop(key, None)
        if "target" in dataset:  # one published folder ends with a slash
            dataset["target"]["img_dir"] = dataset["target"]["img_dir"].rstrip("/")
    assert actual["train"] == expected["train"] and actual["val"] == expected["val"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_equals_the_published_one(name, tmp_path):
    assert composed(uda=name)["uda"] == upgraded(METHODS[name], tmp_path)["uda"]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_equals_the_published_one(name, tmp_path):
    actual, expected = resolve_ends(composed(schedules=name)), upgraded(SCHEDULES[name], tmp_path)
    for key in ("optim_wrapper", "param_scheduler", "train_cfg"):
        assert actual[key] == expected[key]
