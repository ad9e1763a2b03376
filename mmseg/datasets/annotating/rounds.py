"""Rounds of annotating as folders: what was asked in a round, and everything that is known after it.

A folder ``annotations`` of a run holds::

    current.json            the number of the round whose labels a training uses now
    budget.json             what all rounds so far have cost (mmseg.datasets.annotating.ledger)
    round_1/picks/NAME.json what was picked in the image NAME in this round
    round_1/labels/NAME.png train ids of all that is labelled after this round, 255 elsewhere
    round_1/spent.json      what the round has cost in each image
    round_1/header.json     written last: the round is finished, and is never changed again

Letters: (H, W) native size of an image, n picks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
from typing_extensions import TypedDict

from mmseg.datasets.annotating.label_files import read_annotation
from mmseg.datasets.classes.names import IGNORE
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import HEADER, VERSION, Header, images_digest
from mmseg.utils.products.json_file import PRODUCT, Count, Measure, read_product
from mmseg.utils.storage.files import write_json, write_text
from mmseg.utils.storage.images import write_image

KIND = "annotations"
ANNOTATIONS = "annotations"
"""Folder of all rounds in the folder of a run."""
CURRENT = "current.json"


class Current(TypedDict):
    """``current.json``."""

    __pydantic_config__ = PRODUCT

    version: Literal[1]
    round: Count


class Picks(TypedDict):
    """What was picked in an image.

    Attributes:
        size: [H, W].
        radius: a square of this radius around each pick is labelled, cut off at the borders.
        picks: (row, column) of each, in the order in which they were picked.
        asked: pixels that were asked for in this round.
        allowed: pixels of the image that all rounds together may ask for.
        unspent: picks that the budget would have paid for, but nothing was left to pick.
    """

    __pydantic_config__ = PRODUCT

    version: Literal[1]
    size: list[Count]
    radius: Count
    picks: list[list[Count]]
    asked: Count
    allowed: Count
    unspent: Count


class RoundHeader(Header):
    """``header.json`` of a round.

    Attributes:
        round: its number, from 1.
        iteration: finished iterations of the training before it.
        network: digest of the weights that chose what to label.
        settings: what decides the picks beside the network.
        picked: whether all images have their picks; ``complete`` says that all have their labels, too.
    """

    __pydantic_config__ = PRODUCT

    kind: Literal["annotations"]
    round: Count
    iteration: Count
    network: str
    settings: dict[str, Any]
    picked: bool


class SpentInImage(TypedDict):
    """Pixels of an image in a round: asked for, labelled, without a class (255); and picks that nothing was left for."""

    __pydantic_config__ = PRODUCT

    asked: Count
    given: Count
    ignored: Count
    unspent: Count


class Spent(TypedDict):
    """``spent.json``: what a round has cost.

    Attributes:
        pixels: of all images.
        allowed: pixels that all rounds together may ask for.
        images: by their stems.
    """

    __pydantic_config__ = PRODUCT

    version: Literal[1]
    pixels: Measure
    allowed: Measure
    images: dict[str, SpentInImage]


def stems(names: Sequence[str]) -> tuple[str, ...]:
    """What the files of each image are called, without their end: its relative path; with its own end where two would be alike."""
    short = [str(PurePosixPath(name).with_suffix("")) for name in names]
    long = tuple(names) if len(set(names)) == len(names) else tuple(f"{index:06d}/{name}" for index, name in enumerate(names))
    return tuple(short) if len(set(short)) == len(short) else long


@dataclass(frozen=True)
class RoundFolder:
    """One round.

    Attributes:
        root: folder of all rounds.
        number: of this one, from 1.
        names: of the images, as :class:`mmseg.datasets.reading.image_files.ImageFiles` has them.
    """

    root: Path
    number: int
    names: tuple[str, ...]

    @property
    def path(self) -> Path:
        return self.root / f"round_{self.number}"

    @property
    def fix(self) -> str:
        """The end of errors about files of a round that are missing, broken or of another training."""
        return f"Restore it, or move {self.root} elsewhere and train anew in another folder."

    def picks_file(self, stem: str) -> Path:
        return self.path / "picks" / f"{stem}.json"

    def label_file(self, stem: str) -> Path:
        return self.path / "labels" / f"{stem}.png"

    def header(self) -> RoundHeader | None:
        """The header; None where the round was not begun.

        Raises:
            UserError: it is broken.
        """
        return read_product(self.path / HEADER, RoundHeader, self.fix) if (self.path / HEADER).exists() else None

    @property
    def complete(self) -> bool:
        """Whether the round is finished."""
        header = self.header()
        return header is not None and header["complete"]

    def write_header(self, header: RoundHeader) -> None:
        write_json(self.path / HEADER, header)

    def read_picks(self, stem: str) -> Picks:
        """The picks of an image.

        Raises:
            UserError: the file is missing or broken, or has picks outside of the image.
        """
        path = self.picks_file(stem)
        picks = read_product(path, Picks, self.fix)
        size = picks["size"]
        if len(size) != 2 or not all(len(pick) == 2 and pick[0] < size[0] and pick[1] < size[1] for pick in picks["picks"]):
            raise UserError(f"{path} has picks outside of its image, or no size of it. {self.fix}")
        return picks

    def write_picks(self, stem: str, picks: Picks) -> None:
        write_text(self.picks_file(stem), json.dumps(picks) + "\n")

    def read_label(self, stem: str, size: Sequence[int]) -> np.ndarray:
        """What is known of an image after this round: uint8 [H, W].

        Raises:
            UserError: the file is missing, broken, or of another size than (H, W).
        """
        return read_annotation(self.label_file(stem), size, self.fix)

    def unlabelled(self) -> list[str]:
        """The stems of the images of which something is asked for that has no labels yet.

        Raises:
            UserError: picks of one are missing or broken.
        """
        without = (stem for stem in stems(self.names) if not self.label_file(stem).exists())
        return [stem for stem in without if self.read_picks(stem)["asked"] > 0]

    def write_label(self, stem: str, label: np.ndarray) -> None:
        write_image(self.label_file(stem), label)

    def known_before(self, stem: str, size: Sequence[int]) -> np.ndarray:
        """What is known of an image of (H, W) pixels before this round: uint8 [H, W]."""
        if self.number == 1:
            return np.full(tuple(size), IGNORE, np.uint8)
        return RoundFolder(self.root, self.number - 1, self.names).read_label(stem, size)


def as_array(picks: Picks) -> np.ndarray:
    """(row, column) of each pick: int64 [n, 2]."""
    return np.array(picks["picks"], np.int64).reshape(-1, 2)


def new_header(folder: RoundFolder, *, iteration: int, network: str, classes: Sequence[str], settings: dict, command: str) -> RoundHeader:
    """The header of a round that begins.

    Args:
        folder: of the round.
        iteration: finished iterations of the training.
        network: see :class:`RoundHeader`.
        classes: names by train id.
        settings: values of JSON.
        command: that goes on with the training.
    """
    return {
        "version": VERSION,
        "kind": KIND,
        "made_by": command,
        "digest": None,
        "checkpoint": None,
        "classes": list(classes),
        "images": len(folder.names),
        "images_digest": images_digest(folder.names),
        "complete": False,
        "round": folder.number,
        "iteration": iteration,
        "network": network,
        "settings": settings,
        "picked": False,
    }


def read_current(root: Path) -> int:
    """Number of the round whose labels a training uses now; 0 before the first."""
    path = root / CURRENT
    return read_product(path, Current, f"Move {path} elsewhere.")["round"] if path.exists() else 0


def write_current(root: Path, number: int) -> None:
    """Says which labels a training uses from now on."""
    write_json(root / CURRENT, {"version": VERSION, "round": number})
