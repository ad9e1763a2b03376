"""Metrics."""

from mmseg.evaluation.class_health import ClassDeath, dead_classes, death_notices
from mmseg.evaluation.iou_metric import IoUMetric
from mmseg.evaluation.metric_config import metric_config
from mmseg.evaluation.scores import class_names, confusion_matrix, iou_from_confusion, merge_classes
from mmseg.evaluation.tables import per_class_table, targets_table

__all__ = [
    "ClassDeath",
    "IoUMetric",
    "class_names",
    "confusion_matrix",
    "dead_classes",
    "death_notices",
    "iou_from_confusion",
    "merge_classes",
    "metric_config",
    "per_class_table",
    "targets_table",
]
