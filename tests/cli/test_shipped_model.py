"""The network in work_dirs/streets: right after the install, and right in what it says."""

import json
import subprocess

import numpy as np
import pytest
from PIL import Image

from mmseg.config.config import load_config
from mmseg.registry import DATASETS
from tests import tiny
from tools import make_demo_data as demo_tool
from tools import predict as predict_tool

FOLDER = tiny.ROOT / "work_dirs" / "streets"
FILES = {"README.md", "config.json", "model.json", "model.safetensors"}


@pytest.fixture
def street(tmp_path, works):
    """A rendered street that it was not trained on: its image, and its labels in the classes of the network."""
    root = tmp_path / "drawn"
    options = (
        "--layout",
        "streets",
        "--size",
        "480",
        "360",
        "--source",
        "1",
        "--val",
        "1",
        "--target",
        "1",
        "--seed",
        "77",
        "--nproc",
        "1",
    )
    works(demo_tool.main, "--out", root, *options)
    source = load_config(FOLDER / "config.json", {}).train_dataloader.dataset.source
    own = {key: str(root / source[key].removeprefix("data/streets/")) for key in ("images", "labels")}
    dataset = DATASETS.build({**source, **own})
    return dataset.images.path(0), dataset.read_label(0, dataset.images.encoded(0))


def test_a_street_is_segmented(street, tmp_path, works):
    """Of a street like those of its training, most pixels are right; without data, starting weights and configs of its training."""
    image, label = street
    works(predict_tool.main, FOLDER, image, "--device", "cpu", "--save", "palette", "--out", tmp_path / "predictions")
    (written,) = (tmp_path / "predictions").rglob("*.png")
    predicted, known = np.array(Image.open(written)), label != 255
    assert predicted.shape == label.shape == (360, 480)
    assert (predicted == label)[known].mean() > 0.85
    assert len(np.unique(predicted)) >= 6


def test_it_is_small_and_tells_no_secrets():
    card = json.loads((FOLDER / "model.json").read_text())
    assert {path.name for path in FOLDER.iterdir()} >= FILES
    assert (FOLDER / "model.safetensors").stat().st_size < 10e6 and card["weights"]["dtype"] == "float16"
    assert card["licence"] == "Apache-2.0" and len(card["classes"]) == len(card["palette"]) == 11
    for path in (card["checkpoint"]["path"], card["config"]["path"]):
        assert path.startswith("work_dirs/")


def test_git_keeps_its_files_and_nothing_else_below_work_dirs():
    if not (tiny.ROOT / ".git").exists():
        pytest.skip("no clone")
    ignored = ["git", "check-ignore", "-q", "--no-index"]
    for name in FILES:
        assert subprocess.run([*ignored, f"work_dirs/streets/{name}"], cwd=tiny.ROOT).returncode == 1, name
    for other in ("work_dirs/streets/eval/model.json", "work_dirs/streets/preds/1.png", "work_dirs/run_s0/latest.pth"):
        assert subprocess.run([*ignored, other], cwd=tiny.ROOT).returncode == 0, other
