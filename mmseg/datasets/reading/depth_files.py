"""Depth images of a simulator: found beside the images, decoded, and turned into inverse depth.

SYNTHIA (Ros et al., CVPR 2016) stores the distance in centimetres as 16-bit PNGs whose three channels are equal; 65535 is the sky.
Wu and Liu (NeurIPS 2022) train on z = 65536 / (raw + 1), which goes from 1 in the sky to 65536 at the camera.

Letters: (H, W) native size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmseg.datasets.missing import how_to_get
from mmseg.datasets.reading.encoded import BadFormatError
from mmseg.datasets.reading.image_files import list_files, read_encoded
from mmseg.datasets.reading.kept_names import keep_parts
from mmseg.utils.errors import BadFileError, UserError

SUFFIX = ".png"
NEAREST = 65536  # inverse depth of the raw value 0
UNPACK_DEPTH = "Unpack the depth images of the data set there, or change depth_dir."
WRITE_DEPTH = "Write the distance in centimetres as a 16-bit grey PNG."


def inverse_depth(raw: np.ndarray) -> np.ndarray:
    """Centimetres, uint16 of any shape -> z = 65536 / (raw + 1), float32, from 1 (raw 65535, the sky) to 65536 (raw 0)."""
    return np.float32(NEAREST) / (raw.astype(np.float32) + 1)


def read_depth(path: Path) -> np.ndarray:
    """The inverse depth of a depth file: float32 [H, W], see :func:`inverse_depth` and :func:`read_raw_depth`."""
    return inverse_depth(read_raw_depth(path))


def read_raw_depth(path: Path) -> np.ndarray:
    """Decodes a depth file as it was written: uint16 [H, W], centimetres.

    SYNTHIA's three channels are equal; of others OpenCV's grey value is taken, as in the published code.

    Raises:
        BadFileError: the file is missing, broken, has no 16-bit whole numbers, or is 0 everywhere, so that it shows nothing.
    """
    file = read_encoded(path)
    if file.header.bits != 16 or file.header.kind != "uint":
        raise BadFormatError(f"{path} is {file.header.named}, no 16-bit depth. {WRITE_DEPTH}")
    raw = file.grey()
    if not raw.any():
        raise BadFileError(f"{path} holds the depth 0 everywhere. {WRITE_DEPTH}")
    return raw


@dataclass(frozen=True)
class DepthFiles:
    """The depth images of a data set, one for each of its images.

    Attributes:
        folder: of all of them; may lie in a zip archive.
        names: relative to it, in the order of the images.
    """

    folder: Path
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        keep_parts(self.names)

    @classmethod
    def find(cls, folder: Path, stems: Sequence[str], owner: str) -> DepthFiles:
        """Those of images whose relative paths without the end are ``stems``.

        Raises:
            UserError: the folder or a file of it does not exist; opens with ``owner``.
        """
        files = cls.named(folder, stems)
        missing = files.missing()
        if missing:
            lacks = f"{len(missing)} of {len(stems)} images have no depth, first {files.path(missing[0])}"
            fix = how_to_get(folder, UNPACK_DEPTH)
            raise UserError(f"{owner}: {lacks}. {fix}")
        return files

    @classmethod
    def named(cls, folder: Path, stems: Sequence[str]) -> DepthFiles:
        """As :meth:`find`, but not looked for."""
        return cls(folder, tuple(f"{stem}{SUFFIX}" for stem in stems))

    def missing(self) -> list[int]:
        """Indices of the images without a file."""
        existing = {*list_files(self.folder, SUFFIX)}
        return [index for index, name in enumerate(self.names) if name not in existing]

    def path(self, index: int) -> Path:
        """The file of an image."""
        return self.folder / self.names[index]

    def raw(self, index: int, size: Sequence[int]) -> np.ndarray:
        """The depth of an image of (H, W) pixels: uint16 [H, W], centimetres.

        Raises:
            BadFileError: see :func:`read_raw_depth`; or it has another size.
        """
        raw = read_raw_depth(self.path(index))
        self.check_size(index, raw, size)
        return raw

    def check_size(self, index: int, raw: np.ndarray, size: Sequence[int]) -> None:
        """Refuses depth that has not the size (H, W) of its image."""
        if raw.shape != tuple(size):
            sizes = f"{raw.shape[1]}x{raw.shape[0]}, its image {size[1]}x{size[0]}"
            raise BadFileError(f"{self.path(index)} has {sizes}. Copy the depth that belongs to the image again.")
