"""tools/browse_dataset.py as a user runs it."""

import sys

import cv2
import pytest

from tests import annotated, tiny
from tools import browse_dataset as browse_tool


def test_pictures_are_written(monkeypatch, capsys, tiny_data, tmp_path):
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(sys, "argv", ["browse", tiny.CONFIG, "--number", "3", "--out", str(tmp_path), *tiny.options(tiny_data)])
    with pytest.raises(SystemExit) as ended:
        browse_tool.main()
    assert ended.value.code == 0
    names = [f"sample_00000{number}.png" for number in range(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert all(cv2.imread(str(tmp_path / name)).shape[0] > 3 * 256 for name in names)
    assert "3 samples of seed 0" in capsys.readouterr().out


def test_samples_before_the_first_round_of_annotating(works, tiny_data, tmp_path):
    """Nothing is labelled then, and no label is read."""
    assert "2 samples" in works(browse_tool.main, tiny.CONFIG, "--number", "2", "--out", tmp_path, *annotated.options(tiny_data))


def test_a_method_that_asks_its_networks_for_more(works, tiny_data, tmp_path):
    """The crops are drawn all the same."""
    method = "uda={'_delete_': True, 'type': 'FADA'}"
    printed = works(browse_tool.main, tiny.CONFIG, "--number", "1", "--out", tmp_path, *tiny.options(tiny_data), method)
    assert "1 samples" in printed and "Only what the loader gives is drawn: FADA needs networks to go on from there." in printed


@pytest.mark.parametrize("flags", [("--number", "0"), ("--device", "cuda:77"), ("--checkpoint", "nothing.pth")])
def test_mistakes_in_the_command(fails, flags, tiny_data, tmp_path):
    line = fails(browse_tool.main, tiny.CONFIG, "--out", tmp_path / "out", *flags, *tiny.options(tiny_data))
    assert flags[1] in line and not (tmp_path / "out").exists()
