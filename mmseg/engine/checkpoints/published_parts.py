"""Checkpoints that keep the parts of a network apart, or under other names: FADA, label shift adaptation and RIPU; CPSL; depth
distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmseg.models.weights.layouts import DEPTH_DISTRIBUTION, from_depth_distribution

ENCODER, DECODER, DISCRIMINATOR = "feature_extractor", "classifier", "model_D"
CPSL_NETWORK, CPSL_DISCRIMINATOR, CPSL_STATE, CPSL_DECODER = "ResNet101", "FCDiscriminator", "model_state", "layer5."


def joined(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """One dictionary of entries with the names of a training of ours; other contents as they are.

    The entries below each part may have the ``module.`` of a distributed training in front.
    """
    if isinstance(content.get(CPSL_NETWORK), Mapping):
        return _of_cpsl(content)
    if isinstance(content.get("model"), Mapping):  # depth distribution's, beside the state of its optimizer
        network = {_bare(key): value for key, value in content["model"].items()}
        if DEPTH_DISTRIBUTION in network:
            return {f"model.{key}": value for key, value in from_depth_distribution(network).items()}
    if not all(isinstance(content.get(part), Mapping) for part in (ENCODER, DECODER)):
        return content
    state = {}
    for key, value in content[ENCODER].items():
        name = _bare(key)
        state[f"model.{name if name.startswith('backbone.') else f'backbone.{name}'}"] = value
    state |= {f"model.decode_head.{_bare(key)}": value for key, value in content[DECODER].items()}
    return state | {f"model_D.{_bare(key)}": value for key, value in (content.get(DISCRIMINATOR) or {}).items()}


def _of_cpsl(content: Mapping[str, Any]) -> dict[str, Any]:
    """``{'ResNet101': {'model_state': …}}``, whose decoder is ``layer5``; that of the warm-up holds a discriminator as well."""
    state = {}
    for key, value in content[CPSL_NETWORK].get(CPSL_STATE, {}).items():
        name = _bare(key)
        part = f"decode_head.{name.removeprefix(CPSL_DECODER)}" if name.startswith(CPSL_DECODER) else f"backbone.{name}"
        state[f"model.{part}"] = value
    discriminator = (content.get(CPSL_DISCRIMINATOR) or {}).get(CPSL_STATE, {})
    return state | {f"model_D.main.{_bare(key)}": value for key, value in discriminator.items()}


def _bare(key: str) -> str:
    return str(key).removeprefix("module.")
