"""Data with depth as a user checks, converts and looks at them, and what a training says about bad ones."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from mmseg.utils.storage.images import write_image
from tests import tiny
from tests.datasets.toy import position_depth
from tools import browse_dataset as browse_tool
from tools import check_data as check_tool
from tools.convert_datasets import mapillary as mapillary_tool
from tools.convert_datasets import synthia as synthia_tool

PARTS = (
    *("default_runtime", "models/dlv2red_r101v1c", "datasets/synthia_to_mapillary_depth_7", "uda/minent"),
    "schedules/adamw_resnet_poly10warm_40k",
)


@pytest.fixture
def data(tiny_layouts, tmp_path) -> Path:
    """A copy of the demo domains that a test may break."""
    return Path(shutil.copytree(tiny_layouts, tmp_path / "layouts"))


@pytest.fixture
def config(data, tmp_path) -> Path:
    """Synthia with its depth to Mapillary in 7 categories, of demo images."""
    roots = {"source": data / "synthia", "target": data / "mapillary"}
    dataset = {name: {"data_root": str(root)} for name, root in roots.items()}
    sized = {"img_scale": (64, 38), "crop_size": (38, 64)}
    text = {
        "_base_": [str(tiny.ROOT / f"configs/_base_/{part}.py") for part in PARTS],
        "model": {"decode_head": {"num_classes": 7}},
        "train_dataloader": {"num_workers": 0, "dataset": {**dataset, "source_crop": sized, "target_crop": sized}},
        "val_dataloader": {"num_workers": 0, "dataset": {"data_root": str(roots["target"]), "test_scale": (64, 38)}},
    }
    path = tmp_path / "config.py"
    path.write_text("".join(f"{name} = {value!r}\n" for name, value in text.items()))
    return path


def check(config: Path, monkeypatch, capsys) -> tuple[int, str, dict]:
    monkeypatch.chdir(tiny.ROOT)
    out = config.parent / "out"
    monkeypatch.setattr(sys, "argv", ["check_data.py", str(config), "--nproc", "1", "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        check_tool.main()
    return ended.value.code, capsys.readouterr().out, json.loads((out / "check_data.json").read_text())


def test_whole_data(config, monkeypatch, capsys):
    """Train ids beside the raw labels are no labels without an image."""
    code, text, content = check(config, monkeypatch, capsys)
    assert code == 0 and "no fatal finding" in text
    assert {finding["kind"] for finding in content["findings"]} <= {"empty class"}
    assert list(content["splits"][2]["class_pixels"]) == ["flat", "construction", "object", "nature", "sky", "human", "vehicle"]


def test_bad_depth_and_labels_of_another_version(config, data, monkeypatch, capsys):
    write_image(data / "synthia/Depth/Depth/0000001.png", position_depth(0))
    (data / "synthia/Depth/Depth/0000002.png").unlink()
    label = sorted((data / "mapillary/validation/labels").glob("*_key.png"))[0]
    write_image(label, (position_depth(0)[:, :1] * 0 + 108).astype("uint8").repeat(9, 1))
    code, text, content = check(config, monkeypatch, capsys)
    kinds = {(finding["split"], finding["kind"]) for finding in content["findings"] if finding["fatal"]}
    assert code == 1 and kinds == {("source", "depth size"), ("source", "missing depth"), ("val", "unknown id")}
    assert "Labels of Vistas v2.0" in text


def test_pictures_of_samples(config, works, tmp_path):
    assert "2 samples" in works(browse_tool.main, config, "--number", "2", "--out", tmp_path / "pictures")


def test_missing_depth_is_one_line(config, data, fails, tmp_path):
    shutil.rmtree(data / "synthia/Depth")
    line = fails(browse_tool.main, config, "--number", "1", "--out", tmp_path / "pictures")
    assert "SynthiaDataset: 6 of 6 images have no depth, first" in line and "change depth_dir" in line


def test_converters(data, works, fails):
    assert "6 depth images in" in works(synthia_tool.main, data / "synthia", "--nproc", "1")
    label = sorted((data / "mapillary/training/labels").glob("*_key.png"))[0]
    write_image(label, (position_depth(0) * 0 + 108).astype("uint8"))
    assert "Labels of Vistas v2.0 go to 123" in fails(mapillary_tool.main, data / "mapillary", "--nproc", "1")
