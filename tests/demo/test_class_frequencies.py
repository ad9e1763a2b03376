"""Factors of class frequencies change what a target shows, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from mmseg.datasets.classes.names import CLASSES as NAMES
from mmseg.demo.choices import Parameters
from mmseg.demo.class_frequencies import CLASSES, with_factors
from mmseg.demo.manifest import read_manifest
from mmseg.demo.scene import render
from mmseg.demo.styles import CITYSCAPES
from mmseg.utils.errors import UserError
from tools import make_demo_data


def test_factors_multiply_and_chances_end_at_1():
    before = CITYSCAPES.frequencies
    after = with_factors(CITYSCAPES, {"bicycle": 4, "car": 0.5, "train": 10, "wall": 0, "vegetation": 2}).frequencies
    expected = replace(before, bicycles=4 * before.bicycles, cars=before.cars / 2, parked=before.parked / 2, trains=1.0, trees=1.0)
    building, _, fence, hedge, trees = before.frontage
    assert after == replace(expected, frontage=(building, 0.0, fence, 2 * hedge, 2 * trees))
    assert with_factors(CITYSCAPES, {}) == CITYSCAPES


def shown(factors: dict) -> np.ndarray:
    """How many of some small streets show each class."""
    style = with_factors(CITYSCAPES, factors)
    labels = [render(0, index, style, (64, 32)).label for index in range(12)]
    return np.stack([np.bincount(label.ravel(), minlength=256)[:19] > 0 for label in labels]).sum(0)


def test_streets_show_classes_more_or_less_often():
    usual = shown({})
    for name in ("bicycle", "person", "truck", "wall"):
        index = NAMES.index(name)
        assert shown({name: 0})[index] < usual[index], name
        assert shown({name: 6})[index] > usual[index] or usual[index] == 12, name
    assert set(CLASSES) < set(NAMES)


def draw(monkeypatch, *words: object) -> None:
    """Runs the command."""
    monkeypatch.setattr("sys.argv", ["make_demo_data.py", *map(str, words)])
    make_demo_data.main.__wrapped__()


def test_they_are_declared_and_kept(tmp_path, monkeypatch, capsys):
    small = ("--size", "64", "32", "--source", "1", "--target", "2", "--val", "1", "--nproc", "1")
    draw(monkeypatch, "--out", tmp_path / "usual", *small)
    draw(monkeypatch, "--out", tmp_path / "shift", *small, "--target-frequency", "bicycle=6", "traffic light=0")
    parameters = read_manifest(tmp_path / "shift")["parameters"]
    assert parameters["target_frequencies"] == {"bicycle": 6.0, "traffic light": 0.0}
    assert "target_frequencies" not in read_manifest(tmp_path / "usual")["parameters"], "manifests of before stay valid"
    images = {name: [(tmp_path / name / path).read_bytes() for path in ("gta/images/00001.png",)] for name in ("usual", "shift")}
    assert images["usual"] == images["shift"], "the source stays"
    path = "cityscapes/gtFine/train/altdorf/altdorf_000000_000019_gtFine_labelTrainIds.png"
    assert (tmp_path / "usual" / path).read_bytes() != (tmp_path / "shift" / path).read_bytes()
    capsys.readouterr()
    draw(monkeypatch, "--out", tmp_path / "shift", "--layout", "acdc", "--nproc", "1")  # of the same parameters
    assert read_manifest(tmp_path / "shift")["parameters"] == parameters
    assert "1 source, 2 target and 1 validation scenes of 64x32" in capsys.readouterr().out


def test_a_factor_is_a_number(monkeypatch):
    monkeypatch.setattr("sys.argv", ["make_demo_data.py", "--target-frequency", "bicycle"])
    with pytest.raises(UserError, match="'bicycle' is not of the form CLASS=FACTOR, such as bicycle=4"):
        make_demo_data.parse_args()


def test_parameters_are_values():
    assert hash(Parameters(target_frequencies={"car": 2})) == hash(Parameters())
