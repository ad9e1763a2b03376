"""State-dict keys, shapes, order and parameter counts of the published networks, built on the meta device."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch
from torch import nn

from mmseg.registry import MODELS
from tests.parity.records import Record, parametrize, reference_folder


def _experiments(study: str) -> dict:
    """All published runs of a paper; skips the test where they are absent."""
    folder = reference_folder()
    path = folder / "experiments" / f"{study}.json" if folder else None
    if path is None or not path.is_file():
        pytest.skip(f"no experiments/{study}.json (set MMSEG_REFERENCE to the folder of reference records)")
    return json.loads(path.read_text())


def _published_model(study: str, experiment: str, **parts: str) -> dict:
    """The model of the first run of an experiment whose parts have these types, as it lies beside the released checkpoint."""
    models = (run["cfg"]["model"] for run in _experiments(study)[experiment])
    return next(model for model in models if all(model[part]["type"] == name for part, name in parts.items()))


def _hrda_head(**options) -> dict:
    return {**_published_model("hrda", "40")["decode_head"], **options}


def _deeplab(**options) -> dict:
    model = _published_model("hrda", "41", decode_head="DLV2Head")
    return {**model, "decode_head": {**model["decode_head"], **options}}


RECIPES: dict[str, Callable[[], dict]] = {
    "a_hrda_gtaHR2csHR_segmentor": lambda: _published_model("hrda", "40"),
    "a_hrda_head_fixedatt": lambda: _hrda_head(fixed_attention=0.5),
    "a_hrda_head_singleatt": lambda: _hrda_head(attention_classwise=False),
    "c_daformer_gta2cs_segmentor": lambda: _published_model("daformer", "7"),
    "c_daformer_repo_gta2cs_segmentor": lambda: _published_model("daformer", "7"),
    "d_dlv2_r101v1c_segmentor": lambda: _deeplab(dilations=(6, 12, 18, 24)),
    "d_dlv2red_r101v1c_segmentor": _deeplab,
    "d_hrda_dlv2red_r101v1c_segmentor": lambda: _published_model("hrda", "41", decode_head="HRDAHead"),
    "e_mic_gtaHR2csHR_segmentor": lambda: _published_model("hrda", "40"),
    "e_mic_repo_hrda_segmentor": lambda: _published_model("hrda", "40"),
    "g_segformer_b5_segmentor": lambda: _published_model("daformer", "1", decode_head="SegFormerHead", backbone="mit_b5"),
    "g_segformer_r101_decode_head": lambda: _published_model("daformer", "2", decode_head="SegFormerHead")["decode_head"],
}


def _build(record: Record) -> nn.Module:
    name = record.path.stem
    if "decode_head_cfg" in record.info:
        options = record.info["decode_head_cfg"]
    elif name.startswith("f_mit_b"):
        options = {"type": name.removeprefix("f_").removesuffix("_backbone")}
    else:
        options = RECIPES[name]()
    with torch.device("meta"):  # neither memory nor the pretrained file is needed
        return MODELS.build(dict(options))


def _check(record: Record) -> None:
    model = _build(record)
    assert [[key, list(value.shape)] for key, value in model.state_dict().items()] == [entry[:2] for entry in record.info["entries"]]
    assert [name for name, _ in model.named_parameters()] == record.info["parameters_order"]
    assert sum(parameter.numel() for parameter in model.parameters()) == record.info["n_params"]


@parametrize("manifests/a_*")
def test_hrda_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/c_*", exclude="*_uda_*")
def test_daformer_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/d_*_segmentor")
def test_deeplab_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/e_*_segmentor")
def test_mic_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/f_*")
def test_encoder_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/g_*")
def test_segformer_manifest(record: Record) -> None:
    _check(record)
