"""Bad data, sizes, names and configs: one line on stderr with the fix, exit code 2, nothing half-written."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import tiny
from tests.cli.failures import one_line, written
from tools import train as train_tool

DATASET = "train_dataloader.dataset"
PUBLISHED = "configs/hrda/gtaHR2csHR_hrda.py"
SMALL_ENCODER = {"model.backbone.type": "mit_b0", "model.decode_head.in_channels": [32, 64, 160, 256]}


# Data


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        (f"{DATASET}.source.data_root", "GTADataset: the image folder nowhere/images"),
        (f"{DATASET}.target.data_root", "CityscapesDataset: the image folder nowhere/leftImg8bit/train"),
        ("val_dataloader.dataset.data_root", "CityscapesDataset: the image folder nowhere/leftImg8bit/val"),
    ],
)
def test_missing_folder(train_fails, folder, key, owner):
    assert train_fails(**{key: "nowhere"}) == f"{owner} does not exist. Put the data there or change data_root and img_dir."
    assert not folder.exists()


def remove(data: Path, pattern: str) -> None:
    for path in data.rglob(pattern):
        path.unlink()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("gta/images/*.png", "holds no file that ends with '.png'. Put the images there"),
        ("gta/labels/*TrainIds.png", "6 of 6 images have no label, first {data}/gta/labels/00001_labelTrainIds.png. Create it"),
        ("*val/*/*TrainIds.png", "2 of 2 images have no label"),
        ("gta/sample_class_stats.json", "/sample_class_stats.json does not exist. Create it with: python tools/convert_datasets/gta.py"),
    ],
    ids=["empty folder", "unconverted labels", "unconverted validation labels", "no statistics"],
)
def test_incomplete_data(train_fails, folder, data, pattern, text):
    remove(data, pattern)
    assert text.format(data=data) in train_fails(data=data)
    assert not folder.exists()


def rewrite(data: Path, pattern: str, change) -> None:
    """Replaces files by what ``change`` makes of their bytes."""
    paths = list(data.rglob(pattern))
    assert paths
    for path in paths:
        path.write_bytes(change(path.read_bytes()))


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


WRONG_LABEL = png(np.full((64, 128), 33, np.uint8))
WIDER_IMAGE = png(np.zeros((64, 130, 3), np.uint8))


@pytest.mark.parametrize(
    ("pattern", "change", "text"),
    [
        ("gta/labels/*TrainIds.png", lambda _: WRONG_LABEL, "Create it with: python tools/convert_datasets/gta.py"),
        ("gtFine/val/*/*TrainIds.png", lambda _: WRONG_LABEL, "Create it with: python tools/convert_datasets/cityscapes.py"),
        ("gta/images/*.png", lambda _: WIDER_IMAGE, "has 130x64, its label"),
        ("gta/images/*.png", lambda content: content[:900], "is cut off (900 bytes). Copy or download the file again."),
        ("leftImg8bit/train/*/*.png", lambda content: content[:900], "is cut off (900 bytes). Copy or download the file again."),
        ("leftImg8bit/val/*/*.png", lambda content: content[:-20], "is cut off"),
        ("gta/sample_class_stats.json", lambda content: content[:40], "is not valid JSON"),
        (
            "gta/sample_class_stats.json",
            lambda _: b"[]",
            "should have at least 1 item. Create it with: python tools/convert_datasets/gta.py",
        ),
    ],
    ids=["label", "val label", "sizes", "cut image", "cut target", "cut val", "cut statistics", "empty statistics"],
)
def test_broken_file(train_fails, data, pattern, change, text):
    rewrite(data, pattern, change)
    line = train_fails(data=data)
    assert text in line and str(data) in line


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (WRONG_LABEL, "holds the label 33, which is neither a train id (0..18) nor 255. Create it with: "),
        (WIDER_IMAGE, "is an 8-bit RGB PNG, not one channel of ids"),
    ],
    ids=["ids", "colours"],
)
def test_wrong_labels_without_statistics_to_tell(train_fails, data, label, text):
    rewrite(data, "gta/labels/*TrainIds.png", lambda _: label)
    assert text in train_fails(data=data, **{f"{DATASET}.rare_class_sampling": None})


def test_broken_file_in_a_worker(tiny_data, data, folder):
    rewrite(data, "gta/images/*.png", lambda content: content[:900])
    changes = {"train_dataloader.num_workers": 1}
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), *tiny.options(data, **changes))
    assert one_line(done.returncode, done.stderr).endswith("is cut off (900 bytes). Copy or download the file again.")
    assert not any(written(folder).values())


def test_no_sample_with_a_rare_class(train_fails):
    line = train_fails(**{f"{DATASET}.rare_class_sampling.min_pixels": 100_000})
    assert "has more than 100000 pixels of the class '" in line and "Lower rare_class_sampling.min_pixels" in line


# Sizes


def crops(height: int, width: int) -> dict:
    crop = {"img_scale": (128, 64), "crop_size": (height, width)}
    return {f"{DATASET}.source_crop": crop, f"{DATASET}.target_crop": crop}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (crops(64, 160), "160x64 as width x height) is larger than the image of 128x64 at img_scale 128x64. Use a smaller crop_size"),
        (crops(60, 60), "the 60x60 training crop is not divisible by 8 (output stride 4 over context scale 0.5). Use a multiple of 8."),
        ({f"{DATASET}.target_crop.crop_size": (32, 32)}, "source_crop.crop_size=(64, 64) and target_crop.crop_size=(32, 32) differ"),
        ({"model.hr_crop_size": (96, 96)}, "detail crop 96x96 does not fit into the 64x64 training crop. Use hr_crop_size <= (64, 64)"),
        ({"model.hr_crop_size": (36, 36)}, "hr_crop_size=(36, 36) is not divisible by 8"),
        ({"model.test_cfg.crop_size": (60, 60)}, "test_cfg.crop_size=(60, 60) is not divisible by 8"),
        ({f"{DATASET}.crop_pseudo_margins": [40, 40, 0, 0]}, "Use smaller margins."),
        ({"train_dataloader.batch_size": 0}, "train_dataloader.batch_size is 0. Use a whole number of at least 1."),
        ({"train_cfg.max_iters": "many"}, "train_cfg.max_iters is 'many'. Use a whole number of at least 1."),
        ({"default_hooks.checkpoint.interval": 0}, "CheckpointHook: interval is 0. It should be greater than 0."),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:30],
)
def test_sizes_and_counts(train_fails, changes, text):
    assert text in train_fails(**changes)


# Names


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("modl.hr_crop_size", 1, "model"),
        ("model.hr_crop_sise", 1, "hr_crop_size"),
        ("model.type", "HRDAEncoderDecodr", "HRDAEncoderDecoder"),
        ("model.backbone.type", "MixVisionTransformr", "MixVisionTransformer"),
        ("model.decode_head.type", "HRDAHed", "HRDAHead"),
        ("model.decode_head.loss_decode.type", "CrossEntropyLos", "CrossEntropyLoss"),
        ("uda.type", "DACSS", "DACS"),
        ("uda.pseudo_treshold", 0.9, "pseudo_threshold"),
        ("train_cfg.max_iter", 1, "max_iters"),
        ("train_cfg.type", "AdaptationTrainLop", "AdaptationTrainLoop"),
        ("train_dataloader.num_worker", 1, "num_workers"),
        (f"{DATASET}.sorce", 1, "source"),
        (f"{DATASET}.source.type", "GTADatset", "GTADataset"),
        (f"{DATASET}.rare_class_sampling.min_pixel", 1, "min_pixels"),
        ("val_dataloader.sampler.shufle", False, "shuffle"),
        ("val_evaluator.type", "IoUMetrik", "IoUMetric"),
        ("val_evaluator.subsets", {"thin": ["poel"]}, "pole"),
        ("optim_wrapper.type", "OptimWraper", "OptimWrapper"),
        ("optim_wrapper.clip_gard", 1, "clip_grad"),
        ("optim_wrapper.optimizer.type", "AdmW", "AdamW"),
        ("optim_wrapper.optimizer.weight_decy", 0.1, "weight_decay"),
        ("param_scheduler.0.type", "LinarLR", "LinearLR"),
        ("param_scheduler.0.strt_factor", 0.1, "start_factor"),
        ("custom_hooks.0.type", "ResultHok", "ResultHook"),
        ("custom_hooks.1.intervall", 1, "interval"),
        ("default_hooks.loger", {"type": "LoggerHook"}, "logger"),
        ("default_hooks.logger.intervall", 1, "interval"),
        ("visualizer.type", "Visualiser", "Visualizer"),
    ],
)
def test_misspelt(train_fails, key, value, meant):
    line = train_fails(**{key: value})
    wrong = value if isinstance(value, str) else "poel" if "subsets" in key else key.split(".")[0 if key.startswith("modl") else -1]
    assert f"'{wrong}'" in line and line.endswith(f"Did you mean '{meant}'?")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["param_scheduler.7.end=1"], "--cfg-options param_scheduler.7.end: "),
        (["nonsense"], "--cfg-options nonsense: not of the form key=value. Write for example train_cfg.max_iters=100."),
    ],
)
def test_cfg_options(fails, folder, arguments, text):
    assert text in fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--cfg-options", *arguments)
    assert not folder.exists()


# Configs


def test_missing_config(fails):
    line = fails(train_tool.main, tiny.CONFIG.replace("hrda.py", "hrd.py"))
    assert line == f"Config {tiny.CONFIG.replace('hrda.py', 'hrd.py')} does not exist. Did you mean '{tiny.CONFIG}'?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model = dict(type=oops)", "cannot be read: name 'oops' is not defined (line "),
        ("model = (", "was never closed"),
        ("_base_ = ['nowhere.py']", "nowhere.py"),
        ("", "the key 'model' is missing. Add it"),
    ],
)
def test_broken_config(fails, folder, tmp_path, text, expected):
    config = tmp_path / "broken.py"
    config.write_text(text)
    line = fails(train_tool.main, config, "--work-dir", folder)
    assert str(config) in line and expected in line
    assert not folder.exists()


def test_published_config_without_data(fails, folder, tmp_path):
    roots = {f"{DATASET}.source.data_root": str(tmp_path), f"{DATASET}.target.data_root": str(tmp_path)}
    line = fails(train_tool.main, PUBLISHED, "--work-dir", folder, "--cfg-options", *(f"{key}={value}" for key, value in roots.items()))
    assert line.startswith(f"GTADataset: the image folder {tmp_path}/images does not exist.")
    assert not folder.exists()


def test_published_config_without_pretrained_weights(train_fails):
    line = train_fails(config=PUBLISHED, **SMALL_ENCODER, **{"model.pretrained": "pretrained/none.pth"})
    assert line.startswith("The pretrained weights pretrained/none.pth do not exist. Download it")
