"""Metrics."""

from mmseg.evaluation.class_health import ClassDeath, dead_classes, death_notices
from mmseg.evaluation.iou_metric import IoUMetric, confusion_matrix, iou_from_confusion, per_class_table

__all__ = ["ClassDeath", "IoUMetric", "confusion_matrix", "dead_classes", "death_notices", "iou_from_confusion", "per_class_table"]
