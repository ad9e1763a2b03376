"""The parts of an evaluation that need no network: splits, names of classes, records."""

import json
import math

import numpy as np
import pytest
from mmengine.config import Config

from mmseg.apis.evaluate import Evaluation, as_test_split, check_classes, result_record
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
        check_classes(count, ["name"] * 19)


def test_a_record_is_plain_json(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"")
    evaluation = Evaluation(2, {"mIoU": 12.5, "IoU.train": math.nan}, np.eye(2, dtype=np.int64))
    record = result_record(Config({"seed": 0}), "a.py", tmp_path / "a.pth", evaluation, {"weights": "model"})
    read = json.loads(json.dumps(record, allow_nan=False))
    assert read["metrics"] == {"mIoU": 12.5, "IoU.train": None} and read["confusion"] == [[1, 0], [0, 1]]
    assert read["checkpoint"]["sha256"].startswith("e3b0c44298fc1c14")  # of nothing
