"""Cityscapes (Cordts et al., CVPR 2016): leftImg8bit/<split>/<city> and gtFine/<split>/<city>."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.categories import RawCategories
from mmseg.registry import DATASETS

CATEGORIES = RawCategories(
    members={
        "flat": (7, 8),
        "construction": (11, 12, 13),
        "object": (17, 19, 20),
        "nature": (21, 22),
        "sky": (23,),
        "human": (24, 25),
        "vehicle": range(26, 34),  # caravan, trailer and train as well
    },
    last=34,
    ending="_gtFine_labelIds.png",
    fix="Download and unpack gtFine_trainvaltest.zip again.",
)
"""The 7 categories by raw id (Wu and Liu, NeurIPS 2022)."""


@DATASETS.register_module()
class CityscapesDataset(SegmentationDataset):
    """Cityscapes in its own folders; options as :class:`SegmentationDataset`."""

    converter = "python tools/convert_datasets/cityscapes.py"
    image_suffix = "_leftImg8bit.png"
    raw_categories = CATEGORIES
    label_suffix = "_gtFine_labelTrainIds.png"
