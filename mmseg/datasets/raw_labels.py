"""How the data sets store their raw labels: where the files lie, how ids are encoded, which train id each one becomes.

Letters: (H, W) native label size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmseg.datasets import classes, mapillary, synthia
from mmseg.datasets.acdc import ACDCDataset
from mmseg.datasets.image_files import read_unchanged
from mmseg.utils.errors import UserError

TRAIN_ID_SUFFIX = "_labelTrainIds.png"


@dataclass(frozen=True)
class LabelFile:
    """One label to convert.

    Attributes:
        source: raw label.
        output: train-id label that is written.
        counted: whether the file enters the class statistics.
    """

    source: Path
    output: Path
    counted: bool = True

    @property
    def is_current(self) -> bool:
        """Whether the output exists and is not older than the raw label."""
        return self.output.is_file() and self.output.stat().st_mtime_ns >= self.source.stat().st_mtime_ns


@dataclass(frozen=True, kw_only=True)
class RawLabels:
    """The raw labels of one data set.

    Attributes:
        layout: what the data folder holds, for ``--help``.
        folder: label folder inside the data folder.
        find: lists the files of (data folder, label folder).
        read: decodes the file (path, fix) to ids, uint8 [H, W].
        label_map: raw id -> train id; the others are ignored.
        known: ids that occur on purpose; others are reported.
        fix: what mends a broken label file, a full sentence.
        published: number of labels of the published data set.
    """

    layout: str
    folder: str
    find: Callable[[Path, str], list[LabelFile]]
    read: Callable[[Path, str], np.ndarray]
    label_map: Mapping[int, int]
    known: frozenset[int]
    fix: str
    published: int


def read_ids(path: Path, fix: str) -> np.ndarray:
    """Reads raw label ids from an 8-bit palette or grey PNG: uint8 [H, W].

    Args:
        path: label file.
        fix: what the user should do about a broken file (a full sentence).

    Raises:
        UserError: the file cannot be decoded, or holds colours instead of ids.
    """
    try:
        with Image.open(path) as image:
            image.load()
            mode = image.mode
            ids = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises SyntaxError for a broken PNG chunk
        raise UserError(f"{path} cannot be decoded ({error}). {fix}") from error
    if mode not in ("P", "L") or ids.ndim != 2:
        raise UserError(f"{path} is a {mode} image, but labels are 8-bit palette or grey PNGs whose values are ids. {fix}")
    return ids


def read_red_ids(path: Path, fix: str) -> np.ndarray:
    """Reads raw label ids from the red channel of a 16-bit PNG, whose green channel numbers the instances: uint8 [H, W].

    Ids beyond 255 become 255.

    Args:
        path: label file.
        fix: what the user should do about a broken file (a full sentence).

    Raises:
        UserError: the file cannot be decoded, or has another format.
    """
    image = read_unchanged(path)  # read_image, and Pillow, would scale 16 bits down to 8
    if image.dtype != np.uint16 or image.ndim != 3:
        raise UserError(f"{path} is no 16-bit colour PNG (shape {image.shape}, {image.dtype}) with the class in its red channel. {fix}")
    return np.minimum(image[..., 2], 255).astype(np.uint8)


def find_gta(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of GTA: ``<root>/<folder>/00001.png``."""
    return _numbered(root, folder, "00001.png", "Unpack the GTA label archives there")


