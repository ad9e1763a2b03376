"""Old configs for an evaluation: what only a training reads may be missing or unknown, what changes a result may not."""

import json
import logging

import pytest

from mmseg.config import load_config
from mmseg.config.checks import EVALUATED
from mmseg.config.identity import digest
from mmseg.evaluation.metric_config import metric_config
from mmseg.utils.errors import UserError
from tests import tiny
from tests.config.legacy.published_form import changed, decisive, flattened, published, write_json
from tests.parity.records import reference_folder

PUBLISHED = published()
CASES = reference_folder().parent / "cases" / "configs" if reference_folder() else None
MIC = sorted(CASES.glob("*.json")) if CASES and CASES.is_dir() else []
SOURCE, TARGET = "data.train.source", "data.train.target"
VIEW = "data.val.pipeline.1.transforms"


def evaluated(tmp_path, config):
    return load_config(write_json(tmp_path, config), training=False)


@pytest.fixture
def notes(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.message for record in caplog.records]


def test_a_config_that_trains_is_the_same_config(tmp_path, notes):
    path = write_json(tmp_path, flattened(tmp_path))
    assert load_config(path, training=False).to_dict() == load_config(path).to_dict() and not notes()


def test_without_the_sections_of_a_training(tmp_path, notes):
    old = flattened(tmp_path)
    full = evaluated(tmp_path, old)
    data = {key: value for key, value in old["data"].items() if key not in ("train", "samples_per_gpu", "workers_per_gpu", "test")}
    cfg = evaluated(tmp_path, {"model": old["model"], "data": data, "optimizer": None})
    for key in ("model", "val_evaluator", "env_cfg"):
        assert cfg[key] == full[key]
    assert cfg.val_dataloader == {**full.val_dataloader, "num_workers": 1} and set(EVALUATED) <= set(cfg)
    assert metric_config(cfg) == {"type": "IoUMetric", "absent": ()} and len(digest(cfg)) == 8
    (line,) = notes()
    assert line.startswith("This config can be evaluated, but not trained: ")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fp16", {"loss_scale": 512.0}),
        ("custom_hooks", [{"type": "MyHook"}]),
        ("optimizer.type", "Lion"),
        ("optimizer_config", {"grad_clip": 1}),
        ("lr_config.policy", "step"),
        ("runner.type", "EpochBasedRunner"),
        ("uda.pseudo_treshold", 0.9),
        ("uda.type", "MyMethod"),
        ("evaluation.metric", ["mIoU", "mDice"]),
        ("data.persistent_workers", True),
        ("data.train.repeat", 3),
        (f"{SOURCE}.type", "MyDataset"),
        (f"{SOURCE}.pipeline.4.type", "RandomRotate"),
        (f"{TARGET}.pipeline.3.cat_max_ratio", 0.75),
    ],
)
def test_what_a_training_refuses_is_a_note(tmp_path, notes, path, value):
    old = changed(flattened(tmp_path), path, value)
    with pytest.raises(UserError) as refused:
        load_config(write_json(tmp_path, old))
    cfg = evaluated(tmp_path, old)
    full = evaluated(tmp_path, flattened(tmp_path))
    assert all(cfg[key] == full[key] for key in ("model", "val_dataloader", "val_evaluator"))
    reason = str(refused.value).partition(": ")[2]
    assert notes() == [f"This config can be evaluated, but not trained: {reason}"]


@pytest.mark.parametrize("key", ["model.train_cfg.sampler", "data.val.foo"])
def test_an_unknown_key_of_what_is_evaluated(tmp_path, notes, key):
    old = changed(flattened(tmp_path), key, 1)
    with pytest.raises(UserError, match=f"{key} is not understood"):
        load_config(write_json(tmp_path, old))
    assert evaluated(tmp_path, old).to_dict() == evaluated(tmp_path, flattened(tmp_path)).to_dict()
    assert notes() == [f"{key} is not read: no result depends on it."]


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (
            f"{VIEW}.0.interpolation",
            "nearest",
            "data.val.pipeline[1].transforms[0].interpolation is not understood.",
        ),
        (f"{VIEW}.0.type", "RandomRotate", "data.val.pipeline[1].transforms[0].type is 'RandomRotate'"),
        ("data.val.pipeline.1.img_scale", [[512, 256], [1024, 512]], "data.val.pipeline[1].img_scale is [[512, 256], [1024, 512]]."),
        ("data.val.reduce_zero_label", True, "data.val.reduce_zero_label is True, which has no counterpart here."),
        ("data.val.type", "MyDataset", "data.val.type is 'MyDataset', which is not known."),
        ("data.test.pipeline.1.transforms.2.mean", [0, 0, 0], "data.test.pipeline normalises by"),
        ("model.backbone", 3, "model.backbone is 3. Write a dictionary there."),
    ],
)
def test_what_changes_a_result_is_an_error(tmp_path, path, value, text):
    with pytest.raises(UserError) as caught:
        evaluated(tmp_path, changed(flattened(tmp_path), path, value))
    assert str(caught.value).startswith(f"{tmp_path / 'released.json'}: {text}")


def test_the_source_is_known_where_its_training_is_not(tmp_path):
    old = changed(changed(flattened(tmp_path), f"{SOURCE}.type", "SynthiaDataset"), "optimizer.type", "Lion")
    assert metric_config(evaluated(tmp_path, old))["absent"] == ("terrain", "truck", "train")


def test_only_a_test_split(tmp_path):
    old = flattened(tmp_path)
    del old["data"]["val"]
    full = evaluated(tmp_path, flattened(tmp_path))
    assert evaluated(tmp_path, old).val_dataloader == full.val_dataloader


@pytest.mark.skipif(not PUBLISHED, reason="no folder experiments (set MMSEG_REFERENCE to the reference records)")
def test_every_published_config_loads_for_an_evaluation(tmp_path, notes):
    assert len(PUBLISHED) == 326
    for _, old in PUBLISHED:
        path = write_json(tmp_path, old)
        assert load_config(path, training=False).to_dict() == load_config(path).to_dict()
    assert set(notes()) <= {"norm_cfg: SyncBN is read as BN, with statistics of one process."}


@pytest.mark.skipif(not MIC, reason="no released MIC configs beside the reference records")
@pytest.mark.parametrize("path", MIC, ids=lambda path: path.stem[:40])
def test_released_mic_configs_load(path, notes):
    cfg = load_config(path)
    assert load_config(path, training=False).to_dict() == cfg.to_dict()
    allowed = (
        "log_config.img_interval is not read",
        "data.train.target.pipeline[3].cat_max_ratio would need labels of the target. It is not",
    )
    assert notes() and all(line.startswith(allowed) for line in notes())
    old = json.loads(path.read_text())
    masked = {key: value for key, value in old["uda"].items() if key.startswith("mask_")}
    assert masked == {key: cfg.uda[key] for key in masked} and cfg.model.decode_head.num_classes == 19


@pytest.mark.skipif(not MIC, reason="no released MIC configs beside the reference records")
def test_the_released_headline_config_is_ours():
    (path,) = (path for path in MIC if path.name.startswith("gtaHR2csHR") and "m64-07-spta" in path.name)
    assert decisive(load_config(path)) == decisive(load_config(tiny.ROOT / "configs/mic/gtaHR2csHR_mic_hrda.py"))


def test_native_configs_need_what_is_read(tmp_path):
    path = tmp_path / "native.py"
    path.write_text(f'_base_ = ["{tiny.ROOT / tiny.CONFIG}"]\noptim_wrapper = None\nuda = dict(alpha=0.5)')
    assert load_config(path, training=False).uda.alpha == 0.5
