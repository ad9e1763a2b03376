"""The parts of an evaluation that need no network: splits, names of classes, records."""

import json
import math

import numpy as np
import pytest
from mmengine.config import Config

from mmseg.apis.evaluating.evaluate import (
    Evaluation,
    as_test_split,
    check_classes,
    target_name,
)
from mmseg.apis.evaluating.records import mean_metrics, numbers, numbers_of_targets, result_record
from mmseg.datasets import CityscapesDataset
from mmseg.utils.errors import UserError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val"}, {"img_dir": "leftImg8bit/test", "ann_dir": "gtFine/test"}),
        ({"img_dir": "rgb_anon/val/night", "ann_dir": None}, {"img_dir": "rgb_anon/test/night", "ann_dir": None}),
        ({"img_dir": "val", "ann_dir": "interval/val"}, {"img_dir": "test", "ann_dir": "interval/test"}),
    ],
)
def test_folders_of_the_test_split(given, expected):
    assert as_test_split({"dataset": dict(given)}) == {"dataset": expected}


@pytest.mark.parametrize("count", [16, 20])
def test_other_numbers_of_classes(count):
    with pytest.raises(UserError, match=f"predicts {count} classes, but the data have 19"):
        check_classes(count, CityscapesDataset.classes[:count], CityscapesDataset.classes)


def test_data_with_the_classes_in_another_order():
    check_classes(19, [str(number) for number in range(19)], CityscapesDataset.classes)  # a network whose names nobody knows
    swapped = [CityscapesDataset.classes[1], CityscapesDataset.classes[0], *CityscapesDataset.classes[2:]]
    with pytest.raises(
        UserError,
        match=f"in another order than the data: '{CityscapesDataset.classes[0]}' is number 1, not 0. Give the data set this order",
    ):
        check_classes(19, swapped, CityscapesDataset.classes)


def test_a_record_is_plain_json(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"")
    evaluation = Evaluation(2, {"mIoU": 12.5, "IoU.train": math.nan}, np.eye(2, dtype=np.int64))
    record = result_record(Config({"seed": 0, "train_dataloader": {}}), "a.py", tmp_path / "a.pth", evaluation, {"weights": "model"})
    read = json.loads(json.dumps(record, allow_nan=False))
    assert read["metrics"] == {"mIoU": 12.5, "IoU.train": None} and read["confusion"] == [[1, 0], [0, 1]]
    assert read["checkpoint"]["sha256"].startswith("e3b0c44298fc1c14")  # of nothing


def evaluation(miou: float, **fields) -> Evaluation:
    return Evaluation(1, {"mIoU": miou, "mIoU.16": miou + 1, "IoU.road": 1.0}, np.eye(2, dtype=np.int64), **fields)


def test_only_what_there_is_to_say_is_recorded():
    assert set(numbers(evaluation(1.0))) == {"metrics", "confusion", "images"}
    record = numbers(evaluation(1.0, conditions={"fog": evaluation(2.0)}, absent=("train",), eval_absent="ignore"))
    assert record["conditions"]["fog"] == numbers(evaluation(2.0)) and record["eval_absent"] == {"mode": "ignore", "classes": ["train"]}


def test_the_mean_over_targets_counts_each_the_same():
    assert mean_metrics([evaluation(1.0).metrics, {"mIoU": 4.0, "mIoU.16": 5.0, "mIoU.fog": 6.0, "IoU.road": 7.0}]) == {
        "mIoU": 2.5,
        "mIoU.16": 3.5,
    }
    record = numbers_of_targets({"a": evaluation(1.0), "b": evaluation(math.nan), "c": Evaluation(3, {}, None)})
    assert list(record["targets"]) == ["a", "b", "c"] and record["mean"] == {"mIoU": None, "mIoU.16": None}


@pytest.mark.parametrize(("given", "name"), [("configs/a.py", "a"), ("cs=configs/a.py", "cs")])
def test_names_of_targets(given, name):
    assert target_name(given) == name
