"""Categories, absent classes and conditions from one confusion matrix, by hand; the tables that show them."""

import numpy as np
import pytest
import rich
import torch
from rich.console import Console

from mmseg.config import load_config
from mmseg.datasets.classes.groups import NAMED_GROUPS
from mmseg.datasets.classes.names import CLASSES
from mmseg.evaluation import class_names, dead_classes, merge_classes, per_class_table, print_titled, targets_table
from mmseg.evaluation.metric_config import metric_config
from mmseg.registry import METRICS
from mmseg.utils.errors import UserError
from tests import tiny

FOUR = ("road", "sidewalk", "person", "train")
CONFUSION = np.array([[5, 3, 0, 0], [1, 4, 1, 0], [0, 0, 2, 2], [2, 0, 1, 3]])
"""Rows are true classes of ``FOUR``."""


def metric(classes=FOUR, **options):
    built = METRICS.build({"type": "IoUMetric", **options})
    built.dataset_meta = {"classes": classes}
    return built


def printed(table) -> list[str]:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def test_categories_by_hand():
    """Road and sidewalk taken for each other are hits of 'flat'; person and train each stand alone."""
    assert merge_classes(CONFUSION, [[0, 1], [2], [3]]).tolist() == [[13, 1, 0], [0, 2, 2], [2, 1, 3]]
    groups = {"flat": ["road", "sidewalk"], "human": ["person"], "vehicle": ["train"]}
    scores = metric(subsets={"3": groups}).scores(CONFUSION)
    expected = [100 * 13 / 16, 100 * 2 / 6, 100 * 3 / 8]
    assert [scores[f"IoU.3.{name}"] for name in groups] == pytest.approx(expected)
    assert scores["mIoU.3"] == pytest.approx(np.mean(expected))
    assert scores["mIoU"] == pytest.approx(np.mean([100 * 5 / 11, 100 * 4 / 9, 100 * 2 / 6, 100 * 3 / 8]))


def test_the_seven_categories_of_a_part_of_the_classes():
    scores = metric(subsets=["7"]).scores(CONFUSION)
    assert scores["IoU.7.flat"] == pytest.approx(100 * 13 / 16)
    assert np.isnan(scores["IoU.7.sky"])
    assert scores["mIoU.7"] == pytest.approx(100 * (13 / 16 + 2 / 6 + 3 / 8) / 3)


def test_named_means_of_19_classes():
    iou = np.arange(19) + 1
    scores = metric(CLASSES, subsets=["19", "16", "13"]).scores(np.diag(iou) + np.diag(100 - iou[:-1], 1))
    for name in ("19", "16", "13"):
        assert scores[f"mIoU.{name}"] == pytest.approx(np.mean([scores[f"IoU.{member}"] for member in NAMED_GROUPS[name]]))
    assert scores["mIoU.19"] == scores["mIoU"]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("penalise", (5 / 11, 4 / 9, 2 / 6, 3 / 8)), ("ignore", (5 / 9, 4 / 9, 2 / 5))],
)
def test_absent_classes(mode, expected):
    """Of 6 pixels of trains, 2 are taken for road and 1 for a person; 2 persons are taken for trains either way."""
    scores = metric(absent=["train"], eval_absent=mode, subsets={"3": FOUR[:3]}).scores(CONFUSION)
    assert [scores[f"IoU.{name}"] for name in FOUR[: len(expected)]] == pytest.approx([100 * iou for iou in expected])
    assert np.isnan(scores["IoU.train"]) == np.isnan(scores["Acc.train"]) == (mode == "ignore")
    assert scores["mIoU"] == pytest.approx(100 * np.mean(expected))
    assert scores["mIoU.3"] == pytest.approx(100 * np.mean(expected[:3]))
    assert scores["aAcc"] == pytest.approx(100 * (14 / 24 if mode == "penalise" else 11 / 18))


