"""Writing a network as a folder that predicts by itself: config, weights as safetensors, and what a user has to know of them.

``init_model(FOLDER)``, ``tools/predict.py FOLDER`` and ``sh test.sh FOLDER`` read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmseg.apis.predicting.model_files import MODEL_CARD, MODEL_CONFIG, MODEL_WEIGHTS
from mmseg.engine.checkpoints.checkpoint import environment, read_checkpoint
from mmseg.models.uda import UDAMethod
from mmseg.models.weights.licences import licence_of
from mmseg.models.weights.safe_weights import write_safetensors
from mmseg.models.weights.values import defect
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash
from mmseg.utils.storage.files import write_json


def export_folder(
    method: UDAMethod, folder: Path, origin: dict[str, Any], *, half: bool = False, licence: str | None = None, rectified: bool = False
) -> list[Path]:
    """Writes ``model.safetensors``, ``config.json`` and ``model.json``, the weights first, each of them whole or not at all.

    Args:
        method: of :func:`mmseg.apis.init_model`, on the CPU.
        folder: of the files; files of these names are replaced.
        origin: where the network comes from, for ``model.json``.
        half: weights as float16, half as large; labels may differ where two classes are nearly as probable.
        licence: of the weights; None for that of the published weights of the encoder.
        rectified: what the checkpoint says of its classifier, see :mod:`mmseg.apis.predicting.prior_correction`.

    Returns:
        the files.

    Raises:
        UserError: a weight does not fit into float16, or a file cannot be written.
        RuntimeError: the weights read back are not those that were written.
    """
    state = {f"model.{key}": halved(key, value) if half else value for key, value in method.model.state_dict().items()}
    weights, config, card = (folder / name for name in (MODEL_WEIGHTS, MODEL_CONFIG, MODEL_CARD))
    named = {"CLASSES": list(method.classes), "PALETTE": [list(color) for color in method.palette]}
    write_safetensors(weights, state, {**named, "rectified": rectified})
    written = read_checkpoint(weights)["state_dict"]
    if not all(torch.equal(value, written[key]) for key, value in state.items()):
        raise RuntimeError(f"{weights} does not hold the weights that were written. Please report this with the config.")
    write_json(config, method.cfg.to_dict())
    record = {
        "classes": named["CLASSES"],
        "palette": named["PALETTE"],
        "normalization": {"mean": list(method.data_preprocessor.grey_mean), "std": list(method.data_preprocessor.grey_std)},
        "test_cfg": method.model.test_cfg,
        "network": f"{type(method.model).__name__} with {type(method.model.backbone).__name__}",
        "parameters": sum(value.numel() for value in method.model.parameters()),
        "weights": {"name": weights.name, "sha256": file_hash(weights), "dtype": "float16" if half else "float32"},
        "licence": licence or f"{licence_of(method.model.backbone)} (published weights of the encoder)",
        "training": f"python tools/train.py {MODEL_CONFIG} --work-dir DIR",
        "environment": environment(),
    }
    write_json(card, record | origin)
    return [weights, config, card]


def halved(key: str, value: Tensor) -> Tensor:
    """Float16 of a tensor of real numbers; others stay as they are.

    Raises:
        UserError: a value is too large.
    """
    if not value.is_floating_point():
        return value
    small = value.half()
    if defect(small):
        raise UserError(f"{key} holds {float(value.abs().max()):.0f}, more than a float16 can. Leave --half out.")
    return small
