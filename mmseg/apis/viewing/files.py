"""What lies in the folder of a run that is looked at: a config, a checkpoint, and the pictures that were made of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from typing_extensions import TypedDict

from mmseg.apis.predicting.model_files import model_files
from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Count, Measure, Percent, read_product

VIEW, INDEX = "view", "index.json"
"""The folder in a run with all that was made to be looked at, and the file in it that is written last."""
INDEX_FIX = "Move it elsewhere: the images are predicted anew."


class Kind(NamedTuple):
    """A picture of an image.

    Attributes:
        title: what people read.
        suffix: of its file.
    """

    title: str
    suffix: str


KINDS = {
    "photo": Kind("image", ".jpg"),
    "label": Kind("label", ".png"),
    "prediction": Kind("prediction", ".png"),
    "context": Kind("context", ".png"),
    "detail": Kind("detail", ".png"),
    "attention": Kind("scale attention", ".png"),
    "confidence": Kind("confidence", ".png"),
}
"""All that there may be; labels are those of labelled data, context, detail and attention those of HRDA."""


class SeenImage(TypedDict):
    """An image that was predicted.

    Attributes:
        name: below the folder of its data set.
        mIoU: percent, of the classes in its label or prediction; None without a label.
        confidence: percent, mean over its pixels.
    """

    __pydantic_config__ = PRODUCT

    name: str
    mIoU: Percent | None
    confidence: Percent


class Index(TypedDict):
    """``view/index.json``.

    Attributes:
        version: of this form.
        made_of: size and time of change of config and checkpoint, see :func:`state_of`.
        classes, palette: names and RGB by train id.
        kinds: of :data:`KINDS`, that each image has.
        metrics: percent over all images, None for an absent class; empty without labels.
        images: in the order of the data set.
    """

    __pydantic_config__ = PRODUCT

    version: Literal[1]
    made_of: dict[str, list[Count]]
    classes: list[str]
    palette: list[list[Count]]
    kinds: list[Literal["photo", "label", "prediction", "context", "detail", "attention", "confidence"]]
    metrics: dict[str, Measure | None]
    images: list[SeenImage]


@dataclass(frozen=True)
class RunFiles:
    """What a network is made of.

    Attributes:
        run: the folder.
        config, checkpoint: files in it.
    """

    run: Path
    config: Path
    checkpoint: Path

    @classmethod
    def find(cls, run: Path) -> RunFiles:
        """The files of a training of ours, of a released folder or of an exported model.

        Raises:
            UserError: the folder, the config or the checkpoint is missing, or there are several of them.
        """
        return cls(run, *model_files(run))

    @property
    def state(self) -> dict[str, list[int]]:
        """What tells these files from earlier ones: bytes and seconds of the last change, by what they are."""
        found = {"config": self.config.stat(), "checkpoint": self.checkpoint.stat()}
        return {name: [state.st_size, max(int(state.st_mtime), 0)] for name, state in found.items()}


def inside(run: Path, *parts: str) -> Path | None:
    """A file or folder of a run; None where a link leads elsewhere, whose content is nothing to be shown."""
    path = Path(os.path.realpath(run), *parts)
    return path if os.path.realpath(path) == str(path) else None


def picture_name(number: int, kind: str) -> str:
    """The name of a picture, by the place of its image in the data set: nothing that a data set says gets into it."""
    return f"{number:04d}_{kind}{KINDS[kind].suffix}"


def view_folder(run: Path) -> Path:
    """The folder with the pictures of a run, which need not exist.

    Raises:
        UserError: it is a link.
    """
    folder = inside(run, VIEW)
    if folder is None:
        raise UserError(f"{run / VIEW} is a link, and nothing outside of the run is shown. {INDEX_FIX}")
    return folder


def read_index(run: Path) -> Index | None:
    """What was made of a run to be looked at; None where nothing was.

    Raises:
        UserError: the file is broken, or the folder is a link.
    """
    view_folder(run)
    file = inside(run, VIEW, INDEX)
    return read_product(run / VIEW / INDEX, Index, INDEX_FIX) if file and file.exists() else None
