"""The entry ``provenance`` of every result file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from typing_extensions import NotRequired, TypedDict

from mmseg.engine.provenance.code import code_state
from mmseg.engine.provenance.machine import hardware, versions
from mmseg.utils.products.json_file import PRODUCT

TRAINING = "ResultHook"
"""The hook whose state in a checkpoint says what trained it."""
ORIGIN = ("commit", "clean", "initial", "statistics")


class Provenance(TypedDict):
    """Where a number comes from; None for what is not known.

    Attributes:
        config: digest of the complete config.
        code: ``commit`` and whether the tree was ``clean``, of the process that has measured.
        trained_by: the same of the process that has written the checkpoint.
        weights: SHA-256, of the ``checkpoint``'s file, and of the ``initial`` weights of the network that was trained
            (:func:`mmseg.engine.checkpoints.frozen.weights_hash`).
        data: SHA-256, of the class ``statistics`` of the training, and of the ``labels`` that were evaluated.
        versions, hardware: of what has measured.
    """

    __pydantic_config__ = PRODUCT

    config: str | None
    code: dict[str, str | bool | None]
    trained_by: NotRequired[dict[str, str | bool | None]]
    weights: dict[str, str | None]
    data: dict[str, str | None]
    versions: dict[str, str | None]
    hardware: dict[str, str | int]


def provenance(
    config: str | None,
    device: str | torch.device,
    *,
    checkpoint: str | None = None,
    labels: str | None = None,
    origin: Mapping[str, Any] | None = None,
) -> Provenance:
    """The entry for a number that this process has measured.

    Args:
        config: digest of the complete config.
        device: of the network.
        checkpoint: hash of the file of the weights.
        labels: see :func:`mmseg.engine.provenance.data.labels_hash`.
        origin: what is known of the training, see :data:`ORIGIN`; None where there is none.
    """
    known = dict.fromkeys(ORIGIN) | dict(origin or {})
    return {
        "config": config,
        "code": code_state(),
        **({} if origin is None else {"trained_by": {name: known[name] for name in ("commit", "clean")}}),
        "weights": {"checkpoint": checkpoint, "initial": known["initial"]},
        "data": {"statistics": known["statistics"], "labels": labels},
        "versions": versions(),
        "hardware": hardware(device),
    }


def origin_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint says of its training: those of :data:`ORIGIN`, None each in one of before they were kept, or of others."""
    hooks = content.get("hooks")
    state = hooks.get(TRAINING) if isinstance(hooks, Mapping) else None
    state = state if isinstance(state, Mapping) else {}
    return {name: value if isinstance(value := state.get(name), (str, bool)) else None for name in ORIGIN}
