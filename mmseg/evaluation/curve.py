"""The learning curve and the result of a run, as files in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict

from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Count, Measure, Percent, read_product
from mmseg.utils.storage.run_folder import CURVE, RESULT

VERSION = 1
"""Of the entries of both files."""
RESULT_FIX = "Move it elsewhere and run the training again: it resumes from its last state and writes it anew."
CURVE_FIX = "Move it elsewhere: result.json holds the result, evaluations from now on start a new curve, and the old part is not shown."


class Measured(TypedDict):
    """An entry of ``evaluations.json``, see :class:`mmseg.engine.hooks.ResultHook`; other hooks may add more.

    Attributes:
        version: :data:`VERSION`; entries of before it existed have none.
        iteration: of the evaluation.
        metrics: percent, None for an absent class.
        pseudo_share: percent of the pseudo-label pixels that each class had since the evaluation before.
    """

    __pydantic_config__ = PRODUCT

    version: NotRequired[Literal[1]]
    iteration: Count
    metrics: dict[str, Measure | None]
    pseudo_share: NotRequired[dict[str, Percent | None]]


class Result(Measured):
    """``result.json``: the last entry of the curve, and what trained it.

    Attributes:
        seed, environment: of the training.
        provenance: see :class:`mmseg.engine.provenance.record.Provenance`; results of before it was recorded have none.
        returns: where it went back because a class was lost, see :class:`mmseg.engine.hooks.LostClassHook`; without one there is no entry.
    """

    __pydantic_config__ = PRODUCT

    seed: NotRequired[Count]
    environment: NotRequired[dict[str, Any]]
    provenance: NotRequired[dict[str, Any] | None]
    returns: NotRequired[list[dict[str, Any]]]


def read_curve(work_dir: str | Path) -> list[Measured]:
    """The evaluations of a run so far, oldest first; none where there is no such file.

    Raises:
        UserError: the file is broken.
    """
    file = Path(work_dir) / CURVE
    return read_product(file, list[Measured], CURVE_FIX) if file.exists() else []


def read_result(work_dir: str | Path) -> Result:
    """The result of a finished run.

    Raises:
        UserError: the training has not finished, so that there is none, or the file is broken.
    """
    file = Path(work_dir) / RESULT
    if not file.exists():
        raise UserError(f"{file} does not exist: no training has finished there. Let it finish, or give the folder of another run.")
    return read_product(file, Result, RESULT_FIX)


def mean_text(result: Measured) -> str:
    """The mean IoU of an entry for a line of text; a metric of one's own may have none."""
    value = result["metrics"].get("mIoU")
    return "no mIoU" if value is None else f"mIoU {value:.2f}"
