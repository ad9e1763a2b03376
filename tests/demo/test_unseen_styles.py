"""Streets that no demo training sees: drawn beside the others, which stay as they are."""

import hashlib

import cv2
import numpy as np

from mmseg.demo.choices import UNSEEN_FOLDERS, Parameters
from mmseg.demo.files import LAYOUTS, manifest
from mmseg.demo.unseen_styles import UNSEEN_STYLES
from tools.make_demo_data import make_demo_data

SMALL = Parameters(width=64, height=32, source=1, target=1, val=2)


def contents(folder) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_they_are_added_to_demo_data_that_stay(tmp_path):
    make_demo_data(out=tmp_path / "demo", parameters=SMALL)
    before = contents(tmp_path / "demo")
    assert make_demo_data(out=tmp_path / "demo", parameters=SMALL, layouts=UNSEEN_FOLDERS)
    after = contents(tmp_path / "demo")
    assert {name: after[name] for name in before if "manifest" not in name} == {n: h for n, h in before.items() if "manifest" not in n}
    assert not make_demo_data(out=tmp_path / "demo", parameters=SMALL, layouts=UNSEEN_FOLDERS)
    for name in UNSEEN_FOLDERS:
        images, labels = (sorted((tmp_path / "demo" / name / kind / "val").rglob("*.png")) for kind in ("leftImg8bit", "gtFine"))
        assert len(images) == len(labels) == SMALL.val and not (tmp_path / "demo" / name / "leftImg8bit/train").exists()
        assert set(np.unique(cv2.imread(str(labels[0]), cv2.IMREAD_UNCHANGED))) <= {*range(19), 255}


def test_a_manifest_tells_of_them_where_they_are_drawn():
    """Demo data of earlier versions, which have none, are still known."""
    assert "unseen_styles" not in manifest(SMALL) and "unseen_styles" not in manifest(SMALL, ["gta", "cityscapes"])
    assert [style["name"] for style in manifest(SMALL, ["gta", "town", "night"])["unseen_styles"]] == ["night", "town"]
    assert set(UNSEEN_STYLES) == set(UNSEEN_FOLDERS) <= set(LAYOUTS)


def test_a_night_is_dark_and_fog_is_pale(tmp_path):
    make_demo_data(out=tmp_path / "demo", parameters=SMALL, layouts=["cityscapes", *UNSEEN_FOLDERS])
    levels, edges = {}, {}
    for name in ("cityscapes", *UNSEEN_FOLDERS):
        images = [cv2.imread(str(path)) for path in (tmp_path / "demo" / name / "leftImg8bit/val").rglob("*.png")]
        levels[name] = np.mean(images)
        edges[name] = np.mean([np.abs(np.diff(image[:16].astype(int), axis=1)).mean() for image in images])  # of the upper half
    assert levels["night"] < 0.7 * levels["cityscapes"] and edges["fog"] < 0.7 * edges["cityscapes"]
