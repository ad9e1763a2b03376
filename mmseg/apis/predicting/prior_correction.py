"""Correcting what a network predicts for other class priors than those of its training (IA of label shift adaptation).

Source: Liu et al., "Undoing the Damage of Label Shift for Cross-domain Semantic Segmentation", CVPR 2022, section 3.4 (inference
adjustment): probabilities are multiplied by P_t / P_s, which adds log P_t - log P_s to the logits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mmseg.datasets.statistics.class_priors import read_priors
from mmseg.models.uda import UDAMethod
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError


def correct_priors(method: UDAMethod, priors: str | os.PathLike, content: Mapping[str, Any], checkpoint: str | os.PathLike | None) -> None:
    """Lets a network predict with the correction of a file of priors from now on, and says which counts are 0.

    Args:
        method: of :func:`mmseg.apis.init_model`, with ``cfg`` and ``classes``.
        priors: file of ``tools/prepare/priors.py``.
        content: of the checkpoint; empty without one.
        checkpoint: its file, for the error.

    Raises:
        UserError: the checkpoint is one of a rectified classifier, or the priors are about other classes.
    """
    if (content.get("meta") or {}).get("rectified") or getattr(MODELS.get(method.cfg.uda.get("type")), "rectified", False):
        text = f"Checkpoint {checkpoint} holds a rectified classifier, which predicts for the target's priors already"
        raise UserError(f"{text}: --prior-correction would correct it twice. Leave it out.")
    known = read_priors(priors, classes=method.classes, num_classes=method.model.num_classes)
    print(known.note or f"Prior correction: {priors}")
    method.class_bias = known.log_ratio
