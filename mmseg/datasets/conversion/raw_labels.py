"""How the data sets store their raw labels: where the files lie, how ids are encoded, which train id each one becomes.

Letters: (H, W) native label size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmseg.datasets.classes import names as classes
from mmseg.datasets.conversion import layouts
from mmseg.datasets.conversion.layouts import Layout
from mmseg.datasets.kinds import cityscapes, mapillary, synthia
from mmseg.datasets.kinds.acdc import ACDCDataset
from mmseg.datasets.reading.archives import split_archive
from mmseg.datasets.reading.image_files import list_files, read_encoded, read_label_ids
from mmseg.utils.errors import UserError

TRAIN_ID_SUFFIX = "_labelTrainIds.png"


@dataclass(frozen=True)
class LabelFile:
    """One label to convert.

    Attributes:
        source: raw label; may lie in a zip archive.
        output: train-id label that is written.
        counted: whether the file enters the class statistics.
    """

    source: Path
    output: Path
    counted: bool = True

    @property
    def is_current(self) -> bool:
        """Whether the output exists and is not older than the raw label, or than the archive that holds it."""
        archive = split_archive(self.source)
        source = archive[0] if archive else self.source
        return self.output.is_file() and self.output.stat().st_mtime_ns >= source.stat().st_mtime_ns


@dataclass(frozen=True, kw_only=True)
class RawLabels:
    """The raw labels of one data set.

    Attributes:
        layout: folders of the data set.
        find: lists the files of (data folder, label folder).
        read: decodes the file (path, fix) to ids, uint8 [H, W].
        label_map: raw id -> train id; the others are ignored.
        known: ids that occur on purpose; others are reported.
        fix: what mends a broken label file, a full sentence.
        published: number of labels of the published data set.
        classes: names by train id.
    """

    layout: Layout
    find: Callable[[Path, str], list[LabelFile]]
    read: Callable[[Path, str], np.ndarray]
    label_map: Mapping[int, int]
    known: frozenset[int]
    fix: str
    published: int
    classes: tuple[str, ...] = classes.CLASSES


def read_ids(path: Path, fix: str) -> np.ndarray:
    """Reads raw label ids: uint8 [H, W].

    Args:
        path: label file.
        fix: what the user should do about a broken file (a full sentence).

    Raises:
        UserError: the file cannot be decoded, or holds colours or larger ids.
    """
    ids = read_label_ids(path, fix)
    if ids.max() > 255:
        raise UserError(f"{path} holds the id {ids.max()}, but the raw ids of this data set end at 255. {fix}")
    return ids.astype(np.uint8, copy=False)


def read_mapillary_ids(path: Path, fix: str) -> np.ndarray:
    """As :func:`read_ids`; larger ids are those of Vistas v2.0, whose smaller ones mean other things than in v1.2."""
    ids = read_ids(path, fix)
    mapillary.CATEGORIES.check(ids, path)
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
    file = read_encoded(path, fix)
    if file.header.bits != 16 or file.header.bands != 3:
        raise UserError(f"{path} is {file.header.named}, no 16-bit RGB PNG with the class in its red channel. {fix}")
    return np.minimum(file.stored()[..., 2], 255).astype(np.uint8)


def find_gta(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of GTA: ``<root>/<folder>/00001.png``."""
    return _numbered(root, folder, "00001.png", "Put the GTA label archives into the data folder, or unpack them there")


