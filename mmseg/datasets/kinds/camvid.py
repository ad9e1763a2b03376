"""CamVid (Brostow et al., 2008) in the 11 classes and the split of SegNet: {train,val,test}/*.png and {train,val,test}annot/*.png.

The classes, their ids, their colours and the split are those of SegNet (Badrinarayanan et al., PAMI 2017), whose tutorial has the data.

Letters: (H, W) native label size.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.encoded import Encoded
from mmseg.datasets.reading.image_files import ImageFiles, list_files
from mmseg.registry import DATASETS
from mmseg.utils.errors import UserError

CAMVID_CLASSES = ("sky", "building", "pole", "road", "pavement", "tree", "sign symbol", "fence", "car", "pedestrian", "bicyclist")
"""Names by id 0..10."""

CAMVID_PALETTE = (
    (128, 128, 128),
    (128, 0, 0),
    (192, 192, 128),
    (128, 64, 128),
    (60, 40, 222),
    (128, 128, 0),
    (192, 128, 128),
    (64, 64, 128),
    (64, 0, 128),
    (64, 64, 0),
    (0, 128, 192),
)
"""RGB by id 0..10."""

UNLABELLED = len(CAMVID_CLASSES)
"""The id of everything else."""

COLOURED = "_L.png"
"""End of the names of labels in the original form, whose values are 32 colours."""

PHOTOGRAPHS = (".png", ".jpg", ".jpeg")
"""Ends of the names of photographs."""


@DATASETS.register_module()
class CamVidDataset(SegmentationDataset):
    """CamVid as SegNet has it, of any size of photograph, PNG or JPEG; options as :class:`SegmentationDataset`.

    Labels hold the ids 0..10; 11 (unlabelled) and 255 are ignored. The original form, with 32 colours, is converted first.
    """

    classes = CAMVID_CLASSES
    palette = CAMVID_PALETTE
    label_ids = tuple(range(UNLABELLED))
    converter = "python tools/convert_datasets/camvid.py"
    image_suffix = ""  # one of PHOTOGRAPHS
    label_suffix = ".png"

    @property
    def convert_hint(self) -> str:
        return f"Copy the folders of CamVid again, or make them from its original form with: {self.converter} {self.data_root}"

    @property
    def statistics_hint(self) -> str:
        return f"Make them with: {self.converter} {self.data_root}"

    def find_images(self, folder: Path, suffix: str) -> ImageFiles:
        """The photographs of a folder; without a suffix all that end with the first one of :data:`PHOTOGRAPHS` that is there."""
        if not folder.is_dir() and list_files(self.data_root, COLOURED):
            text = f"CamVidDataset: {self.data_root} holds CamVid in its original form, with labels of 32 colours"
            raise UserError(f"{text}. Convert it with: {self.converter} {self.data_root}")
        found = next((ending for ending in PHOTOGRAPHS if list_files(folder, ending)), PHOTOGRAPHS[0])
        return super().find_images(folder, suffix or found)

    @staticmethod
    def stem(name: str, suffix: str) -> str:
        return name.removesuffix(suffix) if suffix else str(PurePosixPath(name).with_suffix(""))

    def ids_of(self, file: Encoded) -> np.ndarray:
        """The ids of a label file: uint8 or uint16 [H, W]; colours are refused with the command that converts them."""
        return replace(file, fix=self.convert_hint).ids()

    def train_ids(self, ids: np.ndarray, path: Path) -> np.ndarray:
        """As of every data set; the unlabelled id is ignored as well."""
        return super().train_ids(np.where(ids == UNLABELLED, np.uint8(IGNORE), ids), path)
