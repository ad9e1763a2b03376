"""What a segmentor is told about test time, and what it refuses."""

from __future__ import annotations

from typing_extensions import TypedDict

from mmseg.models.segmentors.window_averages import Average
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import Pair, Positive


class InferenceOptions(TypedDict, total=False):
    """Of the dictionary ``test_cfg``."""

    mode: str
    crop_size: Pair[Positive[int]]
    stride: Pair[Positive[int]]
    batched_slide: bool
    pixels_per_pass: Positive[int]
    enlarge_once: bool
    flip: bool
    average: Average


def refuse_options(name: str, **options: dict | None) -> None:
    """Raises a UserError for an option that is given and means nothing to ``name``."""
    for key, value in options.items():
        if value:
            raise UserError(f"{name} has no use for {key}={value!r}. Leave {key} out.")


def checked_test_cfg(test_cfg: dict) -> dict:
    """A copy of ``test_cfg``.

    Raises:
        UserError: an option is not known, is missing, or contradicts another one.
    """
    for key in test_cfg:
        if key not in InferenceOptions.__annotations__:
            raise UserError(f"test_cfg got an unexpected option '{key}'.{suggestion(key, InferenceOptions.__annotations__)}")
    if test_cfg.get("mode") not in ("whole", "slide"):
        raise UserError(f"test_cfg has mode={test_cfg.get('mode')!r}. Use 'whole' or 'slide'.")
    if test_cfg["mode"] == "slide":
        if test_cfg.get("enlarge_once"):
            raise UserError("test_cfg: enlarge_once=True is for whole images, but windows are averaged first. Use mode='whole'.")
        for key in ("crop_size", "stride"):
            if key not in test_cfg:
                raise UserError(f"test_cfg has mode='slide' and no {key}. Give {key}=(height, width) in pixels.")
        if any(step > side for step, side in zip(test_cfg["stride"], test_cfg["crop_size"], strict=True)):
            text = f"stride={tuple(test_cfg['stride'])} leaves gaps between windows of {tuple(test_cfg['crop_size'])}"
            raise UserError(f"test_cfg: {text}. Use a stride that is not larger than crop_size.")
    return dict(test_cfg)
