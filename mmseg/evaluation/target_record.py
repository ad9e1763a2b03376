"""What an evaluation on several targets has left in the folder of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import NotRequired, TypedDict

from mmseg.utils.products.json_file import PRODUCT, Measure, read_product
from mmseg.utils.storage.run_folder import LATEST

FOLDER = "eval"
ON_TARGET = "mIoU@"
"""Begins the name of a target's mIoU among the metrics of a run; ``mIoU@A+B`` is the mean over two targets."""
FIX = "Move it elsewhere and evaluate the run again: python tools/test.py CONFIG CHECKPOINT --targets FILES"
PLAIN = {"weights": "model", "inference_mode": "same", "preset": "paper", "hrda_out": None, "aug_test": False, "test_set": False}
"""Options of an evaluation as published."""


class Numbers(TypedDict):
    """Of one target: percent, None for an absent class."""

    __pydantic_config__ = PRODUCT

    metrics: dict[str, Measure | None]


class TargetRecord(TypedDict):
    """``eval/*.json`` of ``tools/test.py``; with ``--targets`` it has numbers by target."""

    __pydantic_config__ = PRODUCT

    targets: NotRequired[dict[str, Numbers]]
    options: NotRequired[dict[str, Any]]


def target_metrics(run: Path) -> dict[str, float | None]:
    """mIoU of the last state of a run by target, as ``mIoU@NAME``; the newest file decides.

    Evaluations with other options than the published ones do not count.

    Raises:
        UserError: a file is broken.
    """
    files = sorted((run / FOLDER).glob(f"{Path(LATEST).stem}_*.json"), key=lambda file: (file.stat().st_mtime, file.name))
    records = [read_product(file, TargetRecord, FIX) for file in files]
    found: dict[str, float | None] = {}
    for record in records:
        if "targets" in record and _is_plain(record.get("options", {})):
            found |= {f"{ON_TARGET}{name}": numbers["metrics"].get("mIoU") for name, numbers in record["targets"].items()}
    return found


def _is_plain(options: Mapping[str, Any]) -> bool:
    return all(options.get(key, value) == value for key, value in PLAIN.items()) and not options.get("cfg_options")
