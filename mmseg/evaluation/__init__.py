"""Metrics."""

from mmseg.evaluation.iou_metric import IoUMetric, confusion_matrix, iou_from_confusion, per_class_table

__all__ = ["IoUMetric", "confusion_matrix", "iou_from_confusion", "per_class_table"]
