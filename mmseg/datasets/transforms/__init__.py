"""Pure functions on NumPy images and labels."""

from mmseg.datasets.transforms.crop import choose_crop, choose_rare_class_crop, draw_crop_box, is_dominated
from mmseg.datasets.transforms.layout import flip, margin_mask, pad
from mmseg.datasets.transforms.photo_metric import PhotoMetric, draw_photo_metric, photo_metric_distortion
from mmseg.datasets.transforms.resize import keep_ratio_size, resize_image, resize_label, resized_crop

__all__ = [
    "PhotoMetric",
    "choose_crop",
    "choose_rare_class_crop",
    "draw_crop_box",
    "draw_photo_metric",
    "flip",
    "is_dominated",
    "keep_ratio_size",
    "margin_mask",
    "pad",
    "photo_metric_distortion",
    "resize_image",
    "resize_label",
    "resized_crop",
]
