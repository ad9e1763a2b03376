"""Own data: a folder of images and, for training and evaluation, a folder of label files with any ids.

Letters: (H, W) native size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import torch

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.choosing.labeled import Labeled
from mmseg.datasets.classes.names import IGNORE, check_class_names
from mmseg.datasets.classes.palettes import check_palette, default_palette
from mmseg.datasets.missing import how_to_get
from mmseg.datasets.reading.encoded import upright_label
from mmseg.datasets.reading.image_files import ImageFiles, list_files, read_encoded
from mmseg.datasets.reading.object_ids import ObjectIds, ignored_ids
from mmseg.datasets.reading.raw_ids import RawId, RawIds
from mmseg.datasets.reading.value_range import Depth
from mmseg.datasets.statistics.class_statistics import ClassStatistics, counted
from mmseg.datasets.statistics.counts_file import COUNTS_FILE
from mmseg.datasets.statistics.label_counts import count_labels
from mmseg.datasets.transforms import EvaluationRatio, Interpolation
from mmseg.registry import DATASETS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import GreyLevel, NonNegative, Pair, Positive, Three

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
"""Ends of image names, in small or capital letters."""


@DATASETS.register_module()
class FolderDataset(SegmentationDataset):
    """Images below one folder and labels below another, at the same relative paths.

    Labels are single-channel images whose values are ids: grey of 1 to 16 bits, palette, or whole numbers of 32 bits, in a
    format that keeps them exactly (PNG, TIFF, BMP, GIF), whatever the suffix says.
    An id that neither ``label_map`` nor ``ignore`` names is an error, so that no class disappears by mistake.

    Args:
        images: folder of the images.
        labels: folder of the labels; None for an unlabelled domain. A folder of ``tools/prepare/pseudo_labels.py`` knows the rest.
        classes: names of the classes, in the order of the network's outputs; not needed for an unlabelled domain.
        palette: RGB of each class; None for distinct colours (:func:`default_palette`).
        label_map: id in the label files -> name or index of its class, where ids are no class indices; a list names the ids
            0, 1, 2, …
        ignore: ids, and names in ``label_map`` that are not among ``classes``, whose pixels are neither trained nor evaluated.
        unknown_objects: ids of objects that are none of the classes, which ``tools/test.py --metrics trust`` asks about: is the network
            unsure there? They are ignored otherwise.
        known_objects: ids of pixels of which a label says no more than that they are none of those, as the value 0 does in masks.
        img_suffix: end of the image names, such as '_rgb.png'; None takes all of :data:`SUFFIXES`.
        label_suffix: end of the label names, in place of the end of the image names.
        split: text file with the images to take, one a line, as a path from ``images`` with or without the end; None takes all.
        labeled, labeled_seed: as of :class:`SegmentationDataset`; a list is a path from here.
        statistics_dir: folder for the class statistics of rare-class sampling, which are counted once; None for ``labels``.
        test_scale: (w, h) limits of the evaluation image, aspect ratio kept; None keeps the native size.
        test_keep_ratio: as of :class:`SegmentationDataset`.
        test_interpolation: see :class:`SegmentationDataset`.
        depth, range: as of :class:`SegmentationDataset`.

    Raises:
        UserError: the options contradict each other, a folder is missing or empty, or images have no label.
    """

    label_option = "labels"

    def __init__(
        self,
        *,
        images: str,
        labels: str | None = None,
        classes: Sequence[str] | None = None,
        palette: Sequence[Three[GreyLevel[int]]] | None = None,
        label_map: Mapping[RawId | str, str | NonNegative[int]] | Sequence[str | NonNegative[int]] | None = None,
        ignore: Sequence[RawId | str] = (),
        unknown_objects: Sequence[RawId] = (),
        known_objects: Sequence[RawId] = (),
        img_suffix: str | None = None,
        label_suffix: str = ".png",
        split: str | None = None,
        labeled: Labeled | None = None,
        labeled_seed: NonNegative[int] = 0,
        statistics_dir: str | None = None,
        test_scale: Pair[Positive[int]] | None = None,
        test_keep_ratio: EvaluationRatio = True,
        test_interpolation: Interpolation = "bilinear",
        depth: Depth | None = None,
        range: Pair[float] | None = None,
    ) -> None:
        given = {"labels": labels, "classes": classes, "palette": palette, "label_map": label_map, "ignore": ignore}
        given |= {"unknown_objects": unknown_objects, "known_objects": known_objects}
        info = self.class_info(given)
        self._names, self.objects = info["classes"], ObjectIds(unknown_objects, known_objects)
        folders = {"data_root": "", "img_dir": images, "ann_dir": labels, "split": split, "labeled": labeled, "labeled_seed": labeled_seed}
        looks = {"test_scale": test_scale, "test_keep_ratio": test_keep_ratio, "test_interpolation": test_interpolation}
        looks |= {"depth": depth, "range": range}
        super().__init__(**folders, img_suffix=img_suffix or "", seg_map_suffix=label_suffix, **looks)
        self.data_root = Path(labels or images)
        self.metainfo, self.classes, self.palette = info, info["classes"], info["palette"]
        if self.made and label_map is not None:
            raise UserError(f"FolderDataset: {labels} holds pseudo-labels, whose values are class indices. Leave label_map out.")
        self.ids = RawIds(classes=self.classes, label_map=label_map, ignore=(IGNORE,) if self.made else ignored_ids(given))
        self.statistics_dir = Path(statistics_dir or self.data_root)

    @classmethod
    def class_info(cls, config: dict) -> dict:
        """As of :class:`SegmentationDataset`; ``label_ids`` are the class indices."""
        if config.get("classes") is None:
            if config.get("labels") is not None:
                raise UserError("FolderDataset has labels, but no classes. Add classes=['…', …], in the order of the network's outputs.")
            return {"classes": (), "palette": (), "label_ids": (), "absent": ()}
        names, palette = check_class_names(config["classes"], cls.__name__), config.get("palette")
        ids = RawIds(classes=names, label_map=config.get("label_map"), ignore=ignored_ids(config))
        colors = default_palette(len(names)) if palette is None else check_palette(palette, len(names), cls.__name__)
        return {"classes": names, "palette": colors, "label_ids": tuple(range(len(names))), "absent": ids.absent}

    def find_images(self, folder: Path, suffix: str) -> ImageFiles:
        """All images that end with ``suffix``, or with one of :data:`SUFFIXES` if it is empty."""
        if not folder.is_dir():
            fix = how_to_get(folder, "Correct the option or put the images there.")
            raise UserError(f"FolderDataset: the folder images={str(folder)!r} does not exist. {fix}")
        names = tuple(name for name in list_files(folder, suffix) if suffix or PurePosixPath(name).suffix.lower() in SUFFIXES)
        if not names:
            ends = suffix or " ".join(SUFFIXES)
            raise UserError(f"FolderDataset: {folder} holds no image ({ends}). Correct the option images, or set img_suffix.")
        return ImageFiles(folder, names)

    @staticmethod
    def stem(name: str, suffix: str) -> str:
        """The name of an image without ``suffix``, or else without its last one."""
        return name.removesuffix(suffix) if suffix else str(PurePosixPath(name).with_suffix(""))

    @property
    def label_classes(self) -> Sequence[str]:
        """Names that the values of label files stand for, where they are class indices."""
        return self._names

    @property
    def convert_hint(self) -> str:
        """The sentence that ends errors about missing labels."""
        return "Add the labels, move images without one elsewhere, or correct label_suffix."

    @property
    def recount_hint(self) -> str:
        """The sentence that ends errors about class statistics which their fingerprint does not give away."""
        return f"Delete {self.statistics_dir / COUNTS_FILE}: the labels are counted anew then."

    def train_ids(self, ids: np.ndarray, path: Path) -> np.ndarray:
        """Class indices and 255 of the ids that a label file holds; see :class:`RawIds`."""
        return self.ids.convert(ids, path)

    def load(self, index: int) -> dict:
        """As of :class:`SegmentationDataset`; with ``unknown_objects``, ``objects`` uint8 [H, W], see :class:`ObjectIds`."""
        sample = super().load(index)
        if self.labelled and self.objects:
            file = read_encoded(self.label_path(index))
            found = upright_label(self.objects.map(file.ids()), file, self.images.encoded(index))
            sample["objects"] = torch.from_numpy(self.test_size.label(found))
        return sample

    def class_statistics(self) -> ClassStatistics:
        """Pixels of every class in every label, for rare-class sampling: counted the first time, then read.

        Raises:
            UserError: as :meth:`read_label`, or the statistics cannot be written.
        """
        if self.made:
            return super().class_statistics()
        counts = self._counts()
        return counted([self._class_pixels(ids, self.label_path(index)) for index, ids in enumerate(counts)])

    def _counts(self) -> list[Mapping[int, int]]:
        try:
            return count_labels(self.label_folder, self.label_names, self.statistics_dir)
        except OSError as error:
            text = f"FolderDataset cannot write the class statistics of rare-class sampling to {self.statistics_dir} ({error.strerror})"
            raise UserError(f"{text}. Set statistics_dir='…' in its dictionary to a folder that is writable.") from None

    def _class_pixels(self, counts: Mapping[int, int], path: Path) -> dict[int, int]:
        """From {raw id: pixels} of a label to {train id: pixels}."""
        pixels: dict[int, int] = {}
        for train_id, count in zip(self.ids.convert(np.array(list(counts), int), path).tolist(), counts.values(), strict=True):
            if train_id != IGNORE:
                pixels[train_id] = pixels.get(train_id, 0) + count
        return pixels

    def _check_label_files(self, suffix: str) -> None:
        """Every image needs a label of its own."""
        first: dict[str, str] = {}
        for name, label in zip(self.images.names, self.label_names, strict=True):
            other = first.setdefault(label, name)
            if other != name:
                both = f"{self.images.folder / other} and {name}"
                raise UserError(f"FolderDataset: {both} belong to one label, {label}. Rename one, or choose the images with img_suffix.")
        if not list_files(self.label_folder, suffix):
            where = f"the folder labels={str(self.label_folder)!r} holds no file that ends with '{suffix}'"
            raise UserError(f"FolderDataset: {where}. Correct labels or label_suffix, or leave labels out for an unlabelled domain.")
        super()._check_label_files(suffix)
