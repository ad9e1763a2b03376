"""Pure functions on NumPy images and labels."""

from types import MappingProxyType
from typing import Literal

from mmseg.datasets.transforms.crop import choose_crop, choose_rare_class_crop, draw_crop_box, is_dominated
from mmseg.datasets.transforms.evaluated import EvaluationRatio, EvaluationSize
from mmseg.datasets.transforms.lab import LabStatistics, lab_transfer, to_lab
from mmseg.datasets.transforms.layout import flip, margin_mask, pad
from mmseg.datasets.transforms.photo_metric import PhotoMetric, draw_photo_metric, photo_metric_distortion
from mmseg.datasets.transforms.pillow import (
    Jitter,
    check_jitter,
    color_jitter,
    draw_jitter,
    jittered,
    resize_bicubic,
    resize_bilinear,
    resize_nearest,
)
from mmseg.datasets.transforms.rand_augment import GREY, StrongDraw, draw_strong, strong_view
from mmseg.datasets.transforms.resize import KeepRatio, grid_index, keep_ratio_size, resize_image, resize_label, resized_crop, scaled_size

RESIZING = MappingProxyType({"bilinear": resize_image, "bicubic": resize_bicubic, "pillow_bilinear": resize_bilinear})
"""How images are resized, by the names that configs use."""
Interpolation = Literal["bilinear", "bicubic", "pillow_bilinear"]

__all__ = [
    "GREY",
    "RESIZING",
    "EvaluationRatio",
    "EvaluationSize",
    "Interpolation",
    "Jitter",
    "KeepRatio",
    "LabStatistics",
    "PhotoMetric",
    "StrongDraw",
    "check_jitter",
    "choose_crop",
    "choose_rare_class_crop",
    "color_jitter",
    "draw_crop_box",
    "draw_jitter",
    "draw_photo_metric",
    "draw_strong",
    "flip",
    "grid_index",
    "is_dominated",
    "jittered",
    "keep_ratio_size",
    "lab_transfer",
    "margin_mask",
    "pad",
    "photo_metric_distortion",
    "resize_bicubic",
    "resize_bilinear",
    "resize_image",
    "resize_label",
    "resize_nearest",
    "resized_crop",
    "scaled_size",
    "strong_view",
    "to_lab",
]
