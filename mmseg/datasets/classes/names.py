"""The 19 Cityscapes classes: names, palette, and the label ids that Cityscapes and GTA share.

Source: the Cityscapes label table (Cordts et al., CVPR 2016); GTA (Richter et al., ECCV 2016) uses the same ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmseg.utils.errors import UserError, one_line

IGNORE = 255  # train id of everything outside the 19 classes

LABEL_NAMES = (
    "unlabeled",
    "ego vehicle",
    "rectification border",
    "out of roi",
    "static",
    "dynamic",
    "ground",
    "road",
    "sidewalk",
    "parking",
    "rail track",
    "building",
    "wall",
    "fence",
    "guard rail",
    "bridge",
    "tunnel",
    "pole",
    "polegroup",
    "traffic light",
    "traffic sign",
    "vegetation",
    "terrain",
    "sky",
    "person",
    "rider",
    "car",
    "truck",
    "bus",
    "caravan",
    "trailer",
    "train",
    "motorcycle",
    "bicycle",
    "license plate",
)
"""Names by raw label id 0..34."""

LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""Raw label id of each train id 0..18."""

CLASSES = tuple(LABEL_NAMES[label_id] for label_id in LABEL_IDS)
"""Names by train id 0..18."""

PALETTE = (
    (128, 64, 128),
    (244, 35, 232),
    (70, 70, 70),
    (102, 102, 156),
    (190, 153, 153),
    (153, 153, 153),
    (250, 170, 30),
    (220, 220, 0),
    (107, 142, 35),
    (152, 251, 152),
    (70, 130, 180),
    (220, 20, 60),
    (255, 0, 0),
    (0, 0, 142),
    (0, 0, 70),
    (0, 60, 100),
    (0, 80, 100),
    (0, 0, 230),
    (119, 11, 32),
)
"""RGB by train id 0..18."""

LABEL_MAP = {label_id: train_id for train_id, label_id in enumerate(LABEL_IDS)}
"""Raw label id of Cityscapes and GTA -> train id; ids that are absent are ignored."""


def train_id_lut(label_map: Mapping[int, int] = LABEL_MAP) -> np.ndarray:
    """A table from raw ids to train ids: uint8 [256], ``IGNORE`` for every id that ``label_map`` lacks."""
    lut = np.full(256, IGNORE, np.uint8)
    for raw, train_id in label_map.items():
        lut[raw] = train_id
    return lut


def check_class_names(names: Sequence[str], owner: str) -> tuple[str, ...]:
    """The class names of a config as a tuple.

    Raises:
        UserError: they are no list of different names of one line, or too many for 8-bit labels.
    """
    if isinstance(names, str) or not all(isinstance(name, str) and name and name == one_line(name) for name in names) or not names:
        raise UserError(f"{owner}: classes is {names!r}. Give a list of names, such as classes=['background', 'crack'].")
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise UserError(f"{owner}: classes names '{twice[0]}' twice. Give every class its own name.")
    if len(names) > IGNORE:
        raise UserError(f"{owner}: classes has {len(names)} names, but labels of 8 bits hold {IGNORE}. Join some of the classes.")
    return tuple(names)


def class_lut(own: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """A table from a data set's own class indices to those of a training, by name.

    Args:
        own: the K names of the data set.
        names: the names of the training.

    Returns:
        uint8 [256], ``IGNORE`` for own classes that the training lacks.
    """
    return train_id_lut({index: list(names).index(name) for index, name in enumerate(own) if name in names})
