"""Which checkpoint of a run its scores without labels speak for, as a file in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from typing_extensions import NotRequired, TypedDict

from mmseg.utils.products.json_file import PRODUCT, Count, FileName, Measure, read_product
from mmseg.utils.storage.run_folder import CHOICE

VERSION = 1
FIX = "Move it elsewhere and make it anew: python tools/choose.py RUN"


class Scored(TypedDict):
    """A checkpoint.

    Attributes:
        file, iteration: its name in the run folder, and the iterations behind it.
        scores: percent by name, see :data:`mmseg.apis.choosing.rule.SCORES`; None where the checkpoint has none.
        rank: what the rule goes by; the smallest is chosen.
        mIoU: of the evaluation at this iteration, percent; None without one. Labels made it, and it chooses nothing.
    """

    __pydantic_config__ = PRODUCT

    file: FileName
    iteration: Count
    scores: dict[str, Measure | None]
    rank: Measure
    mIoU: Measure | None


class Correlation(TypedDict):
    """Of a score with the true mIoU over the checkpoints, in [-1, 1]; None where it is undefined."""

    __pydantic_config__ = PRODUCT

    linear: Measure | None
    rank: Measure | None


class Choice(TypedDict):
    """``choice.json``.

    Attributes:
        version: :data:`VERSION`.
        rule: of the choice, in words.
        chosen: the checkpoint, one of ``checkpoints``.
        images, seed: how many images of the target were looked at, and the seed of their masks.
        checkpoints: all that were compared, by ascending iterations.
        correlation: by score.
    """

    __pydantic_config__ = PRODUCT

    version: Literal[1]
    rule: str
    chosen: FileName
    images: Count
    seed: Count
    checkpoints: list[Scored]
    correlation: NotRequired[dict[str, Correlation]]


def read_choice(folder: Path) -> Choice | None:
    """The choice of a run; None where none was made.

    Raises:
        UserError: the file is broken.
    """
    file = folder / CHOICE
    return read_product(file, Choice, FIX) if file.exists() else None


def chosen_iteration(folder: Path, last: int | None) -> int | None:
    """The iteration of the choice; None without one, or where it was made before the training reached iteration ``last``.

    Raises:
        UserError: the file is broken.
    """
    choice = read_choice(folder)
    if choice is None or last not in [scored["iteration"] for scored in choice["checkpoints"]]:
        return None
    return next((scored["iteration"] for scored in choice["checkpoints"] if scored["file"] == choice["chosen"]), None)
