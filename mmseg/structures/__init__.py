"""Plain values that travel between the parts: boxes, batches, outputs."""

from mmseg.structures.batches import UDABatch, class_table, shown_classes
from mmseg.structures.box import Box, average_windows, blend_windows, crop_windows, full_box, sliding_boxes
from mmseg.structures.outputs import Geometry, SegOutput, View
from mmseg.structures.places import CropPlace, StrongGeometry
from mmseg.structures.soft_crops import soft_crop
from mmseg.structures.windows import WindowPlan, chunked, plan_windows, windows_per_pass

__all__ = [
    "Box",
    "CropPlace",
    "Geometry",
    "SegOutput",
    "StrongGeometry",
    "UDABatch",
    "View",
    "WindowPlan",
    "average_windows",
    "blend_windows",
    "chunked",
    "class_table",
    "crop_windows",
    "full_box",
    "plan_windows",
    "shown_classes",
    "sliding_boxes",
    "soft_crop",
    "windows_per_pass",
]
