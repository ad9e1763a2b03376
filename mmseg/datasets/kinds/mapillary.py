"""Mapillary Vistas v1.2 (Neuhold et al., ICCV 2017): <split>/images/*.jpg and <split>/labels/*_labelTrainIds.png, of many sizes."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.categories import RawCategories
from mmseg.registry import DATASETS

LABEL_MAP = {
    13: 0,
    24: 0,  # general lane marking
    41: 0,  # manhole
    2: 1,  # curb
    15: 1,
    17: 2,
    6: 3,
    3: 4,
    45: 5,
    47: 5,  # utility pole
    48: 6,
    50: 7,  # front of a traffic sign
    30: 8,
    29: 9,
    27: 10,
    19: 11,
    20: 12,  # bicyclist
    21: 12,  # motorcyclist
    22: 12,  # other rider
    55: 13,
    61: 14,
    54: 15,
    58: 16,  # on rails
    57: 17,
    52: 18,
}
"""Raw class -> train id; the other ones are ignored.

Which of the 66 classes count as which of the 19 is not ours to choose: the table is that of the converter in the published
code of HRDA (Hoyer et al., Apache-2.0), so that results can be compared with the published ones.
"""

NUM_LABEL_IDS = 66

CATEGORIES = RawCategories(
    members={
        "flat": (*range(7, 16), 23, 24, 29),  # curb cut, parking, rail track, both lane markings, terrain
        "construction": (*range(2, 7), 16, 17, 18),  # curb, barriers, bridge, tunnel
        "object": range(43, 51),  # from the pothole to the front of a traffic sign
        "nature": (30,),
        "sky": (27,),
        "human": range(19, 23),
        "vehicle": range(52, 63),  # boat, on rails and wheeled slow as well
    },
    last=NUM_LABEL_IDS - 1,
    ending=".png",
    fix="Unpack Mapillary Vistas v1.2 again.",
    larger="Labels of Vistas v2.0 go to 123, and their ids mean other things: use those of v1.2.",
)
"""The 7 categories by raw id of v1.2 (Wu and Liu, NeurIPS 2022)."""


@DATASETS.register_module()
class MapillaryDataset(SegmentationDataset):
    """Mapillary Vistas in its own folders; options as :class:`SegmentationDataset`."""

    converter = "python tools/convert_datasets/mapillary.py"
    raw_categories = CATEGORIES
    image_suffix = ".jpg"