@pytest.mark.parametrize(
    ("source", "absent"), [("daformer/syn2cs_daformer.py", ("terrain", "truck", "train")), ("daformer/gta2cs_daformer.py", ())]
)
def test_the_source_of_a_config_says_what_it_lacks(source, absent):
    cfg = load_config(tiny.ROOT / "configs" / source)
    assert METRICS.build(metric_config(cfg)).absent == absent
    assert METRICS.build(metric_config(cfg) | {"absent": ["sky"]}).absent == ("sky",)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"eval_absent": "ignored", "absent": ["train"]}, "eval_absent='ignored' is not known. Did you mean 'ignore'"),
        ({"eval_absent": "ignore"}, r"needs the classes that the source lacks. Add absent="),
        ({"absent": ["trian"]}, "absent names the unknown class 'trian'. Did you mean 'train'"),
        ({"subsets": ["16"]}, "the subset '16' names the unknown class 'building'"),
        ({"subsets": {"2": {"a": ["road", "sidewalk"], "b": ["person"]}}}, "hold the class 'train' 0 times"),
        ({"subsets": {"2": {"a": ["road", "sidewalk", "train"], "b": ["person", "road"]}}}, "hold the class 'road' 2 times"),
        ({"subsets": {"2": {"a": ["roads"]}}}, "the subset '2' names the unknown class 'roads'. Did you mean 'road'"),
    ],
)
def test_mistakes(options, text):
    with pytest.raises(UserError, match=text):
        metric(**options)


def conditions_metric():
    """Two images by night, one in fog, one of which nothing is known."""
    counted = metric()
    for condition, guess in (("night", 0), ("night", 1), ("fog", 0), (None, 1)):
        sample = {"prediction": torch.full((1, 4), guess), "label": torch.zeros(1, 4, dtype=torch.uint8), "path": "a.png"}
        counted.process(None, [sample | ({"condition": condition} if condition else {})])
    return counted


def test_conditions_have_matrices_of_their_own():
    counted = conditions_metric()
    conditions = counted.conditions(counted.results)
    assert list(conditions) == ["fog", "night"]
    assert [matrix[0, :2].tolist() for matrix in conditions.values()] == [[4, 0], [4, 4]]
    scores = counted.evaluate(4)
    assert (scores["mIoU.fog"], scores["mIoU.night"], scores["mIoU"]) == (100, 25, 25)
    assert scores["IoU.road"] == 50


def test_conditions_are_columns():
    counted = conditions_metric()
    matrices = counted.conditions(counted.results)
    scores = counted.compute_metrics(counted.results)
    lines = printed(per_class_table(scores, conditions={name: counted.scores(matrix) for name, matrix in matrices.items()}))
    assert "IoU fog" in lines[1] and "IoU night" in lines[1]
    (road,) = [line for line in lines if "road" in line]
    assert [cell.strip() for cell in road.strip("│").split("│")] == ["road", "50.00", "100.00", "50.00", "50.00"]
    assert not any("mean of" in line for line in lines)


def test_categories_are_no_classes():
    scores = metric(subsets=["7"]).scores(CONFUSION)
    assert class_names(scores) == list(FOUR)
    assert class_names({"IoU.a.b": 1.0}) == ["a.b"]
    dead = {**scores, "IoU.7.flat": 0.0}
    assert dead_classes([{"iteration": 1, "metrics": dead}]) == []
    lines = printed(per_class_table(scores))
    assert any("7: flat" in line and "81.25" in line for line in lines) and any("mean of 7" in line for line in lines)


def test_targets_table():
    lines = printed(
        targets_table({"cs": {"mIoU": 60.0, "mIoU.7": 70.0}, "bdd": {"mIoU": 40.0, "mIoU.7": None}}, {"mIoU": 50.0, "mIoU.7": None})
    )
    assert [line.count("absent") for line in lines if "bdd" in line or "mean" in line] == [1, 1]
    assert any("mean" in line and "50.00" in line for line in lines)


@pytest.mark.parametrize("width", [20, 80])
def test_a_title_is_not_broken_to_the_width_of_its_table(monkeypatch, width):
    console = Console(width=width)
    monkeypatch.setattr(rich, "get_console", lambda: console)
    title = "work_dirs/gtaHR2csHR_hrda_s0_1234abcd/latest_ema_model_aug, 500 images [of] one\nand a note"
    with console.capture() as captured:
        print_titled(title, targets_table({"a": {"mIoU": 1.0}}, {"mIoU": 1.0}))
    assert captured.get().startswith(f"{title}\n┏")
