"""SYNTHIA-RAND-CITYSCAPES (Ros et al., CVPR 2016): synthetic street scenes, RGB/0000000.png and GT/LABELS/0000000_labelTrainIds.png."""

import numpy as np

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.categories import RawCategories
from mmseg.datasets.classes.groups import SYNTHIA_ABSENT
from mmseg.datasets.classes.names import CLASSES
from mmseg.datasets.reading.encoded import Encoded
from mmseg.registry import DATASETS

LABEL_IDS = (3, 4, 2, 21, 5, 7, 15, 9, 6, 16, 1, 10, 17, 8, 18, 19, 20, 12, 11)
"""Raw class of each train id 0..18."""

ABSENT = tuple(CLASSES.index(name) for name in SYNTHIA_ABSENT)
"""Train ids that have a raw class but occur in no image."""

LABEL_MAP = {label_id: train_id for train_id, label_id in enumerate(LABEL_IDS)}
"""Raw class -> train id; void (0), parking slot (13), road works (14) and lane marking (22) are ignored."""

NUM_LABEL_IDS = 23


def class_channel(file: Encoded) -> np.ndarray:
    """Raw ids [H, W] of a label: its red channel, where it has 16 bits and colours; the 8-bit ``parsed_LABELS`` hold nothing else."""
    if file.header.bits == 16 and file.header.bands == 3:
        return file.stored()[..., 2]
    return file.ids()


CATEGORIES = RawCategories(
    members={
        "flat": (3, 4, 22),
        "construction": (2, 5),
        "object": (7, 9, 15),
        "nature": (6,),
        "sky": (1,),
        "human": (10,),
        "vehicle": (8, 11),
    },
    last=NUM_LABEL_IDS - 1,
    ending=".png",
    ids=class_channel,
    fix="Unpack SYNTHIA_RAND_CITYSCAPES.rar again.",
)
"""The 7 categories by raw id. Wall, rider, motorcycle and bus are ignored, as in the published code (Wu and Liu, NeurIPS 2022), though
Cityscapes counts them; lane markings are flat."""


@DATASETS.register_module()
class SynthiaDataset(SegmentationDataset):
    """SYNTHIA in its own folders, with 16 of the 19 classes; options as :class:`SegmentationDataset`."""

    converter = "python tools/convert_datasets/synthia.py"
    raw_categories = CATEGORIES
    image_folder = "RGB"

    @classmethod
    def class_info(cls, config: dict) -> dict:
        """As of every data set; terrain, truck and train are ``absent`` as well."""
        info = super().class_info(config)
        if config.get("categories"):
            return info
        absent = {*info["absent"], *(cls.classes[train_id] for train_id in ABSENT)}
        return {**info, "absent": tuple(name for name in info["classes"] if name in absent)}
