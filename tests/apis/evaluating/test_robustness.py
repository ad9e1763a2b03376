"""Which corruptions are asked for, and the numbers made of their evaluations."""

import json

import pytest
from rich.console import Console

from mmseg.apis.evaluating.evaluate import Evaluation
from mmseg.apis.evaluating.robustness import (
    chosen_corruptions,
    corruption_record,
    corruption_table,
    mean_corruption_error,
    read_reference,
)
from mmseg.datasets.corruptions import KINDS
from mmseg.utils.errors import UserError


def evaluation(miou: float) -> Evaluation:
    return Evaluation(1, {"mIoU": miou, "mAcc": miou, "aAcc": miou, "IoU.road": miou}, None)


def test_all():
    chosen = chosen_corruptions(["all"])
    assert len(chosen) == 80 and chosen[:2] == [("gaussian_noise", 1), ("gaussian_noise", 2)] and {kind for kind, _ in chosen} == set(KINDS)


def test_each_once_in_order():
    assert chosen_corruptions(["fog:3", "snow:5", "fog:1", "fog:3"]) == [("snow", 5), ("fog", 1), ("fog", 3)]
    assert chosen_corruptions(["all:2"])[-1] == ("jpeg_compression", 2) and chosen_corruptions([]) == []


def test_means():
    found = {("fog", 1): evaluation(40.0), ("fog", 2): evaluation(20.0), ("snow", 1): evaluation(10.0)}
    record = corruption_record(found, 7, None)
    assert record["mean"] == {"fog": 30.0, "snow": 10.0} and record["mIoU"] == 20.0 and record["seed"] == 7
    assert record["metrics"]["fog"]["2"] == {"mIoU": 20.0, "mAcc": 20.0, "aAcc": 20.0} and "mCE" not in record


def test_an_undefined_mean_is_null():
    assert corruption_record({("fog", 1): evaluation(float("nan"))}, 0, None)["mIoU"] is None


def test_errors_over_those_of_a_reference():
    scores = {"fog": {1: 60.0, 2: 40.0}, "snow": {1: 90.0}}
    assert mean_corruption_error(scores, scores) == 100
    reference = {"fog": {1: 20.0, 2: 30.0}, "snow": {1: 80.0, 2: 0.0}}
    assert mean_corruption_error(scores, reference) == pytest.approx(50 * (100 / 150 + 10 / 20))


def test_a_reference_is_read_and_compared(tmp_path):
    file = tmp_path / "eval.json"
    file.write_text(json.dumps({"corruptions": corruption_record({("fog", 1): evaluation(50.0)}, 0, None)}))
    assert read_reference(file, [("fog", 1)]) == {"fog": {1: 50.0}}
    record = corruption_record({("fog", 1): evaluation(75.0)}, 0, read_reference(file, [("fog", 1)]))
    assert record["mCE"] == 50
    console = Console(width=120)
    with console.capture() as capture:
        console.print(corruption_table(record, 80.0))
    shown = capture.get()
    assert "fog" in shown and "75.00" in shown and "80.00" in shown and "50.00" in shown


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"corruptions": 3}', '{"corruptions": {"metrics": {"fog": {"1": {}}}}}'])
def test_other_files_are_no_reference(tmp_path, content: str):
    (tmp_path / "eval.json").write_text(content)
    with pytest.raises(UserError, match="is no result of --corruptions"):
        read_reference(tmp_path / "eval.json", [])
