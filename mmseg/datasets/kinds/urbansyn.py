"""UrbanSyn (Gómez et al., Neurocomputing 2025, arXiv 2312.12176): 7,539 synthetic street scenes, rgb/rgb_0001.png and ss/ss_0001.png.

The data were not at hand. That the labels in ``ss`` hold train ids, and 19 for everything else, is from general knowledge of their public
description; ``ids='label'`` reads label ids of Cityscapes.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.categories import RawCategories
from mmseg.datasets.classes.names import CLASSES, LABEL_IDS
from mmseg.registry import DATASETS

UNLABELLED = 19
"""The train id of everything else."""

TRAIN_IDS = RawCategories(
    names=CLASSES,
    members={name: (train_id,) for train_id, name in enumerate(CLASSES)},
    last=UNLABELLED,
    ending=".png",
    fix="Unpack UrbanSyn again.",
    larger="If they are label ids of Cityscapes, set ids='label'.",
)
LABEL_ID_TABLE = RawCategories(
    names=CLASSES,
    members={name: (label_id,) for name, label_id in zip(CLASSES, LABEL_IDS, strict=True)},
    last=34,
    ending=".png",
    fix="Unpack UrbanSyn again.",
)


@DATASETS.register_module()
class UrbanSynDataset(SegmentationDataset):
    """UrbanSyn in its own folders, with ``ann_dir='ss'``; needs no conversion.

    Args:
        ids: what labels hold: 'train' ids, or 'label' ids of Cityscapes.
        options: as of :class:`SegmentationDataset`.
    """

    image_folder = "rgb"
    label_suffix = ".png"
    raw_classes = TRAIN_IDS

    def __init__(self, *, ids: Literal["train", "label"] = "train", **options) -> None:
        self.raw_classes = LABEL_ID_TABLE if ids == "label" else TRAIN_IDS
        super().__init__(**options)

    @staticmethod
    def stem(name: str, suffix: str) -> str:
        """What follows ``rgb`` in the name of an image follows ``ss`` in that of its label."""
        path = PurePosixPath(name.removesuffix(suffix))
        return str(path.with_name(f"ss{path.name.removeprefix('rgb')}"))
