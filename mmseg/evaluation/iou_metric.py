"""Intersection over union from one confusion matrix over the whole data set.

Letters: K classes, (H, W) native label size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from rich.table import Table
from torch import Tensor

from mmseg.datasets.classes import IGNORE
from mmseg.registry import METRICS
from mmseg.utils.errors import UserError, suggestion


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


def nan_mean(values: np.ndarray) -> float:
    """Mean over the entries that are not NaN; NaN if all are."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else float("nan")


@METRICS.register_module()
class IoUMetric(BaseMetric):
    """mIoU and per-class IoU in percent.

    Keys of the result: ``mIoU``, ``mAcc``, ``aAcc``, ``IoU.<class>``, ``Acc.<class>`` and, for every subset,
    ``mIoU.<subset>``. Absent classes are NaN and do not enter means.

    Args:
        classes: class names; None takes those of the data set.
        ignore_index: label value that is not evaluated.
        subsets: names of class groups and their classes, e.g. ``dict(thin=['pole', 'person'])``.
        collect_device: 'cpu' or 'gpu', where mmengine gathers the processes' results.
    """

    default_prefix = ""  # plain keys; None makes mmengine warn

    def __init__(
        self,
        *,
        classes: Sequence[str] | None = None,
        ignore_index: int = IGNORE,
        subsets: Mapping[str, Sequence[str]] | None = None,
        collect_device: str = "cpu",
    ) -> None:
        super().__init__(collect_device=collect_device)
        self.given_classes = classes
        self.ignore_index = ignore_index
        self.subsets = dict(subsets or {})

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the K classes."""
        if self.given_classes is None and not (self.dataset_meta or {}).get("classes"):
            raise UserError("IoUMetric knows no class names: the data set has none. Set classes=[…] in the metric.")
        return tuple(self.given_classes or self.dataset_meta["classes"])

    @BaseMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        """Known when a run starts: a wrong subset is found then, not after hours."""
        self._dataset_meta = dataset_meta
        for name, members in self.subsets.items():
            for member in members:
                _position(member, self.classes, name)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Counts each image on its own, because mmengine drops the images that pad the last distributed batch."""
        for sample in data_samples:
            if sample.get("label") is None:
                raise UserError(
                    f"IoUMetric has no label for {sample.get('path', 'an image')}. Set ann_dir of the data set that is evaluated."
                )
            prediction = sample["prediction"]
            label = sample["label"].to(prediction.device)
            self.results.append(confusion_matrix(prediction, label, len(self.classes), self.ignore_index).cpu().numpy())

    def compute_metrics(self, results: list[np.ndarray]) -> dict[str, float]:
        """Sums the matrices [K, K] and returns percentages."""
        return summarise(iou_from_confusion(self.confusion(results)), self.classes, self.subsets)

    @staticmethod
    def confusion(results: list[np.ndarray]) -> np.ndarray:
        """The counts of all images, int64 [K, K], rows are true classes."""
        return np.sum(results, axis=0, dtype=np.int64)


def summarise(scores: Mapping[str, np.ndarray], classes: Sequence[str], subsets: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Names the scores of :func:`iou_from_confusion` and averages them, in percent."""
    iou, accuracy = 100 * scores["IoU"], 100 * scores["Acc"]
    metrics = {"mIoU": nan_mean(iou), "mAcc": nan_mean(accuracy), "aAcc": 100 * float(scores["aAcc"])}
    for name, members in subsets.items():
        metrics[f"mIoU.{name}"] = nan_mean(iou[[_position(member, classes, name) for member in members]])
    metrics |= {f"IoU.{name}": float(value) for name, value in zip(classes, iou, strict=True)}
    return metrics | {f"Acc.{name}": float(value) for name, value in zip(classes, accuracy, strict=True)}


def _position(member: str, classes: Sequence[str], subset: str) -> int:
    if member not in classes:
        raise UserError(f"IoUMetric: the subset '{subset}' names the unknown class '{member}'.{suggestion(member, classes)}")
    return list(classes).index(member)


def per_class_table(results: Mapping[str, float], title: str | None = None) -> Table:
    """A table of IoU and accuracy per class with the means below, for ``rich.print``.

    Args:
        results: what :class:`IoUMetric` returns, percent.
        title: heading.
    """
    table = Table("class", title=title, title_justify="left")
    for heading in ("IoU", "accuracy"):
        table.add_column(heading, justify="right")
    for name in (key.removeprefix("IoU.") for key in results if key.startswith("IoU.")):
        table.add_row(name, _percent(results[f"IoU.{name}"]), _percent(results[f"Acc.{name}"]))
    table.add_section()
    for key in (key for key in results if key.startswith("mIoU.")):
        table.add_row(f"mean of {key.removeprefix('mIoU.')}", _percent(results[key]), "")
    table.add_row("mean", _percent(results["mIoU"]), _percent(results["mAcc"]), style="bold")
    table.add_row("all pixels", "", _percent(results["aAcc"]))
    return table


def _percent(value: float | None) -> str:
    return "absent" if value is None or np.isnan(value) else f"{value:.2f}"
