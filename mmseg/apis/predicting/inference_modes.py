"""Whole images or windows: the ``test_cfg`` that a segmentor predicts with."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config

from mmseg.utils.errors import UserError


def inference_config(cfg: Config, inference_mode: str = "same") -> dict:
    """The ``test_cfg`` of a segmentor.

    Args:
        cfg: complete config.
        inference_mode: 'same' as the config says; 'whole' for one pass over the image; 'slide' for windows of the
            config's ``test_cfg``, or of the training crop with half overlap where it has none.
    """
    own = dict(cfg.model.get("test_cfg") or {"mode": "whole"})
    if inference_mode == "same":
        return own
    if inference_mode == "whole":
        return {"mode": "whole", **{key: own[key] for key in ("pixels_per_pass", "flip") if key in own}}
    if inference_mode != "slide":
        raise UserError(f"The inference mode '{inference_mode}' is not known. Use 'same', 'whole' or 'slide'.")
    crop = own.get("crop_size") or training_crop_size(cfg)
    stride = own.get("stride") or [side // 2 for side in crop]
    return {"batched_slide": True, **own, "mode": "slide", "crop_size": list(crop), "stride": list(stride)}


def training_crop_size(cfg: Config) -> Sequence[int]:
    """(h, w) of the training crops of a config."""
    crop = ((cfg.get("train_dataloader") or {}).get("dataset") or {}).get("source_crop")
    if not crop:
        fix = "Set model.test_cfg.crop_size and model.test_cfg.stride with --cfg-options, or use --inference-mode whole."
        raise UserError(f"The config names neither windows nor the crops of its training. {fix}")
    return crop["crop_size"]


def describe_inference(test_cfg: dict) -> str:
    """A ``test_cfg`` in words."""
    mirrored = "; the same for the mirror image, probabilities averaged" if test_cfg.get("flip", False) else ""
    if test_cfg["mode"] == "whole":
        return f"whole image{mirrored}"
    (height, width), (down, right), average = test_cfg["crop_size"], test_cfg["stride"], test_cfg.get("average", "logits")
    return f"windows of {height}x{width} (height x width), {down} and {right} pixels apart, {average} averaged{mirrored}"
