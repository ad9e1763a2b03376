"""Intersection over union from one confusion matrix over the whole data set, and from one for each weather condition.

Letters: K classes, (H, W) native label size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

import numpy as np
from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric

from mmseg.datasets.classes.groups import Group, class_groups
from mmseg.datasets.classes.names import CLASSES, IGNORE
from mmseg.evaluation.depth_errors import depth_error_sums, depth_scores
from mmseg.evaluation.image_counts import ImageCounts, of_confusions
from mmseg.evaluation.scores import confusion_matrix, drop_labels, iou_from_confusion, summarise, summarise_categories
from mmseg.registry import METRICS
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import IgnoredLabel

EVAL_ABSENT = ("penalise", "ignore")


class Counts(NamedTuple):
    """What is counted in an image.

    Attributes:
        condition: of its weather, if it has one.
        confusion: int64 [K, K], rows are true classes.
        depth: of :func:`depth_error_sums`; None where nothing predicts depth, or it is not known.
    """

    condition: str | None
    confusion: np.ndarray
    depth: np.ndarray | None = None


@METRICS.register_module()
class IoUMetric(BaseMetric):
    """mIoU and per-class IoU in percent.

    Keys of the result: ``mIoU``, ``mAcc``, ``aAcc``, ``IoU.<class>``, ``Acc.<class>``; ``mIoU.<subset>`` for every
    subset, with ``IoU.<subset>.<category>`` where a subset unites classes; ``mIoU.<condition>`` where samples have a
    condition (ACDC: fog, night, rain, snow); :func:`~mmseg.evaluation.depth_errors.depth_scores` where samples have predicted and true
    depth. NaN does not enter means. It is the IoU of

    * a class that the evaluated data declare absent, as a ``label_map`` that omits it does: predicting it is an error of the
      true class alone;
    * a class that merely has no pixel in the labels, if it is predicted nowhere either. Otherwise its IoU is 0, since all its
      predictions are wrong: so counts the evaluation script of Cityscapes.

    Args:
        classes: class names; None takes those of the data set.
        ignore_index: label value that is not evaluated: 255, which is what the data sets give pixels without a class.
        subsets: groups of classes: names of well-known ones (``['19', '16', '13', '7']``), or a dictionary of own
            ones. A list of classes, ``dict(thin=['pole', 'person'])``, gives the mean of their IoU. Categories,
            ``dict(two=dict(road=['road'], rest=['pole', 'person']))``, unite their classes before IoU is computed;
            they hold every class of the data exactly once.
        absent: classes that the source does not show, so that a network cannot know them.
        unseen: what a class counts that merely has no pixel in labels and predictions: 'skip' leaves it out of the mean, 'zero' is the
            0 of FADA and label shift adaptation.
        eval_absent: what becomes of pixels labelled with them. 'penalise': they are evaluated, so that each one counts
            against the class that is predicted there (HRDA and most work with 19 outputs). 'ignore': they are left out,
            and the absent classes have no IoU (work with 16 outputs). The two are not comparable.

    Raises:
        UserError: an option names an unknown group or class, or contradicts another.
    """

    default_prefix = ""  # plain keys; None makes mmengine warn

    def __init__(
        self,
        *,
        classes: Sequence[str] | None = None,
        ignore_index: IgnoredLabel = IGNORE,
        subsets: Sequence[str] | Mapping[str, Group] | None = None,
        absent: Sequence[str] = (),
        eval_absent: str = "penalise",
        unseen: Literal["skip", "zero"] = "skip",
    ) -> None:
        super().__init__()
        if eval_absent not in EVAL_ABSENT:
            fix = suggestion(str(eval_absent), EVAL_ABSENT) or f" Use '{EVAL_ABSENT[0]}' or '{EVAL_ABSENT[1]}'."
            raise UserError(f"IoUMetric: eval_absent={eval_absent!r} is not known.{fix}")
        if eval_absent == "ignore" and not absent:
            raise UserError("IoUMetric: eval_absent='ignore' needs the classes that the source lacks. Add absent=[…].")
        self.given_classes = classes
        self.ignore_index = ignore_index
        self.groups = class_groups(subsets)
        self.absent = tuple(absent)
        self.eval_absent = eval_absent
        self.unseen = unseen
        self.last_images: ImageCounts | None = None  # of the last evaluate(), for whoever writes the result

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the K classes."""
        if self.given_classes is None and not (self.dataset_meta or {}).get("classes"):
            fix = "Add classes=['…', …], and its labels, to the data set that is evaluated."
            raise UserError(f"IoUMetric knows no class names. {fix}")
        return tuple(self.given_classes or self.dataset_meta["classes"])

    @property
    def declared_absent(self) -> tuple[str, ...]:
        """Classes that no label of the evaluated data can show, as the data set says."""
        return tuple(name for name in (self.dataset_meta or {}).get("absent", ()) if name in self.classes)

    @property
    def ignored(self) -> list[int]:
        """Classes whose pixels are left out."""
        return [self.classes.index(name) for name in self.absent] if self.eval_absent == "ignore" else []

    @property
    def without_iou(self) -> set[str]:
        """Classes that have no IoU, whatever is predicted."""
        return {*(self.classes[index] for index in self.ignored), *self.declared_absent}

    @property
    def subsets(self) -> dict[str, Sequence[str]]:
        """The groups whose IoU is averaged: classes by name."""
        return {name: group for name, group in self.groups.items() if not isinstance(group, Mapping)}

    @property
    def categories(self) -> dict[str, Mapping[str, Sequence[str]]]:
        """The groups that unite classes: classes by category, by name."""
        return {name: group for name, group in self.groups.items() if isinstance(group, Mapping)}

    @BaseMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        """Known when a run starts: a wrong group is found then, not after hours."""
        self._dataset_meta = dataset_meta
        for name, members in self.subsets.items():
            check_members(members, self.classes, f"the subset '{name}'")
        for name, categories in self.categories.items():
            check_categories(name, categories, self.classes)
        check_members(self.absent, self.classes, "absent")

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Counts each image on its own: see :meth:`gather`."""
        for sample in data_samples:
            if sample.get("label") is None:
                fix = "Set ann_dir of the data set that is evaluated, or labels where it is a FolderDataset."
                raise UserError(f"IoUMetric has no label for {sample.get('path', 'an image')}. {fix}")
            prediction = sample["prediction"]
            label = sample["label"].to(prediction.device)
            confusion = confusion_matrix(prediction, label, len(self.classes), self.ignore_index)
            depth = depth_error_sums(sample["predicted_depth"], sample["depth"]) if "predicted_depth" in sample else None
            self.results.append(Counts(sample.get("condition"), confusion.cpu().numpy(), depth))

    def gather(self, size: int) -> list[Counts]:
        """The counts of all images, of whichever process they come, in the order of the data set; each process has to call this.

        Process r of n counts the images r, r + n, … and may repeat images from the start, so that all have equally many:
        these come last, and do not count twice.

        Args:
            size: images of the data set.
        """
        rounds = zip_longest(*all_gather_object(self.results))
        return [counts for each in rounds for counts in each if counts is not None][:size]

    def evaluate(self, size: int) -> dict[str, float]:
        """The result over ``size`` images, in every process; the next evaluation counts anew."""
        results = self.gather(size)
        self.results.clear()
        self.last_images = self.image_counts(results)
        return self.compute_metrics(results)

    def image_counts(self, results: Sequence[Counts]) -> ImageCounts:
        """What :meth:`scores` needs of each image."""
        confusions = [drop_labels(entry.confusion, self.ignored) for entry in results]
        return of_confusions(confusions, self.classes, self.without_iou, zero=self.unseen == "zero")

    def compute_metrics(self, results: list[Counts]) -> dict[str, float]:
        """Sums the matrices and returns percentages."""
        conditions = {f"mIoU.{name}": self.scores(counts)["mIoU"] for name, counts in self.conditions(results).items()}
        depths = [entry.depth for entry in results if entry.depth is not None]
        return self.scores(self.confusion(results)) | conditions | (depth_scores(np.sum(depths, axis=0)) if depths else {})

    def scores(self, confusion: np.ndarray) -> dict[str, float]:
        """Percentages from the counts of some images, int64 [K, K]."""
        confusion = drop_labels(confusion, self.ignored)
        fractions, absent = iou_from_confusion(confusion), self.without_iou
        if self.unseen == "zero":
            fractions["IoU"] = np.nan_to_num(fractions["IoU"])
        fractions["IoU"][[name in absent for name in self.classes]] = np.nan  # not 0 as soon as one pixel is taken for them
        of_classes = summarise(fractions, self.classes, self.subsets)
        return of_classes | summarise_categories(confusion, self.classes, self.categories, absent)

    @staticmethod
    def confusion(results: list[Counts]) -> np.ndarray:
        """The counts of all images, int64 [K, K], rows are true classes, absent ones included."""
        return np.sum([entry.confusion for entry in results], axis=0, dtype=np.int64)

    @classmethod
    def conditions(cls, results: list[Counts]) -> dict[str, np.ndarray]:
        """The counts of the images of each condition, by its name in alphabetical order; empty if no image has one."""
        names = sorted({entry.condition for entry in results if entry.condition is not None})
        return {name: cls.confusion([entry for entry in results if entry.condition == name]) for name in names}


def check_members(members: Sequence[str], classes: Sequence[str], owner: str) -> None:
    """Refuses names that are no class; ``owner`` says where they stand."""
    for member in members:
        if member not in classes:
            raise UserError(f"IoUMetric: {owner} names the unknown class '{member}'.{suggestion(member, classes) or ' Correct it.'}")


def check_categories(name: str, categories: Mapping[str, Sequence[str]], classes: Sequence[str]) -> None:
    """Refuses categories that do not hold every class once; members may be Cityscapes classes that the data lack."""
    counts = Counter(member for members in categories.values() for member in members)
    check_members(counts, (*classes, *CLASSES), f"the subset '{name}'")
    for member in classes:
        if counts[member] != 1:
            given = f"the categories of the subset '{name}' hold the class '{member}' {counts[member]} times"
            raise UserError(f"IoUMetric: {given}. Name every class in one category.")
