"""Folders of labels that a network has made: their header is compared with the data set that is to be trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from typing_extensions import NotRequired

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import list_files
from mmseg.datasets.statistics.class_statistics import ClassStatistics, counted
from mmseg.datasets.statistics.counts_file import COUNTS_FILE, read_counts
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import HEADER, Header, check_header, read_header
from mmseg.utils.products.json_file import PRODUCT
from mmseg.utils.products.soft_maps import SUFFIX as SOFT_SUFFIX

KIND = "pseudo-labels"
SUFFIX = ".png"


class MadeHeader(Header):
    """What a data set reads of the header of pseudo-labels."""

    __pydantic_config__ = PRODUCT

    settings: NotRequired[dict[str, Any]]


def made_header(folder: Path) -> MadeHeader | None:
    """The header of a folder of pseudo-labels; None of a folder with labels of another origin.

    Raises:
        UserError: the header is broken.
    """
    return read_header(folder, KIND, MadeHeader) if (folder / HEADER).is_file() else None


def made_name(image: str, *, soft: bool = False) -> str:
    """Path of the label, or of the soft map, of an image, both relative to their folders."""
    return str(PurePosixPath(image).with_suffix(SOFT_SUFFIX if soft else SUFFIX))


def check_made_labels(header: MadeHeader, folder: Path, images: Sequence[str], classes: Sequence[str], *, soft: bool = False) -> None:
    """Refuses pseudo-labels that are of the other kind, not complete, of other classes, or that lack an image; they may be of more images.

    Args:
        header: of :func:`made_header`.
        folder: of the labels.
        images: names of the images.
        classes: names that the values of labels stand for.
        soft: whether soft maps are needed rather than labels.

    Raises:
        UserError: in one line, with the command that makes them.
    """
    check_header(header, folder, kind=KIND, classes=classes)
    given = bool(header.get("settings", {}).get("soft"))
    if given and not soft:
        fix = f"Make others in another folder, without --soft, --stride and --native: {header['made_by']}"
        raise UserError(f"{folder} holds soft maps, which are no labels. {fix}")
    if soft and not given:
        fix = f"Make them in another folder, with --soft: {header['made_by']}"
        raise UserError(f"{folder} holds labels, and soft maps are needed. {fix}")
    existing = set(list_files(folder, SOFT_SUFFIX if soft else SUFFIX))
    missing = next((name for name in images if made_name(name, soft=soft) not in existing), None)
    if missing is not None:
        check_header(header, folder, kind=KIND, images=images)
        raise UserError(f"{folder / made_name(missing, soft=soft)} is gone. Make it with: {header['made_by']}")


def count_made_labels(header: MadeHeader, folder: Path, images: Sequence[str]) -> ClassStatistics:
    """Pixels of every class in pseudo-labels, for rare-class sampling, as they were counted when they were made.

    Args:
        header, folder, images: see :func:`check_made_labels`.

    Raises:
        UserError: the counts are missing, or of other labels.
    """
    counts = read_counts(folder, list(map(made_name, images)), folder, more=True)
    if counts is None:
        raise UserError(f"{folder / COUNTS_FILE} is missing or about other labels. Move it elsewhere and make it with: {header['made_by']}")
    return counted([{train_id: pixels for train_id, pixels in found.items() if train_id != IGNORE} for found in counts])
