"""Pure functions on NumPy images and labels."""

from mmseg.datasets.transforms.crop import choose_crop, choose_rare_class_crop, draw_crop_box, is_dominated
from mmseg.datasets.transforms.layout import flip, margin_mask, pad
from mmseg.datasets.transforms.resize import keep_ratio_size, resize_image, resize_label, resized_crop

__all__ = [
    "choose_crop",
    "choose_rare_class_crop",
    "draw_crop_box",
    "flip",
    "is_dominated",
    "keep_ratio_size",
    "margin_mask",
    "pad",
    "resize_image",
    "resize_label",
    "resized_crop",
]
