"""One image or label file: read once, looked at, and decoded as what it is needed for. All errors name the file.

Letters: (H, W) native size, upright.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmseg.datasets.reading.decoding import FormatError, decode_color, decode_grey, decode_ids, decode_values, has_a_hole, upright
from mmseg.datasets.reading.headers import Header, TooLargeError, UnreadableError, read_header
from mmseg.datasets.reading.value_range import ValueRange, depth_advice
from mmseg.utils.errors import BadFileError

AGAIN = "Copy or download the file again."
SMALLER = "Cut it into smaller images, or copy it again if it should be none so large."
WRITE_IDS = "Write the class ids themselves as a grey or palette PNG."


class BadFormatError(BadFileError):
    """A whole file of a kind that is not read, or only with an option."""


class DamagedError(BadFileError):
    """A file that is not as it was written."""


@dataclass(frozen=True)
class Encoded:
    """The content of a file.

    Attributes:
        path: the file.
        data: its bytes.
        header: what they say about the image.
        fix: ends the errors about damage and about labels; None for a sentence that fits any file.
        values: of an image of more than 8 bits, those that become 0 and 255; None refuses such an image.
    """

    path: Path
    data: bytes
    header: Header
    fix: str | None = None
    values: ValueRange | None = None

    @classmethod
    def of(cls, path: Path, data: bytes, fix: str | None = None) -> Encoded:
        """Looks at the structure of a file; see :func:`mmseg.datasets.reading.image_files.read_encoded`."""
        try:
            return cls(path, data, read_header(data), fix)
        except UnreadableError as error:
            raise DamagedError(f"{path} is {error} ({len(data)} bytes). {fix or AGAIN}") from None
        except TooLargeError as error:
            raise DamagedError(f"{path} is {error} ({len(data)} bytes). {SMALLER}") from None

    def color(self) -> np.ndarray:
        """The image: uint8 BGR [H, W, 3]. One of more than 8 bits needs ``values``, others are not changed by them.

        Raises:
            BadFileError: it is damaged, or of a kind that is not read.
        """
        with self._named("Convert it to an 8-bit RGB image."):
            if not self.header.deep:
                return decode_color(self.data, self.header)
            found = decode_values(self.data, self.header)
            if self.values is None:
                what = f"values from {found.min():g} to {found.max():g}, and what of it is black and white is not known"
                raise BadFormatError(f"{self.path} is {self.header.named} with {what}. {depth_advice(found)}.")
            try:
                image = self.values.grey_levels(found)
            except ValueError as error:
                raise BadFormatError(f"{self.path} {error}. {depth_advice(found)}.") from None
        return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image

    def stored(self) -> np.ndarray:
        """The values that the file has, of any type: [H, W] or BGR [H, W, 3].

        Raises:
            BadFileError: it is damaged, or of a kind that is not read.
        """
        with self._named(self.fix or AGAIN):
            return decode_values(self.data, self.header)

    def grey(self) -> np.ndarray:
        """One channel with the bits that the file has: [H, W]; colours are turned into grey as OpenCV does it.

        Raises:
            BadFileError: it is damaged.
        """
        with self._named(self.fix or AGAIN):
            return decode_grey(self.data, self.header)

    def ids(self) -> np.ndarray:
        """The label: uint8 or uint16 [H, W], the ids as they were written.

        Raises:
            BadFileError: it is damaged, or holds colours, fractions or values that its compression has changed.
        """
        with self._named(self.fix or WRITE_IDS):
            return decode_ids(self.data, self.header)

    def has_a_hole(self) -> bool:
        """Whether a decoder fills in pixels that a JPEG lacks; decodes it."""
        return has_a_hole(self.data, self.header)

    @property
    def upright_size(self) -> tuple[int, int]:
        """(H, W) of the upright image, without decoding it."""
        return self.header.size[:: -1 if (self.header.orientation or 1) >= 5 else 1]

    @property
    def turned(self) -> bool:
        """Whether the pixels lie in another order than the upright image."""
        return self.header.orientation not in (None, 1)

    @contextlib.contextmanager
    def _named(self, convert: str) -> Iterator[None]:
        try:
            yield
        except UnreadableError as error:
            raise DamagedError(f"{self.path} is {error} ({len(self.data)} bytes). {self.fix or AGAIN}") from None
        except FormatError as error:
            raise BadFormatError(f"{self.path} is {error}. {convert}") from None


def upright_label(label: np.ndarray, file: Encoded, photo: Encoded) -> np.ndarray:
    """The label of a photo that its EXIF entry turns.

    A label has rarely such an entry. One that lies as the pixels of the photo are stored is turned with it, one that stands as the
    photo is shown stays; where both have one size (a square photo, half a turn, a mirror image), guessing would train on wrong labels.

    Args:
        label: [H, W], turned by its own entry where it has one.
        file, photo: what it and the photo were read from.

    Raises:
        BadFileError: whether it is turned already cannot be told.
    """
    if not photo.turned or file.turned:
        return label
    height, width = photo.header.size
    if photo.header.orientation >= 5 and height != width:
        return upright(label, photo.header.orientation) if label.shape == (height, width) else label
    if file.header.orientation is not None:
        return label
    what = f"carries the EXIF orientation {photo.header.orientation}, and whether its label {file.path} is turned already cannot be told"
    fix = "Write the photo without this entry, its pixels in the order that fits the label"
    raise BadFileError(f"{photo.path} {what} from the sizes. {fix}.")
