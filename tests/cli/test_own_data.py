"""docs/own_data.md: its commands run as they are written, on smaller data and for two iterations, and its examples are configs."""

import json
import re
import shlex
import subprocess
import sys

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmseg.datasets.base import class_info
from mmseg.datasets.sampling.uda_dataset import CropOptions
from tests import tiny

PAGE = (tiny.ROOT / "docs" / "own_data.md").read_text()
SMALLER = {
    "tools/make_demo_data.py": "--size 128 64 --source 6 --target 4 --val 2 --nproc 1",
    "tools/train.py": (
        "--cfg-options train_cfg.max_iters=2 train_cfg.val_interval=2 train_dataloader.num_workers=0 val_dataloader.num_workers=0 "
        "crop_size=(64,64) train_dataloader.dataset.source_crop.crop_size=(64,64) train_dataloader.dataset.target_crop.crop_size=(64,64) "
        "train_dataloader.dataset.rare_class_sampling.min_pixels=2"
    ),
}
"""What is added to the commands of the page."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(command: str, folder) -> str:
    words = shlex.split(command)
    more = shlex.split(SMALLER.get(words[1], ""))
    environment = {**tiny.environment(), "PYTHON": sys.executable}
    words[0] = sys.executable if words[0] == "python" else words[0]
    done = subprocess.run([*words, *more], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """A folder in which all commands of the page were run, and what each printed."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("configs", "mmseg", "tools", "test.sh"):
        (folder / name).symlink_to(tiny.ROOT / name)
    return folder, {command: run(command, folder) for block in blocks("sh") for command in block.strip().splitlines()}


def test_the_page_trains_evaluates_and_predicts(walked):
    folder, printed = walked
    for name, classes in {"own_streets": 6, "binary": 2}.items():
        result = json.loads((folder / "work_dirs" / name / "result.json").read_text())
        assert result["iteration"] == 2 and sum(key.startswith("IoU.") for key in result["metrics"]) == classes
    assert "vehicle" in printed["sh test.sh work_dirs/own_streets"]
    assert len(list((folder / "work_dirs/own_streets/preds").rglob("*.png"))) == 2
    assert len(list((folder / "predictions/palette").rglob("*.png"))) == 4


def test_labels_are_counted_beside_them(walked):
    folder, _ = walked
    counts = json.loads((folder / "data/demo/gta/labels/label_counts.json").read_text())
    assert sorted(counts["files"]) == [f"{number:05d}.png" for number in range(1, 7)]


def test_the_folders_of_the_page_are_there(walked):
    folder, _ = walked
    paths = re.findall(r"^(data/demo\S+?)/(?:…|\d)", PAGE, re.MULTILINE)
    assert len(paths) == 5 and all((folder / path).is_dir() for path in paths), paths


def test_examples_are_understood():
    first, shared, several = (Config.fromstring(block, ".py") for block in blocks("python") if "_base_" not in block)
    assert class_info(first["_labelled"].to_dict())["classes"] == ("background", "crack")
    source, val = class_info(shared.source.to_dict()), class_info(shared.val.to_dict())
    assert source["classes"] == val["classes"] and source["absent"] == ()
    assert val["absent"] == ("building", "vegetation", "person")
    assert len(class_info(several.source.to_dict())["classes"]) == 19
    for scale in several.source_crop.pop("img_scale"):
        assert tuple(CropOptions(**several.source_crop, img_scale=scale).crop_size) == (512, 512)


COMPLETE = {block.splitlines()[0].removeprefix("# configs/own_data/"): block for block in blocks("python") if "_base_" in block}


def test_complete_configs_are_on_the_page():
    assert list(COMPLETE) == ["cracks.py", "cracks_hrda.py"]


@pytest.mark.parametrize("name", ["cracks.py", "cracks_hrda.py"])
def test_a_complete_config_trains(name, tmp_path):
    """On folders of its kind; the large network becomes a small one, and its crops those of small images."""
    file = tmp_path / name
    text = COMPLETE[name].replace('"../_base_', f'"{tiny.ROOT}/configs/_base_')
    file.write_text(re.sub(r'"(game|photos|checked)', rf'"{tmp_path}/\1', text))
    for folder in ("game/images", "photos", "checked/images", "game/masks", "checked/masks"):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(2):
            mask = np.zeros((64, 128), np.uint8)
            mask[20:44, 40 * number : 40 * number + 60] = 255
            cv2.imwrite(str(tmp_path / folder / f"{number}.png"), mask if "masks" in folder else np.stack([mask] * 3, axis=2))
    small = {"train_cfg.max_iters": 2, "train_cfg.val_interval": 2, "train_dataloader.num_workers": 0, "val_dataloader.num_workers": 0}
    crop = {"img_scale": (128, 64), "crop_size": (64, 64)}
    small |= {f"train_dataloader.dataset.{domain}_crop": crop for domain in ("source", "target")} | {"uda.self_training_start": 0}
    small["val_dataloader.dataset.test_scale"] = (128, 64)
    if name == "cracks_hrda.py":
        encoder = {"type": "mit_b0", "_delete_": True}
        small |= {"model.pretrained": None, "model.backbone": encoder, "model.decode_head.in_channels": [32, 64, 160, 256]}
        small |= {"model.hr_crop_size": (32, 32), "model.test_cfg.crop_size": (64, 64), "model.test_cfg.stride": (32, 32)}
        small["train_dataloader.dataset.rare_class_sampling"] = {"min_pixels": 2, "class_temp": 0.01, "min_crop_ratio": 1.0}
    options = ["--cfg-options", *(f"{key}={value!r}" for key, value in small.items())]
    done = tiny.run("tools/train.py", str(file), "--work-dir", str(tmp_path / "run"), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads((tmp_path / "run" / "result.json").read_text())["metrics"]
    assert {"IoU.background", "IoU.crack"} <= metrics.keys()
