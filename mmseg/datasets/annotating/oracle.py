"""The only door through which labels of the target leave during a training.

Letters: (H, W) native size of an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from mmseg.datasets.annotating.label_files import read_annotation
from mmseg.datasets.annotating.rounds import stems
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.archives import split_archive
from mmseg.datasets.reading.headers import quiet_pillow
from mmseg.datasets.several import SeveralDatasets
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError

DRAW_AGAIN = "Export the round again and draw on its template."
ASKED = 254
"""Value of a pixel that is asked for, in the templates that people fill in."""


class Oracle:
    """Takes the pixels that are asked for and returns their labels; counts them, and refuses more than the budget.

    Images are called by their stems (:func:`mmseg.datasets.annotating.rounds.stems`).

    Attributes:
        spent: pixels that each image was asked for so far.
    """

    def __init__(self, spent: Mapping[str, int] | None = None) -> None:
        self.spent = dict(spent or {})

    def answer(self, stem: str, asked: np.ndarray, allowed: int) -> np.ndarray:
        """Labels of pixels.

        Args:
            stem: of the image.
            asked: bool [H, W], pixels that were not asked for before.
            allowed: how many pixels of the image all rounds together may ask for.

        Returns:
            uint8 [H, W]: the train id of each pixel that is asked for, or 255 where it has none; 255 elsewhere.

        Raises:
            UserError: more than the budget is asked for, or the label is missing, broken or of another size.
        """
        total = self.spent.get(stem, 0) + int(asked.sum())
        if total > allowed:
            raise UserError(f"{stem}: {total} pixels would be asked for, more than the {allowed} of the budget.")
        label = self.read(stem, asked)
        self.spent[stem] = total
        return np.where(asked, label, np.uint8(IGNORE))

    def read(self, stem: str, asked: np.ndarray) -> np.ndarray:
        """The label of an image, uint8 [H, W]; of a subclass."""
        raise NotImplementedError


class LabelOracle(Oracle):
    """Labels that lie on disk and that the training itself never sees.

    Args:
        target: config of the target's data set, with its labels.
        spent: see :class:`Oracle`.

    Raises:
        UserError: the data set has no labels, or an image lacks one.
    """

    def __init__(self, target: Mapping, spent: Mapping[str, int] | None = None) -> None:
        super().__init__(spent)
        self.dataset: SegmentationDataset | SeveralDatasets = build_checked(dict(target), DATASETS)
        if not self.dataset.labelled:
            option = "labels of its data sets" if isinstance(self.dataset, SeveralDatasets) else self.dataset.label_option
            fix = f"Set {option} in train_dataloader.dataset.target, or have people label with oracle='people'"
            raise UserError(f"AnnotationRounds: the target {self.dataset.place} has no labels to give out. {fix}.")
        self.numbers = {stem: index for index, stem in enumerate(stems(self.dataset.images.names))}

    def check_sizes(self) -> None:
        """Compares the size of every label with that of its image, from the first bytes of both.

        Raises:
            UserError: one is broken or of another size.
        """
        for index in range(len(self.dataset)):
            label, image = self.dataset.label_path(index), self.dataset.images.path(index)
            if None in (sizes := (quick_size(label), quick_size(image))) or sizes[0] != sizes[1]:
                self._read(index)  # says what is wrong, unless the photo is turned by its EXIF entry

    def read(self, stem: str, asked: np.ndarray) -> np.ndarray:
        """See :class:`Oracle`."""
        return self._read(self.numbers[stem])

    def _read(self, index: int) -> np.ndarray:
        photo = self.dataset.images.encoded(index)
        label = self.dataset.read_label(index, photo)
        self.dataset.check_same_size(index, np.broadcast_to(np.uint8(0), photo.upright_size), label)
        return label


class PeopleOracle(Oracle):
    """Labels that people have drawn: a folder of PNGs whose values are train ids.

    Args:
        folder: with a file for each image, called by its stem.
        classes: number of train ids.
        spent: see :class:`Oracle`.
    """

    def __init__(self, folder: Path, classes: int, spent: Mapping[str, int] | None = None) -> None:
        super().__init__(spent)
        self.folder, self.classes = folder, classes

    def read(self, stem: str, asked: np.ndarray) -> np.ndarray:
        """See :class:`Oracle`.

        Raises:
            UserError: of another size, with an unknown id, a label where none was asked for, or none where one was.
        """
        path = self.folder / f"{stem}.png"
        label = read_annotation(path, asked.shape, DRAW_AGAIN)
        drawn = (label != ASKED) & (label != IGNORE)
        unknown = label[drawn & (label >= self.classes)]
        if unknown.size:
            fix = f"Use train ids from 0 to {self.classes - 1}, and 255 for what no class fits"
            raise UserError(f"{path} holds the id {unknown[0]}, which is no class. {fix}.")
        outside = drawn & ~asked
        if outside.any():
            fix = "Draw inside the regions alone, and leave all else as the template has it"
            raise UserError(
                f"{path} has {int(outside.sum())} labelled pixels that were not asked for, the first at {_first(outside)}. {fix}."
            )
        left = (label == ASKED) & asked
        if left.any():
            fix = f"Give each a train id from 0 to {self.classes - 1}, or 255 where no class fits"
            raise UserError(f"{path} leaves {int(left.sum())} of the pixels that were asked for, the first at {_first(left)}. {fix}.")
        return label


def quick_size(path: Path) -> tuple[int, int] | None:
    """(width, height) of an image file as it is stored, from its first bytes; None where they do not say it, or in an archive."""
    if split_archive(path) or not path.is_file():
        return None
    try:
        with quiet_pillow(), Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError):
        return None


def _first(mask: np.ndarray) -> str:
    """Where a mask is true first, in words."""
    row, column = np.argwhere(mask)[0]
    return f"row {row}, column {column}"