def find_synthia(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of SYNTHIA: ``<root>/<folder>/0000000.png``."""
    return _numbered(root, folder, "0000000.png", "Unpack SYNTHIA_RAND_CITYSCAPES.rar there")


def find_cityscapes(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of Cityscapes: ``<root>/<folder>/<split>/<city>/*_labelIds.png``; only ``train`` is counted."""
    unpack = "Put gtFine_trainvaltest.zip into the data folder, or unpack it there"
    sources = {name: path for name, path in _raw_labels(root, folder, unpack).items() if _is_cityscapes(name)}
    splits = {name.split("/")[0] for name in sources}
    if "train" not in splits:
        found = f"only {', '.join(sorted(splits))}" if splits else "no <split>/<city>/*_labelIds.png at all"
        raise UserError(f"{root / folder} holds no train/<city>/*_labelIds.png ({found}). {unpack}.")
    outputs = {name: root / folder / name.replace("_labelIds.png", TRAIN_ID_SUFFIX) for name in sources}
    return [LabelFile(path, outputs[name], name.startswith("train/")) for name, path in sources.items()]


def find_mapillary(root: Path, folder: str) -> list[LabelFile]:
    """The raw labels of Mapillary Vistas: ``<root>/{training,validation}/<folder>/*.png``; only ``training`` is counted.

    One of the two is enough, because the data set is often used for evaluation alone.
    """
    files = []
    for split in ("training", "validation"):
        labels = f"{split}/{folder}"
        for name, path in raw_files(root, labels).items():
            if "/" not in name and not name.endswith(TRAIN_ID_SUFFIX):
                files.append(LabelFile(path, root / labels / _train_id_name(name), counted=split == "training"))
    if not files:
        found = f"holds neither training/{folder}/*.png nor validation/{folder}/*.png" if root.is_dir() else "is not a folder"
        raise UserError(f"{root} {found}. Unpack Mapillary Vistas v1.2 there.")
    return files


def find_acdc(root: Path, folder: str) -> list[LabelFile]:
    """The labels of ACDC, which are train ids already, in both layouts that the data set reads; only ``train`` is counted.

    Raises:
        UserError: an image of the training or validation split has no label.
    """
    check_folder(root, folder, "Unpack rgb_anon_trainvaltest.zip and gt_trainval.zip there")
    files = []
    for split in ("train", "val"):
        data = ACDCDataset(data_root=str(root), img_dir=f"rgb_anon/{split}", ann_dir=f"{folder}/{split}")
        files += [LabelFile(path, path, split == "train") for path in map(data.label_path, range(len(data)))]
    return files


def raw_files(root: Path, folder: str) -> dict[str, Path]:
    """The PNGs of a label folder, by their sorted names relative to it: on disk, or else in the zip archives of the data folder."""
    found = {}
    for place in (*(archive / folder for archive in sorted(root.glob("*.zip")) if archive.is_file()), root / folder):
        found |= {name: place / name for name in list_files(place, ".png")}
    return dict(sorted(found.items()))


def _numbered(root: Path, folder: str, example: str, unpack: str) -> list[LabelFile]:
    """Files whose stems end in a digit, so that outputs are left out."""
    sources = {name: path for name, path in _raw_labels(root, folder, unpack).items() if "/" not in name and path.stem[-1].isdigit()}
    if not sources:
        raise UserError(f"{root / folder} holds no label such as {example}. {unpack}.")
    return [LabelFile(path, root / folder / _train_id_name(name)) for name, path in sources.items()]


def _raw_labels(root: Path, folder: str, unpack: str) -> dict[str, Path]:
    found = raw_files(root, folder)
    if not found:
        check_folder(root, folder, unpack)
    return found


def _train_id_name(name: str) -> str:
    return name.removesuffix(".png") + TRAIN_ID_SUFFIX


def _is_cityscapes(name: str) -> bool:
    return name.count("/") == 2 and name.endswith("_labelIds.png")


def check_folder(root: Path, folder: str, unpack: str) -> None:
    """Refuses a data folder, or a label folder in it, that does not exist; ``unpack`` says what to put there."""
    for path in (root, root / folder):
        if not path.is_dir():
            raise UserError(f"{path} is not a folder. {unpack}, or name the folder that holds {folder}/.")


KNOWN_LABEL_IDS = frozenset({*range(len(classes.LABEL_NAMES)), 255})  # a license plate is -1, which an 8-bit file stores as 255

GTA = RawLabels(
    layout=layouts.GTA,
    find=find_gta,
    read=read_ids,
    label_map=classes.LABEL_MAP,
    known=KNOWN_LABEL_IDS,
    fix="Download and unpack the GTA label archive that holds it again.",
    published=24_966,
)
CITYSCAPES = RawLabels(
    layout=layouts.CITYSCAPES,
    find=find_cityscapes,
    read=read_ids,
    label_map=classes.LABEL_MAP,
    known=KNOWN_LABEL_IDS,
    fix=cityscapes.CATEGORIES.fix,
    published=5_000,
)
SYNTHIA = RawLabels(
    layout=layouts.SYNTHIA,
    find=find_synthia,
    read=read_red_ids,
    label_map=synthia.LABEL_MAP,
    known=frozenset(range(synthia.NUM_LABEL_IDS)),
    fix=synthia.CATEGORIES.fix,
    published=9_400,
)
MAPILLARY = RawLabels(
    layout=layouts.MAPILLARY,
    find=find_mapillary,
    read=read_mapillary_ids,
    label_map=mapillary.LABEL_MAP,
    known=frozenset(range(mapillary.NUM_LABEL_IDS)),
    fix=mapillary.CATEGORIES.fix,
    published=20_000,
)
ACDC = RawLabels(
    layout=layouts.ACDC,
    find=find_acdc,
    read=read_ids,
    label_map={train_id: train_id for train_id in range(len(classes.CLASSES))},
    known=frozenset({*range(len(classes.CLASSES)), classes.IGNORE}),
    fix="Unpack gt_trainval.zip again.",
    published=2_006,
)
