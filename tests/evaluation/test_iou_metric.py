"""Confusion, IoU and means in closed form; absent classes; subsets; the table."""

import numpy as np
import pytest
import torch
from rich.console import Console

from mmseg.evaluation import IoUMetric, confusion_matrix, iou_from_confusion, per_class_table
from mmseg.registry import METRICS
from mmseg.utils.errors import UserError

CLASSES = ("road", "pole", "person", "train")
LABEL = torch.tensor([[0, 0, 0, 1], [1, 2, 2, 255]], dtype=torch.uint8)


def evaluate(predictions, labels, **options):
    metric = METRICS.build({"type": "IoUMetric", **options})
    metric.dataset_meta = {"classes": CLASSES}
    for prediction, label in zip(predictions, labels, strict=True):
        metric.process({}, [{"prediction": prediction, "label": label, "path": "a.png"}])
    return metric.evaluate(len(predictions))


def test_confusion_rows_are_labels():
    prediction = torch.tensor([[0, 0, 1, 1], [1, 2, 0, 3]], dtype=torch.uint8)
    expected = [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert confusion_matrix(prediction, LABEL, 4).tolist() == expected


def test_a_prediction_on_an_ignored_pixel_is_discarded():
    prediction = LABEL.clone()
    prediction[1, 3] = 3
    result = evaluate([prediction], [LABEL])
    assert result["mIoU"] == result["aAcc"] == result["mAcc"] == 100
    assert np.isnan(result["IoU.train"])


def test_absent_but_predicted_is_zero():
    prediction = LABEL.clone()
    prediction[0, 0] = 3
    result = evaluate([prediction], [LABEL])
    assert result["IoU.train"] == 0
    assert np.isnan(result["Acc.train"])
    assert result["IoU.road"] == pytest.approx(100 * 2 / 3)
    assert result["mIoU"] == pytest.approx(100 * (2 / 3 + 1 + 1 + 0) / 4)
    assert result["mAcc"] == pytest.approx(100 * (2 / 3 + 1 + 1) / 3)


def test_a_class_that_the_data_declare_absent_has_no_iou():
    """Predicting it is an error of the true class, and no zero in the mean: (2/3 + 1 + 1) / 3."""
    prediction = LABEL.clone()
    prediction[0, 0] = 3
    groups = {"two": {"ground": ["road", "pole", "person"], "rail": ["train"]}, "thin": ["person", "train"]}
    metric = IoUMetric(subsets=groups)
    metric.dataset_meta = {"classes": CLASSES, "absent": ("train",)}
    metric.process({}, [{"prediction": prediction, "label": LABEL, "path": "a.png"}])
    result = metric.evaluate(1)
    assert np.isnan([result[key] for key in ("IoU.train", "Acc.train", "IoU.two.rail")]).all()
    assert result["IoU.road"] == pytest.approx(100 * 2 / 3) and result["mIoU.thin"] == 100
    assert result["mIoU"] == pytest.approx(100 * (2 / 3 + 1 + 1) / 3)
    assert result["mIoU.two"] == result["IoU.two.ground"] == pytest.approx(100 * 6 / 7)


def text(table) -> list[str]:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def test_the_table_marks_a_class_whose_iou_comes_of_predictions_alone():
    prediction = LABEL.clone()
    prediction[0, 0] = 3
    lines = text(per_class_table(evaluate([prediction], [LABEL])))
    assert any("train (no label pixel)" in line and "0.00" in line and "absent" in line for line in lines)
    assert not any("no label pixel" in line for line in text(per_class_table(evaluate([LABEL], [LABEL]))))


def test_one_matrix_over_all_images():
    """Means over images would give (1/2 + 1) / 2."""
    labels = [torch.zeros(1, 2, dtype=torch.uint8), torch.zeros(1, 8, dtype=torch.uint8)]
    predictions = [torch.tensor([[0, 1]], dtype=torch.uint8), labels[1]]
    assert evaluate(predictions, labels)["IoU.road"] == pytest.approx(90)


def test_subsets_are_means_over_their_classes():
    prediction = LABEL.clone()
    prediction[0, 3] = 2
    result = evaluate([prediction], [LABEL], subsets={"thin": ["pole", "person", "train"]})
    assert result["mIoU.thin"] == pytest.approx(100 * (1 / 2 + 2 / 3) / 2)


def test_unknown_class_in_a_subset():
    with pytest.raises(UserError, match=r"unknown class 'poles'.*Did you mean 'pole'"):
        evaluate([LABEL], [LABEL], subsets={"thin": ["poles"]})


def test_nothing_labelled_is_nan():
    ignored = torch.full((2, 2), 255, dtype=torch.uint8)
    assert np.isnan(evaluate([torch.zeros(2, 2)], [ignored])["mIoU"])


def test_no_labels():
    with pytest.raises(UserError, match=r"no label for a\.png\. Set ann_dir of the data set that is evaluated, or labels"):
        evaluate([LABEL], [None])


def test_no_class_names():
    with pytest.raises(UserError, match="Add classes="):
        IoUMetric().process({}, [{"prediction": LABEL, "label": LABEL}])


@pytest.mark.parametrize(("prediction", "text"), [(LABEL[:1], "differ in size"), (LABEL.clone().fill_(4), "not below 4 classes")])
def test_programming_mistakes(prediction, text):
    with pytest.raises(ValueError, match=text):
        confusion_matrix(prediction, LABEL, 4)


def test_perfect_confusion():
    scores = iou_from_confusion(np.diag([5, 0, 7]))
    np.testing.assert_array_equal(scores["IoU"], [1, np.nan, 1])


def test_table_shows_every_class_and_mean():
    result = evaluate([LABEL.clamp(max=2)], [LABEL], subsets={"thin": ["pole"]})
    console = Console(width=80)
    with console.capture() as captured:
        console.print(per_class_table(result))
    lines = captured.get().splitlines()
    assert any("road" in line and "100.00" in line for line in lines)
    assert any("train" in line and line.count("absent") == 2 for line in lines)
    assert any("mean of thin" in line for line in lines)


@pytest.mark.parametrize(("unseen", "mean"), [("skip", 50.0), ("zero", 100 / 3)])
def test_a_class_that_is_nowhere(unseen, mean):
    """As in FADA, it may count 0; one that the data declare absent never does."""
    metric = IoUMetric(classes=["a", "b", "c"], unseen=unseen)
    metric.dataset_meta = {}
    label = torch.tensor([[0, 0, 1, 1]], dtype=torch.uint8)
    metric.process(None, [{"label": label, "prediction": torch.tensor([[0, 0, 0, 0]], dtype=torch.uint8)}])
    assert metric.compute_metrics(metric.results)["mIoU"] == pytest.approx(mean / 2)
    metric.dataset_meta = {"absent": ("c",)}
    assert metric.compute_metrics(metric.results)["mIoU"] == pytest.approx(25.0)
