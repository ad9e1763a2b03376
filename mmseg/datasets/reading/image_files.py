"""Image files on disk or in zip archives: listing and decoding, with errors that name the file.

Letters: (H, W) native size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmseg.datasets.loading.worker_reports import note_file
from mmseg.datasets.missing import how_to_get
from mmseg.datasets.reading.archives import list_members, matching_folders, read_member, split_archive
from mmseg.datasets.reading.encoded import Encoded
from mmseg.datasets.reading.folders import file_bytes, walk
from mmseg.datasets.reading.kept_names import keep_parts
from mmseg.datasets.reading.value_range import ValueRange
from mmseg.utils.errors import UserError


@dataclass(frozen=True)
class ImageFiles:
    """The images of a domain and nothing else: whoever holds this cannot reach labels.

    Attributes:
        folder: where the images lie.
        names: sorted paths relative to ``folder``.
        folders: the folder of every image, where they lie in several archives.
        values: of images of more than 8 bits, those that become 0 and 255; None refuses such images.
        change: what is done to every image before it is used, given the image and its name; None leaves them as they are.
    """

    folder: Path
    names: tuple[str, ...]
    folders: tuple[Path, ...] = ()
    values: ValueRange | None = None
    change: Callable[[np.ndarray, str], np.ndarray] | None = None

    def __post_init__(self) -> None:
        keep_parts(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def part_number(self, index: int) -> int:
        """Which of several lists of images one belongs to."""
        return 0

    def first(self, number: int | None) -> ImageFiles:
        """The first ``number`` images by name, or all of them."""
        return replace(self, names=self.names[:number], folders=self.folders[:number])

    def chosen(self, indices: Iterable[int]) -> ImageFiles:
        """The images with these indices, in their order."""
        kept = tuple(indices)
        names, folders = (tuple(entries[index] for index in kept if entries) for entries in (self.names, self.folders))
        return replace(self, names=names, folders=folders)

    @property
    def places(self) -> list[Path]:
        """The folders of the images."""
        return list(dict.fromkeys(self.folders)) or [self.folder]

    def path(self, index: int) -> Path:
        return (self.folders[index] if self.folders else self.folder) / self.names[index]

    def encoded(self, index: int) -> Encoded:
        """The content of a file, see :func:`read_encoded`."""
        return replace(read_encoded(self.path(index)), values=self.values)

    def read(self, index: int) -> np.ndarray:
        """uint8 [H, W, 3], channel order BGR, upright."""
        return self.color(index, self.encoded(index))

    def color(self, index: int, photo: Encoded) -> np.ndarray:
        """The same from the content of the file, which has been read already."""
        image = photo.color()
        return image if self.change is None else self.change(image, self.names[index])


def list_files(folder: Path, suffix: str) -> tuple[str, ...]:
    """Sorted relative paths of all files below ``folder`` that end with ``suffix``, see :func:`mmseg.datasets.reading.folders.walk`.

    ``folder`` may lie in a zip archive; one that does not exist holds none.
    """
    if archive := split_archive(folder):
        return tuple(sorted(list_members(*archive, suffix)))
    if not folder.is_dir():
        return ()
    names, _ = walk(folder)
    return tuple(sorted(name for name in names if name.endswith(suffix)))


def list_images(folder: Path, suffix: str, owner: str) -> ImageFiles:
    """Lists a folder that has to exist and hold images.

    Args:
        folder: may lie in a zip archive (``data/gta/01_images.zip/images``) or in several (``data/gta/*_images.zip/images``).
        suffix: end of the names.
        owner: opens the error message.
    """
    folders = matching_folders(folder)
    missing = [place for place in folders if not _exists(place)]
    if missing or not folders:
        where = missing[0] if missing else folder
        fix = how_to_get(where, "Put the data there or change data_root and img_dir.")
        raise UserError(f"{owner}: the image folder {where} does not exist. {fix}")
    found = sorted((name, place) for place in folders for name in list_files(place, suffix))
    if not found:
        raise UserError(f"{owner}: {folder} holds no file that ends with '{suffix}'. Put the images there or change img_dir or img_suffix.")
    names, places = zip(*found, strict=True)
    return ImageFiles(folder, names, () if folders == [folder] else places)


def _exists(folder: Path) -> bool:
    archive = split_archive(folder)
    return archive[0].is_file() if archive else folder.is_dir()


def read_image(path: Path, values: ValueRange | None = None) -> np.ndarray:
    """Decodes an image of any format, turned upright where its EXIF entry says how the camera was held.

    Args:
        path: a file on disk or in a zip archive.
        values: of an image of more than 8 bits, those that become 0 and 255; None refuses such an image.

    Returns:
        uint8 [H, W, 3], channel order BGR.

    Raises:
        BadFileError: the file is missing, broken, or of a kind that is not read.
    """
    return replace(read_encoded(path), values=values).color()


def read_label_ids(path: Path, fix: str | None = None) -> np.ndarray:
    """Decodes a label as it was written: uint8 or uint16 [H, W] of ids; see :meth:`Encoded.ids`."""
    return read_encoded(path, fix).ids()


def read_encoded(path: Path, fix: str | None = None) -> Encoded:
    """Reads an image or a label and looks at its structure; nothing is decoded.

    Args:
        path: a file on disk or in a zip archive.
        fix: ends the errors of a broken file; None for a sentence that fits any file.

    Raises:
        BadFileError: the file is missing, cut off, no image, or larger than what is decoded.
    """
    return Encoded.of(path, read_bytes(path), fix)


def read_bytes(path: Path) -> bytes:
    """The content of a file on disk or in a zip archive.

    Raises:
        BadFileError: it is missing, or cannot be read.
    """
    note_file(path)
    if archive := split_archive(path):
        return read_member(*archive)
    return file_bytes(path)
