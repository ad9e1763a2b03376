"""Checkpoints that keep encoder, decoder and maybe a discriminator apart, each with its own names: FADA, label shift adaptation, RIPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENCODER, DECODER, DISCRIMINATOR = "feature_extractor", "classifier", "model_D"


def joined(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """One dictionary of entries with the names of a training of ours; other contents as they are.

    The entries below each part may have the ``module.`` of a distributed training in front.
    """
    if not all(isinstance(content.get(part), Mapping) for part in (ENCODER, DECODER)):
        return content
    state = {}
    for key, value in content[ENCODER].items():
        name = str(key).removeprefix("module.")
        state[f"model.{name if name.startswith('backbone.') else f'backbone.{name}'}"] = value
    state |= {f"model.decode_head.{str(key).removeprefix('module.')}": value for key, value in content[DECODER].items()}
    return state | {f"model_D.{str(key).removeprefix('module.')}": value for key, value in (content.get(DISCRIMINATOR) or {}).items()}
