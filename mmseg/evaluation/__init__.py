"""Metrics."""

from mmseg.utils.exports import exported

HOMES = {
    "ClassDeath": "class_health",
    "IoUMetric": "iou_metric",
    "class_names": "names",
    "confusion_matrix": "scores",
    "dead_classes": "class_health",
    "death_notices": "class_health",
    "iou_from_confusion": "scores",
    "merge_classes": "scores",
    "per_class_table": "tables",
    "print_titled": "tables",
    "targets_table": "tables",
}

__all__ = list(HOMES)
__getattr__ = exported(__name__, HOMES)
