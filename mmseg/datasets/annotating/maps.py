"""What is labelled of the target so far, as the loader reads it.

Letters: (H, W) native size of an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mmseg.datasets.annotating.label_files import read_annotation
from mmseg.datasets.annotating.rounds import RoundFolder, read_current, stems
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import read_label_ids


@dataclass(frozen=True)
class AnnotationMaps:
    """The labels that rounds of annotating have given.

    A loader worker is ahead of the training. It tells which round it has read, so that the training reads anew what is older
    (:func:`mmseg.datasets.annotating.fresh.refresh`).

    Attributes:
        root: folder of the rounds; empty or missing before the first. None where there is no training: nothing is known.
        names: of the images.
    """

    root: Path | None
    names: tuple[str, ...]

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """See :func:`stems`."""
        return stems(self.names)

    def round(self, number: int) -> RoundFolder:
        """The folder of a round."""
        return RoundFolder(self.root, number, self.names)

    def read(self, index: int, size: Sequence[int]) -> tuple[int, np.ndarray]:
        """(round, labels after it) of an image of (H, W) pixels, as current as can be: train ids uint8 [H, W], 255 where unknown.

        Raises:
            UserError: a file is missing, broken or of another size.
        """
        number = 0 if self.root is None else read_current(self.root)
        if number == 0:
            return 0, np.full(tuple(size), IGNORE, np.uint8)
        folder = self.round(number)
        return number, read_annotation(folder.label_file(self.stems[index]), size, folder.fix)

    def label(self, index: int, number: int) -> np.ndarray:
        """Labels of an image after round ``number``, from 1: uint8 [H, W]."""
        folder = self.round(number)
        return read_label_ids(folder.label_file(self.stems[index]), folder.fix)
