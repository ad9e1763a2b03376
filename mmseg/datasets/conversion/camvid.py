"""CamVid's labels: the 11 ids of SegNet, read in place, or the original 32 colours, which are turned into them.

Sources: the colours are those of the table that comes with CamVid (Brostow et al., 2008); which of its 32 classes are one of the 11
follows SegNet (Badrinarayanan et al., PAMI 2017), and so does the split. The original files were not at hand: the table and the rule of
the split are from general knowledge, and from the names of the 468 training and validation images of the split.

Letters: (H, W) native label size.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.conversion import layouts
from mmseg.datasets.conversion.raw_labels import LabelFile, RawLabels, check_folder, read_ids
from mmseg.datasets.kinds.camvid import CAMVID_CLASSES, COLOURED, PHOTOGRAPHS, UNLABELLED, CamVidDataset
from mmseg.datasets.reading.image_files import list_files, read_bytes, read_encoded
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import write_bytes

SPLITS = ("train", "val", "test")

COLOURS = {
    "sky": [(128, 128, 128)],
    "building": [(128, 0, 0), (192, 0, 128), (0, 128, 64), (64, 0, 64), (64, 192, 0)],  # archway, bridge, tunnel, wall
    "pole": [(192, 192, 128), (0, 0, 64)],  # traffic cone
    "road": [(128, 64, 128), (128, 0, 192), (192, 0, 64)],  # lane markings, for cars and others
    "pavement": [(0, 0, 192), (64, 192, 128), (128, 128, 192)],  # parking block, shoulder
    "tree": [(128, 128, 0), (192, 192, 0)],  # other vegetation
    "sign symbol": [(192, 128, 128), (128, 128, 64), (0, 64, 64)],  # text, traffic light
    "fence": [(64, 64, 128)],
    "car": [(64, 0, 128), (64, 128, 192), (192, 128, 192), (192, 64, 128), (128, 64, 64)],  # van, truck and bus, train, other moving
    "pedestrian": [(64, 64, 0), (192, 128, 64), (64, 0, 192), (64, 128, 64)],  # child, pram or cart, animal
    "bicyclist": [(0, 128, 192), (192, 0, 192)],  # motorcycle or scooter
}
"""RGB of the 31 labelled classes of the original form, by the class that each becomes."""

VOID = (0, 0, 0)
UNKNOWN = 254
"""Id of a colour that CamVid does not have."""

FIX = "Copy this label of CamVid again."
PUT = "Put the folders of CamVid there (train, trainannot, val, valannot, test, testannot)"


def ids_of_colours(image: np.ndarray) -> np.ndarray:
    """From BGR uint8 [H, W, 3] to the ids 0..11, uint8 [H, W]; :data:`UNKNOWN` for other colours."""
    blue, green, red = (image[..., channel].astype(np.int32) for channel in range(3))
    packed = (red << 16) | (green << 8) | blue
    ids = np.full(packed.shape, UNKNOWN, np.uint8)
    known = [(colour, CAMVID_CLASSES.index(name)) for name, colours in COLOURS.items() for colour in colours]
    for (r, g, b), index in [*known, (VOID, UNLABELLED)]:
        ids[packed == (r << 16) | (g << 8) | b] = index
    return ids


def read_camvid_ids(path: Path, fix: str) -> np.ndarray:
    """Reads a label of either form: uint8 [H, W], ids 0..11 and 255, and :data:`UNKNOWN`."""
    file = read_encoded(path, fix)
    if file.header.bits == 8 and file.header.bands == 3 and path.name.endswith(COLOURED):
        return ids_of_colours(file.stored())
    return read_ids(path, fix)


def split_of(stem: str) -> str | None:
    """The split of an image by its name, such as '0016E5_07959'; None for one that is in none.

    Training are the first half of the sequence 0001TP, 0006R0, and of 0016E5 what was labelled once in a second; validation is the part of
    it that was labelled 15 times in a second (every other frame, with odd numbers), and test the second half of 0001TP and Seq05VD.
    """
    sequence, _, frame = stem.partition("_")
    number = int("".join(filter(str.isdigit, frame)) or 0)
    if sequence == "0001TP":
        return "train" if number <= 8520 else "test"
    if sequence == "0016E5":
        return "val" if 7959 <= number <= 8159 and number % 2 else "train"
    return {"0006R0": "train", "Seq05VD": "test"}.get(sequence)


def coloured_labels(root: Path) -> dict[str, Path]:
    """Labels in the original form, anywhere in the data folder, by the name of their image without its end."""
    return {PurePosixPath(name).name.removesuffix(COLOURED): root / name for name in list_files(root, COLOURED)}


def find_camvid(root: Path, folder: str) -> list[LabelFile]:
    """The labels of CamVid; only ``train`` is counted.

    Args:
        root: data folder.
        folder: of the labels of the training split, such as 'trainannot' or 'labels/train'; others lie beside it.

    Raises:
        UserError: there is none, or a photograph has no label.
    """
    coloured = coloured_labels(root)
    if coloured:
        splits = {stem: split for stem in coloured if (split := split_of(stem))}
        return [LabelFile(coloured[stem], root / f"{split}annot/{stem}.png", split == "train") for stem, split in sorted(splits.items())]
    check_folder(root, folder, PUT)
    files = []
    for split in SPLITS:
        labels = split.join(folder.rsplit("train", 1))
        if split == "train" or (root / labels).is_dir():
            images = labels.removesuffix("annot") if labels.endswith("annot") else labels.replace("labels", "images")
            data = CamVidDataset(data_root=str(root), img_dir=images, ann_dir=labels)
            files += [LabelFile(path, path, split == "train") for path in map(data.label_path, range(len(data)))]
    return files


def place_photographs(root: Path) -> int:
    """Puts the photographs of the original form into folders of their split, as links, or copies where links cannot be.

    Returns:
        how many are new.

    Raises:
        UserError: a label has no photograph.
    """
    coloured = {stem: split for stem in coloured_labels(root) if (split := split_of(stem))}
    names = [name for ending in PHOTOGRAPHS for name in list_files(root, ending) if not name.endswith(COLOURED)]
    made = tuple(f"{split}{kind}/" for split in SPLITS for kind in ("", "annot"))
    photographs = {PurePosixPath(name).stem: root / name for name in names if not name.startswith(made)}
    endings = {stem: photographs[stem].suffix if stem in photographs else PHOTOGRAPHS[0] for stem in coloured}
    places = {stem: root / split / f"{stem}{endings[stem]}" for stem, split in coloured.items()}
    missing = sorted(stem for stem, place in places.items() if stem not in photographs and not place.is_file())
    if missing:
        count = f"{len(missing)} labels of 32 colours in {root} have no photograph, first {missing[0]}.png"
        raise UserError(f"{count}. Copy the folder of photographs that belongs to them (701_StillsRaw_full) there.")
    new = {stem: place for stem, place in places.items() if not place.is_file()}
    for stem, place in new.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.unlink(missing_ok=True)  # a link that leads nowhere
            place.symlink_to(os.path.relpath(photographs[stem], place.parent))
        except OSError:
            write_bytes(place, read_bytes(photographs[stem]))
    return len(new)


CAMVID = RawLabels(
    layout=layouts.CAMVID,
    find=find_camvid,
    read=read_camvid_ids,
    label_map={index: index for index in range(len(CAMVID_CLASSES))},
    known=frozenset({*range(len(CAMVID_CLASSES)), UNLABELLED, IGNORE}),
    classes=CAMVID_CLASSES,
    fix=FIX,
    published=701,
)
