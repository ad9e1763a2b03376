"""What cannot work is one line before the training starts; what is merely unusual works."""

import shutil

import cv2
import numpy as np
import pytest

from mmseg.apis.training.train import train
from mmseg.datasets.annotating.rounds import stems
from mmseg.engine.annotating.picking import Picker
from mmseg.models.uda.acquisition.strategies import PixelRandom, RegionRandom
from mmseg.utils.errors import UserError
from tests import annotated, tiny

PIXELS = {"acquisition": {"type": "PixelRandom"}}
BROKEN = {"cut": lambda label: label[:-1], "turned": lambda label: label.T, "no image": lambda label: None}


@pytest.fixture
def data(tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "data")
    return tmp_path / "data"


def refused(data, folder, hook=None, **changes) -> str:
    """The line of a training that does not start; it leaves nothing behind."""
    with pytest.raises(UserError) as raised:
        train(annotated.config(data, hook, **changes), folder)
    assert not folder.exists()
    return str(raised.value)


@pytest.mark.parametrize(
    ("hook", "line"),
    [
        ({"budget": {"ratio": 0.0}}, "A budget of 0 % of the pixels is not possible"),
        ({"budget": {"ratio": 1.5}}, "A budget of 150 % of the pixels is not possible"),
        ({"budget": {"pixels": 0}, "acquisition": {"type": "PixelRandom"}}, "A budget of 0 pixels of an image of 128x64 is not possible"),
        (
            {"budget": {"pixels": 9000}, "acquisition": {"type": "PixelRandom"}},
            "A budget of 9000 pixels of an image of 128x64 is not possible",
        ),
        ({"budget": {"pixels": 40}}, "counts single pixels, but RegionImpurity picks regions"),
        ({"budget": {"percent": 5}}, "percent"),
        ({"rounds": [1, 1]}, "rounds=[1, 1] do not follow each other"),
        ({"rounds": [3, 5]}, "the round after iteration 5 comes too late for a training of 5"),
        ({"rounds": []}, "rounds"),
        ({"acquisition": {"type": "RegionImpurities"}}, "Did you mean 'RegionImpurity'?"),
        ({"oracle": "nobody"}, "oracle"),
    ],
)
def test_options(tiny_data, tmp_path, monkeypatch, hook, line):
    monkeypatch.chdir(tiny.ROOT)
    assert line in refused(tiny_data, tmp_path / "run_refused", hook)


def test_a_label_that_is_missing(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny.ROOT)
    sorted((data / "cityscapes/gtFine/train").rglob("*labelTrainIds.png"))[1].unlink()
    assert "1 of 4 images have no label" in refused(data, tmp_path / "run_refused")


@pytest.mark.parametrize("how", BROKEN)
def test_a_label_of_another_size(data, tmp_path, monkeypatch, how):
    """Not after ten thousand iterations, although its pixels are never looked at before."""
    monkeypatch.chdir(tiny.ROOT)
    path = sorted((data / "cityscapes/gtFine/train").rglob("*labelTrainIds.png"))[2]
    broken = BROKEN[how](cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    path.write_text("no image") if broken is None else cv2.imwrite(str(path), np.ascontiguousarray(broken))
    assert str(path) in refused(data, tmp_path / "run_refused")


def test_counts():
    """Of rounds together; pixels by a ratio, too."""
    assert Picker(RegionRandom(radius=1), {"ratio": 0.022}, 5, 0).count((1024, 2048)) == 1026
    assert Picker(RegionRandom(radius=1), {"ratio": 0.022}, 5, 0).allowed((1024, 2048)) == 5 * 1026 * 9
    assert Picker(PixelRandom(), {"pixels": 40}, 5, 0).count((1024, 2048)) == 21
    assert Picker(PixelRandom(), {"pixels": 40, "counted_at": "annotation"}, 5, 0).count((1024, 2048)) == 8
    assert Picker(PixelRandom(), {"ratio": 0.5}, 5, 0).count((10, 10)) == 10
    assert Picker(RegionRandom(radius=1), {"ratio": 1}, 1, 0).allowed((10, 10)) == 100


def test_files_of_images():
    assert stems(("a/b.png", "c.jpg")) == ("a/b", "c")
    assert stems(("a.png", "a.jpg")) == ("a.png", "a.jpg")
    assert stems(("a.png", "a.png")) == ("000000/a.png", "000001/a.png")  # of two folders


def test_an_exhausted_image(tiny_data, tmp_path, monkeypatch, capsys):
    """Everything that can be asked is asked, and the log says what of the budget is left."""
    monkeypatch.chdir(tiny.ROOT)
    train(
        annotated.config(tiny_data, {"budget": {"ratio": 1}, "rounds": [0, 1], "acquisition": {"type": "RegionRandom"}}),
        tmp_path / "run_all",
    )
    assert "picks of the budget found nothing left" in capsys.readouterr().out
