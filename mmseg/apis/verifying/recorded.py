"""The numbers that a folder carries for a checkpoint, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import NotRequired, TypedDict

from mmseg.apis.predicting.model_files import MODEL_CARD
from mmseg.evaluation.curve import Measured, read_curve, read_result
from mmseg.evaluation.target_record import PLAIN
from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Measure, read_product
from mmseg.utils.storage.run_folder import CURVE, RESULT


class Evaluated(TypedDict):
    """``eval/NAME.json`` of ``tools/test.py``, and the ``result`` in the card of an exported model."""

    __pydantic_config__ = PRODUCT

    metrics: NotRequired[dict[str, Measure | None]]
    options: NotRequired[dict[str, Any]]
    provenance: NotRequired[dict[str, Any] | None]


class Card(TypedDict):
    """``model.json`` of an exported model."""

    __pydantic_config__ = PRODUCT

    result: NotRequired[Evaluated]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Numbers of a checkpoint.

    Attributes:
        file: that holds them.
        metrics: percent, None for an absent class.
        provenance: see :class:`mmseg.engine.provenance.record.Provenance`; None where it was not recorded.
        same_file: whether the provenance is of this very file, so that its hash can be compared.
        rounded: whether the weights may have been rounded since.
    """

    file: Path
    metrics: Mapping[str, float | None]
    provenance: Mapping[str, Any] | None
    same_file: bool = True
    rounded: bool = False


def recorded(folder: Path, checkpoint: Path, meta: Mapping[str, Any]) -> Recorded:
    """The numbers of a checkpoint: of the evaluation at its iteration, of the card of an exported model, or of ``tools/test.py``.

    Args:
        folder: of a run, a released checkpoint or an exported model.
        checkpoint: file of the weights.
        meta: what the checkpoint says of itself.

    Raises:
        UserError: there are none, or a file is broken.
    """
    found = of_training(folder, meta.get("iteration")) or _of_card(folder, checkpoint) or _of_evaluation(checkpoint)
    if found is None:
        text = f"{folder} carries no numbers of {checkpoint.name}"
        raise UserError(f"{text}. Give --checkpoint another file of the training, or evaluate it with tools/test.py first.")
    return found


def of_training(folder: Path, iteration: object) -> Recorded | None:
    """The numbers of a training at an iteration; None where it was not evaluated there.

    Raises:
        UserError: a file is broken.
    """
    result = read_result(folder) if (folder / RESULT).is_file() else None
    if result is not None and result["iteration"] == iteration and result["metrics"]:
        return Recorded(file=folder / RESULT, metrics=result["metrics"], provenance=result.get("provenance"))
    entries: list[Measured] = [entry for entry in read_curve(folder) if entry["iteration"] == iteration]
    if not entries:
        return None
    known = None if result is None else result.get("provenance")  # of one training: the same machine has measured it
    return Recorded(file=folder / CURVE, metrics=entries[-1]["metrics"], provenance=known, same_file=False)


def _of_card(folder: Path, checkpoint: Path) -> Recorded | None:
    card = folder / MODEL_CARD
    if checkpoint.parent != folder or not card.is_file():
        return None
    result = read_product(card, Card, "Export the model again with tools/export.py.").get("result")
    if not result or not result.get("metrics"):
        return None
    return Recorded(file=card, metrics=result["metrics"], provenance=result.get("provenance"), same_file=False, rounded=True)


def _of_evaluation(checkpoint: Path) -> Recorded | None:
    file = checkpoint.parent / "eval" / f"{checkpoint.stem}.json"
    if not file.is_file():
        return None
    record = read_product(file, Evaluated, "Move it elsewhere and evaluate the checkpoint again with tools/test.py.")
    options = record.get("options", {})
    plain = all(options.get(key, value) == value for key, value in PLAIN.items())
    if not plain or not record.get("metrics"):
        return None
    return Recorded(file=file, metrics=record["metrics"], provenance=record.get("provenance"))