def find_synthia(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of SYNTHIA: ``<root>/<folder>/0000000.png``."""
    return _numbered(root, folder, "0000000.png", "Unpack SYNTHIA_RAND_CITYSCAPES.rar there")


def find_cityscapes(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of Cityscapes: ``<root>/<folder>/<split>/<city>/*_labelIds.png``; only ``train`` is counted."""
    labels = _existing_folder(root, folder, "Unpack gtFine_trainvaltest.zip there")
    sources = sorted(labels.glob("*/*/*_labelIds.png"))
    splits = {source.parent.parent.name for source in sources}
    if "train" not in splits:
        found = f"only {', '.join(sorted(splits))}" if splits else "no <split>/<city>/*_labelIds.png at all"
        raise UserError(f"{labels} holds no train/<city>/*_labelIds.png ({found}). Unpack gtFine_trainvaltest.zip there.")
    outputs = (source.with_name(source.name.replace("_labelIds.png", TRAIN_ID_SUFFIX)) for source in sources)
    return [LabelFile(source, out, source.parent.parent.name == "train") for source, out in zip(sources, outputs, strict=True)]


def find_mapillary(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of Mapillary Vistas: ``<root>/{training,validation}/<folder>/*.png``; only ``training`` is counted.

    One of the two is enough, because the data set is often used for evaluation alone.
    """
    folders = [root / split / folder for split in ("training", "validation")]
    sources = [path for labels in folders for path in sorted(labels.glob("[!.]*.png")) if not path.name.endswith(TRAIN_ID_SUFFIX)]
    if not sources:
        found = f"holds neither training/{folder}/*.png nor validation/{folder}/*.png" if root.is_dir() else "is not a folder"
        raise UserError(f"{root} {found}. Unpack Mapillary Vistas v1.2 there.")
    return [LabelFile(source, source.with_name(source.stem + TRAIN_ID_SUFFIX), source.parent == folders[0]) for source in sources]


def find_acdc(root: Path, folder: str) -> list[LabelFile]:
    """The labels of ACDC, which are train ids already, in both layouts that the data set reads; only ``train`` is counted.

    Raises:
        UserError: an image of the training or validation split has no label.
    """
    _existing_folder(root, folder, "Unpack rgb_anon_trainvaltest.zip and gt_trainval.zip there")
    files = []
    for split in ("train", "val"):
        data = ACDCDataset(data_root=str(root), img_dir=f"rgb_anon/{split}", ann_dir=f"{folder}/{split}")
        files += [LabelFile(path, path, split == "train") for path in map(data.label_path, range(len(data)))]
    return files


def _numbered(root: Path, folder: str, example: str, unpack: str) -> list[LabelFile]:
    """Files whose stems end in a digit, so that outputs are left out."""
    labels = _existing_folder(root, folder, unpack)
    sources = sorted(p for p in labels.glob("*.png") if p.stem[-1].isdigit())
    if not sources:
        raise UserError(f"{labels} holds no label such as {example}. {unpack}.")
    return [LabelFile(source, source.with_name(source.stem + TRAIN_ID_SUFFIX)) for source in sources]


def _existing_folder(root: Path, folder: str, unpack: str) -> Path:
    for path in (root, root / folder):
        if not path.is_dir():
            raise UserError(f"{path} is not a folder. {unpack}, or name the folder that holds {folder}/.")
    return root / folder


KNOWN_LABEL_IDS = frozenset({*range(len(classes.LABEL_NAMES)), 255})  # a license plate is -1, which an 8-bit file stores as 255

GTA = RawLabels(
    layout="images/ and labels/",
    folder="labels",
    find=find_gta,
    read=read_ids,
    label_map=classes.LABEL_MAP,
    known=KNOWN_LABEL_IDS,
    fix="Download and unpack the GTA label archive that holds it again.",
    published=24_966,
)
CITYSCAPES = RawLabels(
    layout="leftImg8bit/ and gtFine/",
    folder="gtFine",
    find=find_cityscapes,
    read=read_ids,
    label_map=classes.LABEL_MAP,
    known=KNOWN_LABEL_IDS,
    fix="Download and unpack gtFine_trainvaltest.zip again.",
    published=5_000,
)
SYNTHIA = RawLabels(
    layout="RGB/ and GT/LABELS/",
    folder="GT/LABELS",
    find=find_synthia,
    read=read_red_ids,
    label_map=synthia.LABEL_MAP,
    known=frozenset(range(synthia.NUM_LABEL_IDS)),
    fix="Unpack SYNTHIA_RAND_CITYSCAPES.rar again.",
    published=9_400,
)
MAPILLARY = RawLabels(
    layout="training/ and validation/",
    folder="labels",
    find=find_mapillary,
    read=read_ids,
    label_map=mapillary.LABEL_MAP,
    known=frozenset(range(mapillary.NUM_LABEL_IDS)),
    fix="Unpack Mapillary Vistas v1.2 again.",
    published=20_000,
)
ACDC = RawLabels(
    layout="rgb_anon/ and gt/",
    folder="gt",
    find=find_acdc,
    read=read_ids,
    label_map={train_id: train_id for train_id in range(len(classes.CLASSES))},
    known=frozenset({*range(len(classes.CLASSES)), classes.IGNORE}),
    fix="Unpack gt_trainval.zip again.",
    published=2_006,
)
