"""Plain values that travel between the parts: boxes, batches, outputs."""

from mmseg.structures.batches import UDABatch
from mmseg.structures.box import Box, blend_windows, crop_windows, full_box, sliding_boxes
from mmseg.structures.outputs import SegOutput, View

__all__ = ["Box", "SegOutput", "UDABatch", "View", "blend_windows", "crop_windows", "full_box", "sliding_boxes"]
