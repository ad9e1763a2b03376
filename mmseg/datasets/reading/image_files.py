"""Image files on disk or in zip archives: listing and decoding, with errors that name the file.

Letters: (H, W) native size.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmseg.datasets.missing import how_to_get
from mmseg.datasets.reading.archives import list_members, matching_folders, read_member, split_archive
from mmseg.datasets.reading.decoding import COLOR, UNCHANGED, decode
from mmseg.datasets.reading.folders import file_bytes, walk
from mmseg.utils.errors import BadFileError, UserError

_FILE_ENDS = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9"}
_TAIL = 4096  # bytes in which the end mark is looked for: some writers append a few of their own


@dataclass(frozen=True)
class ImageFiles:
    """The images of a domain and nothing else: whoever holds this cannot reach labels.

    Attributes:
        folder: where the images lie.
        names: sorted paths relative to ``folder``.
        folders: the folder of every image, where they lie in several archives.
    """

    folder: Path
    names: tuple[str, ...]
    folders: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def path(self, index: int) -> Path:
        return (self.folders[index] if self.folders else self.folder) / self.names[index]

    def read(self, index: int) -> np.ndarray:
        """uint8 [H, W, 3], channel order BGR."""
        return read_image(self.path(index))


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


def read_image(path: Path) -> np.ndarray:
    """Decodes an image of any format: uint8 [H, W, 3], channel order BGR."""
    return _decode(path, COLOR)


def read_unchanged(path: Path) -> np.ndarray:
    """Decodes an image with the channels and bits that it has: uint8 or uint16, [H, W] or BGR(A) [H, W, channels]."""
    return _decode(path, UNCHANGED)


def read_grey(path: Path) -> np.ndarray:
    """Decodes a single-channel 8-bit image without changing its values: uint8 [H, W]."""
    image = read_unchanged(path)
    if image.ndim != 2 or image.dtype != np.uint8:
        shape = f"shape {image.shape}, {image.dtype}"
        raise BadFileError(f"{path} is not a single-channel 8-bit image ({shape}). Convert it to train ids first.")
    return image


def _decode(path: Path, mode: int) -> np.ndarray:
    """Decodes a whole file. OpenCV itself returns half an image for a truncated PNG, hence the look at its end."""
    data = read_bytes(path)
    end = _FILE_ENDS.get(path.suffix.lower(), b"")
    complete = bool(data) and end in data[-_TAIL:]
    image = decode(data, mode) if complete else None
    if image is None:
        what = "empty" if not data else "cut off" if not complete else "not a readable image"
        raise BadFileError(f"{path} is {what} ({len(data)} bytes). Copy or download the file again.")
    return image


def read_bytes(path: Path) -> bytes:
    """The content of a file on disk or in a zip archive.

    Raises:
        BadFileError: it is missing, or cannot be read.
    """
    if archive := split_archive(path):
        return read_member(*archive)
    return file_bytes(path)
