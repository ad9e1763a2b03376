"""tools/test.py --corruptions on the demo data."""

import json
import shutil

import cv2
import pytest

from mmseg.datasets.corruptions import corrupt
from tools import test as test_tool


def result(run, name: str) -> dict:
    return json.loads((run / "eval" / f"{name}.json").read_text())


def test_the_numbers_are_those_of_images_that_were_made_worse_before(run, evaluates, tiny_data, tmp_path):
    printed = evaluates("--corruptions", "contrast:5", "fog:3", "--metrics", "trust")
    found = result(run, "latest_corruptions_contrast5_fog3")
    assert list(found["corruptions"]["metrics"]) == ["fog", "contrast"] and "severity 3" in printed and "images as they are" in printed
    for kind, severity in (("contrast", 5), ("fog", 3)):
        root = shutil.copytree(tiny_data / "cityscapes", tmp_path / kind)
        images = root / "leftImg8bit/val"
        for path in images.rglob("*.png"):
            image = cv2.imread(str(path))[..., ::-1]
            cv2.imwrite(str(path), corrupt(image, kind, severity, 0, str(path.relative_to(images)))[..., ::-1])
        evaluates("--metrics", "trust", "--cfg-options", f"val_dataloader.dataset.data_root={root}", "--out", tmp_path / f"{kind}.json")
        alone = json.loads((tmp_path / f"{kind}.json").read_text())
        row = found["corruptions"]["metrics"][kind][str(severity)]
        assert row["mIoU"] == alone["metrics"]["mIoU"] and row["ECE"] == alone["trust"]["metrics"]["ECE"]
    assert found["metrics"]["mIoU"] != found["corruptions"]["metrics"]["contrast"]["5"]["mIoU"]


def test_a_reference_and_the_palette_pictures_of_test_sh(run, evaluates):
    evaluates("--corruptions", "fog:1", "--out", run / "reference.json")
    evaluates("--corruptions", "fog:1", "--reference", run / "reference.json", "--show-dir")
    assert result(run, "latest_corruptions_fog1")["corruptions"]["mCE"] == 100
    assert len(list(run.glob("preds*/**/*.png"))) == 2  # of the images as they are


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--corruptions", "foggy"], "--corruptions foggy: no corruption is called 'foggy'. Did you mean 'fog'?"),
        (["--corruptions", "fog:6"], "--corruptions fog:6: severities are whole numbers from 1 to 5. Use fog:3, or fog for all of them."),
        (["--reference", "a.json"], "--reference is about corrupted images. Add --corruptions all."),
        (["--corruptions", "all", "--reference", "a.json"], "--reference a.json is no result of --corruptions. Give the JSON file that"),
        (["--corruptions", "all", "--targets", "a.py"], "--corruptions prints a table of mIoU, and --targets asks for something else."),
    ],
)
def test_refusals(run, fails, flags, said):
    assert fails(test_tool.main, run / "config.py", run / "latest.pth", *flags).startswith(said)
