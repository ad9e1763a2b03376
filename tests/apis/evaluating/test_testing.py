"""Where an evaluation writes, and what it says of its protocol."""

import sys
from pathlib import Path

import pytest

from mmseg.apis.evaluating.testing import output_folders, protocol, variant
from mmseg.utils.errors import UserError
from tools import test as test_tool


def parsed(monkeypatch, *arguments: str):
    monkeypatch.setattr(sys, "argv", ["test.py", "config.py", "run/latest.pth", *arguments])
    return test_tool.parse_args()


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ([], "preds"),
        (["--weights", "ema_model"], "preds_ema_model"),
        (["--aug-test"], "preds_aug"),
        (["--opacity", "0.5"], "preds_opacity0.5"),
        (["--hrda-out=LR"], "preds_LR"),
        (["--preset", "fast"], "preds_fast"),
        (["--inference-mode", "whole"], "preds_whole"),
        (["--test-set"], "preds_test"),
        (["--weights", "ema_model", "--hrda-out", "HR", "--aug-test"], "preds_ema_model_HR_aug"),
    ],
)
def test_what_differs_has_a_folder_of_its_own(monkeypatch, options, folder):
    """As test.sh calls it, with ``--show-dir`` alone."""
    args = parsed(monkeypatch, "--show-dir", *options)
    assert [str(path) for path in output_folders(args, labelled=True) if path] == [f"run/{folder}"]
    assert output_folders(parsed(monkeypatch, *options[:2], "--show-dir", "mine"), labelled=True)[0].name == "mine"


def test_other_values_in_the_config_have_another_folder(monkeypatch):
    folders = {
        output_folders(parsed(monkeypatch, "--show-dir", "--cfg-options", f"model.hr_slide_overlapping={value}"), labelled=True)[0].name
        for value in (True, False)
    }
    assert len(folders) == 2 and all(name.startswith("preds_") for name in folders)


def test_one_folder_for_two_kinds_of_predictions(monkeypatch):
    args = parsed(monkeypatch, "--format-only", "--imgfile-prefix", "out", "--show-dir", "out")
    with pytest.raises(UserError, match=r"would both be written to out\. Choose another --show-dir\."):
        output_folders(args, labelled=True)


def test_opacity_changes_no_number(monkeypatch):
    assert variant(parsed(monkeypatch, "--opacity", "0.5")) == ""


def test_the_protocol_of_several_targets():
    (line,) = protocol({"Cityscapes": (1024, 512), "own": None}, Path("run/latest.pth"))
    assert line.startswith("Protocol: images in Cityscapes 1024x512, own at native size; labels at native size.")
    *_, chosen = protocol({}, Path("run/best.pth"))
    assert "it is an upper line" in chosen and chosen.endswith("latest.pth the result.")
