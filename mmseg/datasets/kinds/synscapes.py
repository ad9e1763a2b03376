"""Synscapes (Wrenninge and Unger, arXiv 1810.08705): 25,000 synthetic street scenes, img/rgb/1.png and img/class/1.png.

Labels hold the label ids of Cityscapes and have the 1440x720 pixels of ``img/rgb``; those of ``img/rgb-2k`` are enlarged and have no labels
of their size. The data were not at hand: folders and ids are from general knowledge of the public description.
"""

from __future__ import annotations

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.categories import RawCategories
from mmseg.datasets.classes.names import CLASSES, LABEL_IDS
from mmseg.registry import DATASETS


@DATASETS.register_module()
class SynscapesDataset(SegmentationDataset):
    """Synscapes in its own folders, with ``ann_dir='img/class'``; needs no conversion. Options as :class:`SegmentationDataset`."""

    image_folder = "img/rgb"
    label_suffix = ".png"
    raw_classes = RawCategories(
        names=CLASSES,
        members={name: (label_id,) for name, label_id in zip(CLASSES, LABEL_IDS, strict=True)},
        last=34,
        ending=".png",
        fix="Unpack Synscapes again.",
    )
