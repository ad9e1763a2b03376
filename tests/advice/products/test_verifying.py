"""Advice about numbers that are measured again."""

import json

import pytest

from mmseg.apis.verifying.recorded import recorded
from mmseg.config import load_config
from mmseg.utils.errors import UserError
from tests.advice.following import advice
from tools import test as test_tool


def numbers(folder, iteration=None):
    return recorded(folder, folder / "latest.pth", {"iteration": iteration})


def test_no_numbers(run, works):
    for name in ("result.json", "evaluations.json"):
        (run / name).rename(run.parent / name)
    advice("Give --checkpoint another file of the training, or evaluate it with tools/test.py first.", lambda: numbers(run, 2))
    works(test_tool.main, run, "--device", "cpu")
    assert numbers(run, 2).file == run / "eval" / "latest.json"
    (run.parent / "evaluations.json").rename(run / "evaluations.json")
    assert numbers(run, 2).file == run / "evaluations.json"


def test_broken_files(tmp_path):
    card, record = tmp_path / "model.json", tmp_path / "eval" / "latest.json"
    card.write_text("{")
    advice("Export the model again with tools/export.py.", lambda: numbers(tmp_path))
    card.write_text(json.dumps({"result": {"metrics": {"mIoU": 1.0}}}))
    assert numbers(tmp_path).metrics == {"mIoU": 1.0}
    card.unlink()
    record.parent.mkdir()
    record.write_text("{")
    advice("Move it elsewhere and evaluate the checkpoint again with tools/test.py.", lambda: numbers(tmp_path))
    record.rename(tmp_path / "elsewhere.json")
    with pytest.raises(UserError, match="carries no numbers"):
        numbers(tmp_path)


def test_provenance_of_another_form(tmp_path):
    result = {"iteration": 2, "metrics": {"mIoU": 1.0}}
    (tmp_path / "result.json").write_text(json.dumps({**result, "provenance": "here"}))
    with pytest.raises(UserError, match=r"provenance.*Move it elsewhere and run the training again"):
        numbers(tmp_path, 2)
    for known in (None, {"versions": 3}):
        (tmp_path / "result.json").write_text(json.dumps({**result, "provenance": known}))
        assert numbers(tmp_path, 2).provenance == known


def test_no_labels(run, tiny_data):
    from mmseg.apis.verifying.verify import verify

    cfg = load_config(run / "config.py", {"val_dataloader.dataset.ann_dir": None}, training=False)
    advice("Set val_dataloader.dataset.ann_dir to them with --cfg-options.", lambda: verify(cfg, run, run / "latest.pth", "cpu"))
    assert verify(load_config(run / "config.py", training=False), run, run / "latest.pth", "cpu")
