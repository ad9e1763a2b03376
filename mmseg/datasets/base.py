"""A folder of images with labels in Cityscapes train ids, or without labels.

Letters: (H, W) native size, (h, w) test size.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from mmseg.datasets.classes import CLASSES, IGNORE, LABEL_IDS, PALETTE
from mmseg.datasets.image_files import list_files, list_images, read_grey
from mmseg.datasets.transforms import keep_ratio_size, resize_image
from mmseg.registry import DATASETS
from mmseg.utils.errors import UserError


def image_tensor(image: np.ndarray) -> torch.Tensor:
    """BGR uint8 [H, W, 3] -> RGB uint8 [3, H, W]; the model normalises on the device."""
    return torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))


def check_label_values(label: np.ndarray, num_classes: int, path: Path, fix: str) -> None:
    """Raises UserError for a value that is neither a train id nor 255."""
    wrong = label[(label >= num_classes) & (label != IGNORE)]
    if wrong.size:
        raise UserError(f"{path} holds the label {wrong[0]}, which is neither a train id (0..{num_classes - 1}) nor {IGNORE}. {fix}")


@DATASETS.register_module()
class SegmentationDataset(Dataset):
    """Images below ``data_root/img_dir`` and, if given, labels below ``data_root/ann_dir``.

    A label lies at the same relative path as its image, with ``img_suffix`` replaced by
    ``seg_map_suffix``. A data set of its own names its folders and suffixes in class attributes, which
    are the defaults of the options. Indexing gives evaluation samples; training crops come from
    :class:`~mmseg.datasets.uda_dataset.UDADataset`, which uses :attr:`images` and :meth:`read_label`.

    Args:
        data_root: folder of the data set.
        img_dir: folder of the images, below ``data_root``; may be left out where all images lie in one.
        ann_dir: folder of the labels, below ``data_root``; None for an unlabelled domain, whose label
            files need not exist and are never opened.
        img_suffix: end of the image names.
        seg_map_suffix: end of the label names.
        test_scale: (w, h) limits of the evaluation image, aspect ratio kept; None keeps the native size.

    Raises:
        UserError: a folder is not named, missing or empty, or an image has no label.
    """

    classes: tuple[str, ...] = CLASSES
    palette: tuple = PALETTE
    converter: str | None = None  # command that makes train ids and statistics, without the folder
    image_folder: str | None = None
    image_suffix = ".png"
    label_suffix = "_labelTrainIds.png"

    def __init__(
        self,
        *,
        data_root: str,
        img_dir: str | None = None,
        ann_dir: str | None = None,
        img_suffix: str | None = None,
        seg_map_suffix: str | None = None,
        test_scale: Sequence[int] | None = None,
    ) -> None:
        img_dir = self.image_folder if img_dir is None else img_dir
        img_suffix = self.image_suffix if img_suffix is None else img_suffix
        seg_map_suffix = self.label_suffix if seg_map_suffix is None else seg_map_suffix
        if img_dir is None:
            raise UserError(f"{type(self).__name__} needs the option 'img_dir'. Add img_dir=… to its dictionary in the config.")
        self.data_root = Path(data_root)
        self.test_scale = test_scale
        self.images = list_images(self.data_root / img_dir, img_suffix, type(self).__name__)
        self.label_folder = None if ann_dir is None else self.data_root / ann_dir
        self.label_names = tuple(name.removesuffix(img_suffix) + seg_map_suffix for name in self.images.names)
        if self.labelled:
            self._check_label_files(seg_map_suffix)

    @property
    def metainfo(self) -> dict:
        """What the metric, the pictures and the exporter need: names, colours and label ids of the classes."""
        return {"classes": tuple(self.classes), "palette": self.palette, "label_ids": LABEL_IDS}

    @property
    def convert_hint(self) -> str:
        """The sentence that ends errors about labels or statistics."""
        if self.converter is None:
            return f"Write it as train ids 0..{len(self.classes) - 1} and 255."
        return f"Create it with: {self.converter} {self.data_root}"

    @property
    def labelled(self) -> bool:
        """Whether this domain has labels."""
        return self.label_folder is not None

    def __len__(self) -> int:
        return len(self.images)

    def read_label(self, index: int) -> np.ndarray:
        """The label at its native size: uint8 [H, W], train ids and 255.

        Raises:
            UserError: the data set is unlabelled, or the file is broken or holds other values.
        """
        path = self.label_path(index)
        label = read_grey(path)
        check_label_values(label, len(self.classes), path, f"Delete it. {self.convert_hint}")
        return label

    def label_path(self, index: int) -> Path:
        if not self.labelled:
            raise UserError(f"{type(self).__name__} at {self.data_root} is unlabelled (ann_dir=None). Set ann_dir to use its labels.")
        return self.label_folder / self.label_names[index]

    def check_same_size(self, index: int, image: np.ndarray, label: np.ndarray) -> None:
        """Raises UserError unless the image [H, W, 3] and the label [H, W] have one size."""
        if image.shape[:2] != label.shape:
            sizes = f"{image.shape[1]}x{image.shape[0]}, its label {self.label_path(index)} {label.shape[1]}x{label.shape[0]}"
            raise UserError(f"{self.images.path(index)} has {sizes}. Copy the matching pair again.")

    def __getitem__(self, index: int) -> dict:
        """An evaluation sample.

        Returns:
            ``image`` uint8 [3, h, w] RGB at the test scale, ``label`` uint8 [H, W] (labelled data only),
            ``path`` of the image, ``native_size`` int64 [2] (H, W).
        """
        image = self.images.read(index)
        size = keep_ratio_size(image.shape[:2], self.test_scale) if self.test_scale else image.shape[:2]
        sample = {
            "image": image_tensor(resize_image(image, size)),
            "path": str(self.images.path(index)),
            "native_size": torch.tensor(image.shape[:2]),
        }
        if self.labelled:
            label = self.read_label(index)
            self.check_same_size(index, image, label)
            sample["label"] = torch.from_numpy(label)
        return sample

    def _check_label_files(self, suffix: str) -> None:
        existing = set(list_files(self.label_folder, suffix))
        missing = [name for name in self.label_names if name not in existing]
        if missing:
            count = f"{len(missing)} of {len(self)} images have no label"
            raise UserError(f"{type(self).__name__}: {count}, first {self.label_folder / missing[0]}. {self.convert_hint}")
