"""Which few images of a target are labelled: a list of the field, one of one's own, or a draw.

The lists of the field are those of semi-supervised segmentation (U2PL, Wang et al., CVPR 2022; UniMatch, Yang et al., CVPR 2023), whose
repositories hold them; none is copied here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from mmseg.datasets.choosing.file_lists import choose_images
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Share
from mmseg.utils.randomness import derive_seed

Labeled = NonNegative[int] | Share | str
"""How many images are labelled, which share of them, or which list names them."""

LISTS_FOLDER = "lists"
"""Folder of the field's lists, below that of the data set."""

KNOWN_LISTS: Mapping[str, int] = MappingProxyType(
    {
        "cityscapes_1_16": 186,
        "cityscapes_1_8": 372,
        "cityscapes_1_4": 744,
        "cityscapes_1_2": 1488,
        "cityscapes_100": 100,
        "cityscapes_200": 200,
        "cityscapes_500": 500,
    }
)
"""Numbers of images of the field's lists, of 2,975 in the training split of Cityscapes."""


def labeled_images(
    images: ImageFiles, labeled: int | float | str, *, root: Path, stem: Callable[[str], str], seed: int, owner: str
) -> ImageFiles:
    """The images that are labelled, in the order of the folder.

    Args:
        images: all of the folder, sorted by name.
        labeled: how many; or a share of them as a number with a point, rounded; or one of :data:`KNOWN_LISTS`; or a text file with one
            image a line, see :func:`choose_images`.
        root: folder of the data set, which a list lies below.
        stem: name of an image -> what remains without its end.
        seed: of the draw of a number or a share.
        owner: opens the errors.

    Raises:
        UserError: the list is missing, has another number of images than it should, or names something else; or there are no such many.
    """
    if not isinstance(labeled, str):
        return images.chosen(drawn(len(images), number_of(labeled, len(images), owner), seed))
    path = root / LISTS_FOLDER / f"{labeled}.txt" if labeled in KNOWN_LISTS else root / labeled
    if labeled in KNOWN_LISTS and not path.is_file():
        raise UserError(f"{owner}: the list {path} of {KNOWN_LISTS[labeled]} images is not there. {how_to_get_list(labeled)}")
    chosen = choose_images(images, path, (root, *images.folder.parents), stem, option="labeled")
    if labeled in KNOWN_LISTS and len(chosen) != KNOWN_LISTS[labeled]:
        text = f"{owner}: {path} names {len(chosen)} images, and {labeled} are {KNOWN_LISTS[labeled]} of the 2,975"
        raise UserError(f"{text}. Copy the list again, or name the file itself to use it as it is: labeled='{LISTS_FOLDER}/{labeled}.txt'.")
    return chosen


def how_to_get_list(name: str) -> str:
    """The sentence that ends the error about a list of the field that is missing."""
    share = name.removeprefix("cityscapes_")
    where = (
        f"splits/cityscapes/{share}/labeled.txt of github.com/LiheYoung/UniMatch" if "_" in share else "that of the paper to compare with"
    )
    return f"Copy {where} there, or draw as many with labeled={KNOWN_LISTS[name]}."


def number_of(labeled: int | float, count: int, owner: str) -> int:
    """How many of ``count`` images a number or a share of them is; a share above 0 is one image or more.

    Raises:
        UserError: none, or more than there are.
    """
    number = labeled if isinstance(labeled, int) else max(round(labeled * count), 1 if labeled > 0 else 0)
    if not 1 <= number <= count:
        fix = f"Give a number from 1 to {count}, or a share such as 0.05"
        raise UserError(f"{owner}: labeled={labeled} of {count} images are {number}. {fix}.")
    return number


def drawn(count: int, number: int, seed: int) -> list[int]:
    """Draws ``number`` of ``count`` indices, ascending. More of them with the same seed are these and others."""
    order: Sequence[int] = np.random.default_rng(derive_seed(seed, "labeled images")).permutation(count)
    return sorted(int(index) for index in order[:number])


def labeled_config(target: dict | None) -> dict | None:
    """The config of the labelled images of a target: of those of several data sets that have some; None where none is asked for.

    ``labeled=0`` asks for none of a data set, and gives ``{}`` where no other has some.
    """
    if target is None or "datasets" not in target:
        asked = target is not None and target.get("labeled") is not None
        return (target if target["labeled"] != 0 else {}) if asked else None
    parts = [part for part in target["datasets"] if part.get("labeled") is not None]
    some = [part for part in parts if part["labeled"] != 0]
    weightless = {key: value for key, value in target.items() if key != "weights"}
    return {**weightless, "datasets": some} if some else {} if parts else None
