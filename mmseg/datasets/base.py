"""A folder of images with labels in Cityscapes train ids, or without labels.

Letters: (H, W) native size, (h, w) test size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from mmseg.datasets.choosing.file_lists import choose_images
from mmseg.datasets.choosing.labeled import Labeled, labeled_images
from mmseg.datasets.classes.categories import CATEGORY_NAMES, CATEGORY_PALETTE, RawCategories
from mmseg.datasets.classes.described import described_classes
from mmseg.datasets.classes.names import CLASSES, IGNORE, LABEL_IDS, PALETTE, class_lut
from mmseg.datasets.classes.values import check_label_values
from mmseg.datasets.hints import LabelHints
from mmseg.datasets.made_labels import check_made_labels, count_made_labels, made_header, made_name
from mmseg.datasets.reading.depth_files import DepthFiles, inverse_depth
from mmseg.datasets.reading.encoded import Encoded, upright_label
from mmseg.datasets.reading.folders import check_still_there
from mmseg.datasets.reading.image_files import ImageFiles, list_files, list_images, read_encoded
from mmseg.datasets.reading.kept_names import keep_parts
from mmseg.datasets.reading.value_range import Depth, ValueRange, value_range
from mmseg.datasets.statistics.class_statistics import ClassStatistics, read_converted
from mmseg.datasets.statistics.raw_counts import count_categories
from mmseg.datasets.tensors import image_tensor
from mmseg.datasets.transforms import RESIZING, EvaluationRatio, EvaluationSize, Interpolation
from mmseg.registry import DATASETS, component_of
from mmseg.utils.errors import BadFileError, UserError
from mmseg.utils.options.ranges import NonNegative, Pair, Positive

OF_LABELS = ("depth_dir", "labeled", "labeled_seed")
"""Options that an unlabelled domain has no use for."""


def dataset_class(config: dict) -> type:
    """The class that a data set config names, with its options checked; no data are looked for.

    Raises:
        UserError: the type or an option is unknown.
    """
    return component_of(config, DATASETS)


def class_info(config: dict) -> dict:
    """``metainfo`` of the data set that a config describes; the data need not exist."""
    return dataset_class(config).class_info(config)


def image_values(config: dict) -> ValueRange | None:
    """Which values of images of more than 8 bits become 0 and 255 in the data set that a config describes, its first of several."""
    first = config.get("datasets", [config])[0]
    return value_range(first.get("depth"), first.get("range"), config.get("type", "The data set"))


def without_labels(config: dict) -> dict:
    """The config of the same data set as an unlabelled domain: its labels and its depth are never looked for."""
    return dataset_class(config).without_labels(config)


@DATASETS.register_module()
class SegmentationDataset(LabelHints, Dataset):
    """Images below ``data_root/img_dir`` and, if given, labels below ``data_root/ann_dir``.

    A label lies at the same relative path as its image, with ``img_suffix`` replaced by
    ``seg_map_suffix``. A data set of its own names its folders and suffixes in class attributes, which
    are the defaults of the options. Indexing gives evaluation samples; training crops come from
    :class:`~mmseg.datasets.sampling.uda_dataset.UDADataset`, which uses :attr:`images` and :meth:`read_label`.

    Args:
        data_root: folder of the data set.
        img_dir: folder of the images, below ``data_root``; may be left out where all images lie in one.
        ann_dir: folder of the labels, below ``data_root``; None for an unlabelled domain, whose label
            files need not exist and are never opened. An absolute path of a folder of ``tools/prepare/pseudo_labels.py`` is
            another one, whose header says the names of the files.
        img_suffix: end of the image names.
        seg_map_suffix: end of the label names.
        split: text file, below ``data_root``, with the images that belong to this split, one a line; None takes all of the folder.
        classes: names of the classes of the training, where they are not all of the data set's own: own ones that are
            not among them are ignored, and their order is that of the network's outputs.
        categories: whether the labels are the raw ones, whose ids are united to 7 categories, see
            :mod:`mmseg.datasets.classes.categories`; for Synthia, Cityscapes and Mapillary alone.
        first: the number of images that are taken, the first ones by name; None takes all.
        labeled: which of them are labelled, of a target with few labels: their number, their share as a number with a point, a list of the
            field by name, or a text file as ``split``; see :mod:`mmseg.datasets.choosing.labeled`. The data set is these alone; as the
            ``target`` of a training it is all images, and these are :class:`labelled ones <mmseg.datasets.UDADataset>`. None: all.
        labeled_seed: of the draw of a number or a share.
        test_scale: (w, h) limits of the evaluation image, aspect ratio kept; None keeps the native size.
        test_keep_ratio: False resizes to exactly ``test_scale``; 'fit' into it as it stands, sides rounded down; 'pad' fills up what that
            leaves with black, and predictions are measured at this size, which is the published evaluation on Mapillary of Wu and Liu.
        test_interpolation: how it is resized, 'bilinear' (OpenCV's) or 'bicubic' (Pillow's, as in FADA).
        depth: bits that the camera fills, 8 to 16, in images of 16 bits a value; larger values are an error.
        range: (low, high), the values that become 0 and 255 in images of more than 8 bits or of floats; what lies outside is
            clipped. Without one of the two such images are refused. Images of 8 bits are not changed by them.
        depth_dir: folder of depth images of a simulator, below ``data_root``, each named like its image: 16-bit PNGs in centimetres,
            65535 in the sky, see :mod:`mmseg.datasets.reading.depth_files`. None for a data set without depth.

    Raises:
        UserError: a folder is not named, missing or empty, a list of files names no image of it, or an image has no label.
    """

    classes: tuple[str, ...] = CLASSES
    palette: tuple = PALETTE
    label_ids: tuple[int, ...] = LABEL_IDS
    converter: str | None = None  # command that makes train ids and statistics, without the folder
    image_folder: str | None = None
    image_suffix = ".png"
    label_suffix = "_labelTrainIds.png"
    label_option = "ann_dir"  # that of the constructor
    raw_categories: RawCategories | None = None  # the 7 categories by raw id
    raw_classes: RawCategories | None = None  # the classes by raw id, of a data set that is not converted
    file_weights: np.ndarray | None = None  # a training draws all files alike
    depths: DepthFiles | None = None

    def __init__(
        self,
        *,
        data_root: str,
        img_dir: str | None = None,
        ann_dir: str | None = None,
        img_suffix: str | None = None,
        seg_map_suffix: str | None = None,
        split: str | None = None,
        classes: Sequence[str] | None = None,
        categories: bool = False,
        first: Positive[int] | None = None,
        labeled: Labeled | None = None,
        labeled_seed: NonNegative[int] = 0,
        test_scale: Pair[Positive[int]] | None = None,
        test_keep_ratio: EvaluationRatio = True,
        test_interpolation: Interpolation = "bilinear",
        depth: Depth | None = None,
        range: Pair[float] | None = None,
        depth_dir: str | None = None,
    ) -> None:
        img_dir = self.image_folder if img_dir is None else img_dir
        img_suffix = self.image_suffix if img_suffix is None else img_suffix
        self.raw = self.raw_categories if categories else self.raw_classes
        default = self.raw.ending if self.raw else self.label_suffix
        seg_map_suffix = default if seg_map_suffix is None else seg_map_suffix
        if img_dir is None:
            raise UserError(f"{type(self).__name__} needs the option 'img_dir'. Add img_dir=… to its dictionary in the config.")
        self.data_root, self.label_ending = Path(data_root), seg_map_suffix
        self.test_scale, self.test_interpolation = test_scale, test_interpolation
        self.test_size = EvaluationSize(test_scale and tuple(test_scale), test_keep_ratio)
        self.metainfo = self.class_info({"classes": classes, "categories": categories})
        self.own_classes = CATEGORY_NAMES if categories else type(self).classes
        self.label_lut = None if classes is None else class_lut(self.own_classes, classes)
        self.classes, self.palette = self.metainfo["classes"], self.metainfo["palette"]
        values = value_range(depth, range, type(self).__name__)
        self.images = replace(self.find_images(self.data_root / img_dir, img_suffix), values=values)
        self.partial = split is not None or labeled is not None
        if split is not None:
            self.images = choose_images(self.images, self.data_root / split, (self.data_root,), lambda name: self.stem(name, img_suffix))
        self.images = self.images.first(first)
        if labeled is not None:
            names = {"root": self.data_root, "stem": lambda name: self.stem(name, img_suffix), "owner": type(self).__name__}
            self.images = labeled_images(self.images, labeled, seed=labeled_seed, **names)
        self.label_folder = None if ann_dir is None else self.find_label_folder(self.data_root / ann_dir)
        self.stems = [self.stem(name, img_suffix) for name in self.images.names]
        self.label_names = tuple(stem + seg_map_suffix for stem in self.stems)
        if depth_dir is not None:
            self.depths = DepthFiles.find(self.data_root / depth_dir, self.stems, type(self).__name__)
        self.made = None if ann_dir is None else made_header(self.data_root / ann_dir)
        if self.made:
            if self.made["classes"] == list(self.classes):  # a network of these classes made them: nothing is to be translated
                self.label_lut = self.raw = None
            self.label_folder, self.label_names = self.data_root / ann_dir, tuple(map(made_name, self.images.names))
            check_made_labels(self.made, self.label_folder, self.images.names, self.label_classes)
        elif self.labelled:
            self._check_label_files(seg_map_suffix)
        keep_parts(self.label_names)

    @property
    def label_classes(self) -> Sequence[str]:
        """Names that the values of label files stand for."""
        return self.classes if self.made and self.label_lut is None else self.own_classes

    @classmethod
    def class_info(cls, config: dict) -> dict:
        """What the metric, the pictures and the exporter need, from the config alone.

        Returns:
            ``classes`` names, ``palette`` RGB, ``label_ids`` raw ids for a test server (255 where there is none), ``absent``
            names of classes that no label of this data set can show.
        """
        if not config.get("categories"):
            return described_classes(cls.classes, cls.palette, cls.label_ids, chosen=config.get("classes"), owner=cls.__name__)
        if cls.raw_categories is None:
            raise UserError(f"{cls.__name__}: which raw ids belong to the 7 categories is not known. Leave categories out.")
        ids = (IGNORE,) * len(CATEGORY_NAMES)
        return described_classes(CATEGORY_NAMES, CATEGORY_PALETTE, ids, chosen=config.get("classes"), owner=cls.__name__)

    @classmethod
    def without_labels(cls, config: dict) -> dict:
        """See :func:`without_labels`."""
        return {**{key: value for key, value in config.items() if key not in OF_LABELS}, cls.label_option: None}

    def find_images(self, folder: Path, suffix: str) -> ImageFiles:
        """The images below a folder."""
        return list_images(folder, suffix, type(self).__name__)

    def find_label_folder(self, folder: Path) -> Path:
        """The folder that label names are relative to, from that in the config."""
        return folder

    @staticmethod
    def stem(name: str, suffix: str) -> str:
        """What an image and its label have in common: the relative path without the end."""
        return name.removesuffix(suffix)

    @property
    def place(self) -> str:
        """Where the data lie, for messages."""
        return str(self.data_root)

    @property
    def labelled(self) -> bool:
        """Whether this domain has labels."""
        return self.label_folder is not None

    def __len__(self) -> int:
        return len(self.images)

    def part_number(self, index: int) -> int:
        """Which data set of a domain a file belongs to; see :class:`~mmseg.datasets.SeveralDatasets`."""
        return 0

    def read_label(self, index: int, photo: Encoded | None = None) -> np.ndarray:
        """The label at its native size: uint8 [H, W], train ids and 255; turned with a photo that its EXIF entry turns.

        Args:
            index: of the image.
            photo: the content of the image, where it has been read already.

        Raises:
            UserError: the data set is unlabelled, or the file is broken or holds other values.
        """
        path = self.label_path(index)
        file = read_encoded(path)
        return upright_label(self.train_ids(self.ids_of(file), path), file, photo or self.images.encoded(index))

    def ids_of(self, file: Encoded) -> np.ndarray:
        """What a label file holds: uint8 or uint16 [H, W]."""
        return self.raw.ids(file) if self.raw else file.ids()

    def train_ids(self, ids: np.ndarray, path: Path) -> np.ndarray:
        """From what a label file holds, uint8 or uint16 [H, W], to train ids and 255, uint8.

        Raises:
            UserError: an id means nothing; names the file ``path``.
        """
        if self.raw:
            label = self.raw.convert(ids, path)
        else:
            check_label_values(ids, len(type(self).classes), path, self.label_fix)
            label = ids.astype(np.uint8, copy=False)
        return label if self.label_lut is None else self.label_lut[label]

    def class_statistics(self) -> ClassStatistics:
        """Pixels of every class in every label, for rare-class sampling: read from what the converter, or who made the labels, wrote.

        Raises:
            UserError: the statistics are missing, broken or stale; names the converter's command.
        """
        if self.made:
            found = count_made_labels(self.made, self.label_folder, self.images.names)
        else:
            found = count_categories(self) if self.raw else read_converted(self)
        found = found if self.label_lut is None else found.mapped(self.label_lut)
        if max(found.pixels, default=0) >= len(self.classes):
            given = f"count the class {max(found.pixels)}, but the classes of {type(self).__name__} end at {len(self.classes) - 1}"
            raise UserError(f"RareClassSampling: the class statistics in {self.data_root} {given}. {self.recount_hint}")
        return found

    def label_path(self, index: int) -> Path:
        if not self.labelled:
            name = self.label_option
            raise UserError(f"{type(self).__name__} at {self.data_root} is unlabelled ({name}=None). Set {name} to use its labels.")
        return self.label_folder / self.label_names[index]

    @property
    def has_depth(self) -> bool:
        """Whether there is depth of the images."""
        return self.depths is not None

    def read_depth(self, index: int, size: Sequence[int]) -> np.ndarray | None:
        """The depth of an image of (H, W) pixels: uint16 [H, W], centimetres; None without ``depth_dir``."""
        return None if self.depths is None else self.depths.raw(index, size)

    def depth_paths(self, index: int) -> list[Path]:
        """The depth file of an image, where the data set has one."""
        return [] if self.depths is None else [self.depths.path(index)]

    def check_same_size(self, index: int, image: np.ndarray, label: np.ndarray) -> None:
        """Raises UserError unless the image [H, W, 3] and the label [H, W] have one size."""
        if image.shape[:2] != label.shape:
            sizes = f"{image.shape[1]}x{image.shape[0]}, its label {self.label_path(index)} {label.shape[1]}x{label.shape[0]}"
            raise BadFileError(f"{self.images.path(index)} has {sizes}. Copy the matching pair again.")

    @property
    def places(self) -> list[Path]:
        """The folders of its files."""
        others = (self.label_folder, self.depths and self.depths.folder)
        return [*self.images.places, *(folder for folder in others if folder is not None)]

    def __getitem__(self, index: int) -> dict:
        """The sample of :meth:`load`; a folder that is gone is no bad file."""
        try:
            return self.load(index)
        except BadFileError:
            check_still_there(self.places)
            raise

    def load(self, index: int) -> dict:
        """An evaluation sample.

        Returns:
            ``image`` uint8 [3, h, w] RGB at the test scale, ``label`` uint8 [H, W] (labelled data only),
            ``path`` of the image, ``native_size`` int64 [2] (H, W), that of the label; with ``depth_dir``, ``depth`` float32 [H, W],
            inverse depth, unless the label is padded.
        """
        photo = self.images.encoded(index)
        image = self.images.color(index, photo)
        resized = RESIZING[self.test_interpolation](image, self.test_size.resized(image.shape[:2]))
        sample = {
            "image": image_tensor(self.test_size.pad_image(resized)),
            "path": str(self.images.path(index)),
            "native_size": torch.tensor(self.test_size.padded or image.shape[:2]),
        }
        if self.labelled:
            label = self.read_label(index, photo)
            self.check_same_size(index, image, label)
            sample["label"] = torch.from_numpy(self.test_size.label(label))
        if self.depths is not None and not self.test_size.padded:
            sample["depth"] = torch.from_numpy(inverse_depth(self.read_depth(index, image.shape[:2])))
        return sample

    def _check_label_files(self, suffix: str) -> None:
        existing = set(list_files(self.label_folder, suffix))
        missing = [name for name in self.label_names if name not in existing]
        if missing:
            count = f"{len(missing)} of {len(self)} images have no label"
            raise UserError(f"{type(self).__name__}: {count}, first {self.label_folder / missing[0]}. {self.convert_hint}")
