"""From pixel counts to percentages: everything that is computed from a confusion matrix.

Letters: K classes, C categories, (H, W) native label size.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from mmseg.datasets.classes.names import IGNORE


def confusion_matrix(prediction: Tensor, label: Tensor, num_classes: int, ignore_index: int = IGNORE) -> Tensor:
    """Counts pixels by (true class, predicted class); ignored pixels are left out.

    Args:
        prediction: [H, W] class indices in [0, K).
        label: [H, W] class indices in [0, K) or ``ignore_index``, same shape.

    Returns:
        int64 [K, K], rows are true classes.

    Raises:
        ValueError: shapes differ or a value is out of range.
    """
    if prediction.shape != label.shape:
        raise ValueError(f"The prediction {tuple(prediction.shape)} and the label {tuple(label.shape)} differ in size.")
    counted = label != ignore_index
    truth, guess = label[counted].long(), prediction[counted].long()
    if truth.numel() and max(int(truth.max()), int(guess.max())) >= num_classes:
        raise ValueError(f"Label {int(truth.max())} or prediction {int(guess.max())} is not below {num_classes} classes.")
    return torch.bincount(truth * num_classes + guess, minlength=num_classes**2).view(num_classes, num_classes)


def iou_from_confusion(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """IoU, class accuracy and overall accuracy as fractions in [0, 1].

    Args:
        confusion: [K, K], rows are true classes.

    Returns:
        ``IoU`` [K] = TP / (TP + FP + FN), NaN for a class in neither label nor prediction; ``Acc`` [K] =
        TP / (TP + FN), NaN for a class not in the labels; ``aAcc`` share of correct pixels.
    """
    hits, truth, guess = np.diag(confusion), confusion.sum(1), confusion.sum(0)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that marks an absent class
        return {"IoU": hits / (truth + guess - hits), "Acc": hits / truth, "aAcc": np.asarray(hits.sum() / confusion.sum())}


def merge_classes(confusion: np.ndarray, categories: Sequence[Sequence[int]]) -> np.ndarray:
    """Counts by category: classes of one category are no longer told apart.

    Args:
        confusion: [K, K], rows are true classes.
        categories: the classes of each; every class belongs to exactly one.

    Returns:
        [C, C], the same total.
    """
    member = np.zeros((len(categories), len(confusion)), confusion.dtype)
    for category, classes in enumerate(categories):
        member[category, list(classes)] = 1
    return member @ confusion @ member.T


def drop_labels(confusion: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """The counts without the pixels that are labelled with one of some classes, as if their labels were ignored."""
    kept = confusion.copy()
    kept[list(classes)] = 0
    return kept


def nan_mean(values: np.ndarray) -> float:
    """Mean over the entries that are not NaN; NaN if all are."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else float("nan")


def summarise(scores: Mapping[str, np.ndarray], classes: Sequence[str], subsets: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Names the scores of :func:`iou_from_confusion` and averages them, in percent."""
    iou, accuracy = 100 * scores["IoU"], 100 * scores["Acc"]
    metrics = {"mIoU": nan_mean(iou), "mAcc": nan_mean(accuracy), "aAcc": 100 * float(scores["aAcc"])}
    position = {name: index for index, name in enumerate(classes)}
    for name, members in subsets.items():
        metrics[f"mIoU.{name}"] = nan_mean(iou[[position[member] for member in members]])
    metrics |= {f"IoU.{name}": float(value) for name, value in zip(classes, iou, strict=True)}
    return metrics | {f"Acc.{name}": float(value) for name, value in zip(classes, accuracy, strict=True)}


def summarise_categories(
    confusion: np.ndarray,
    classes: Sequence[str],
    groupings: Mapping[str, Mapping[str, Sequence[str]]],
    absent: Collection[str] = (),
) -> dict[str, float]:
    """``mIoU.<grouping>`` and ``IoU.<grouping>.<category>`` in percent; a class that the data lack is left out of its category.

    A category whose classes are all ``absent`` is NaN.
    """
    position, metrics = {name: index for index, name in enumerate(classes)}, {}
    for grouping, categories in groupings.items():
        members = [[position[name] for name in names if name in position] for names in categories.values()]
        iou = 100 * iou_from_confusion(merge_classes(confusion, members))["IoU"]
        iou[[bool(names) and all(name in absent for name in names) for names in categories.values()]] = np.nan
        metrics[f"mIoU.{grouping}"] = nan_mean(iou)
        metrics |= {f"IoU.{grouping}.{name}": float(value) for name, value in zip(categories, iou, strict=True)}
    return metrics
