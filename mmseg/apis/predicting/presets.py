"""Speed against accuracy at test time, as a table."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mmseg.utils.computing.precision import Precision

if TYPE_CHECKING:
    from mmseg.models.segmentors.encoder_decoder import EncoderDecoder


@dataclass(frozen=True)
class Preset:
    """What a preset leaves of the config's protocol.

    Attributes:
        outer: 'config' as ``test_cfg`` says, 'side by side' its windows without overlap, 'whole' the image as one window.
        detail_overlap: detail windows of HRDA overlap as ``hr_slide_overlapping`` says; else they lie side by side.
        bfloat16: on CUDA, matrix products and convolutions in bfloat16.
    """

    outer: Literal["config", "side by side", "whole"]
    detail_overlap: bool
    bfloat16: bool


PRESETS = {
    "paper": Preset(outer="config", detail_overlap=True, bfloat16=False),
    "balanced": Preset(outer="side by side", detail_overlap=True, bfloat16=True),
    "fast": Preset(outer="whole", detail_overlap=False, bfloat16=True),
}
"""docs/inference.md has what each costs; 'paper' is the published protocol."""


def apply_preset(network: EncoderDecoder, preset: Preset) -> None:
    """Sets where a network looks at test time; one of a single view has no detail windows."""
    if preset.outer == "whole":
        network.test_cfg = {**network.test_cfg, "mode": "whole"}
    elif preset.outer == "side by side" and network.test_cfg["mode"] == "slide":
        network.test_cfg = {**network.test_cfg, "stride": network.test_cfg["crop_size"]}
    if hasattr(network, "hr_slide_overlapping"):
        network.hr_slide_overlapping = network.hr_slide_overlapping and preset.detail_overlap


def preset_precision(preset: Preset, device: str) -> contextlib.AbstractContextManager:
    """The context in which a preset's passes run. The logits are float32 in any case."""
    kind = device.partition(":")[0]
    return Precision("bf16" if preset.bfloat16 and kind == "cuda" else "fp32").autocast(kind)
