"""A segmentation network: encoder, optional neck, decoder.

Letters: B images, C channels, K classes, (H, W) full crop, (P, Q) decoder's map, N windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.registry import MODELS
from mmseg.structures import SegOutput, View, blend_windows, crop_windows, full_box, sliding_boxes
from mmseg.utils.errors import UserError, suggestion

_TEST_OPTIONS = ("mode", "crop_size", "stride", "batched_slide")


@MODELS.register_module()
class EncoderDecoder(BaseModule):
    """One look at the image at one resolution.

    ``forward -> SegOutput`` (training pass) and ``loss(output, label)`` (a pure function of it);
    ``inference -> encode_decode -> segment`` at test time.

    Args:
        backbone, decode_head, neck: dictionaries with ``type``.
        pretrained: file of starting weights of the backbone; read by ``init_weights()``.
        test_cfg: ``mode`` 'whole', or 'slide' with ``crop_size`` (h, w), ``stride`` and ``batched_slide``
            (all windows in one pass).
        auxiliary_head: a second decoder, e.g. an ``FCNHead`` on an earlier level, that only helps the training:
            its loss is added with its own ``loss_decode.loss_weight``.
        train_cfg: must be empty; kept because published configs have it.
        init_cfg: must be None; kept for the same reason.
    """

    def __init__(
        self,
        *,
        backbone: dict,
        decode_head: dict,
        neck: dict | None = None,
        auxiliary_head: dict | None = None,
        pretrained: str | None = None,
        test_cfg: dict | None = None,
        train_cfg: dict | None = None,
        init_cfg: None = None,
    ) -> None:
        super().__init__()
        _refuse(type(self).__name__, train_cfg=train_cfg, init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone if pretrained is None else {**backbone, "pretrained": pretrained})
        if neck is not None:
            self.neck = MODELS.build(neck)
        self.decode_head = MODELS.build(decode_head)
        self.auxiliary_head = None if auxiliary_head is None else MODELS.build(auxiliary_head)
        self.num_classes = self.decode_head.num_classes
        self.test_cfg = _checked_test_cfg(test_cfg or {"mode": "whole"})

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator; the backbone may read a file instead.

        mmengine's own version would also log one entry per parameter, 1126 of them for HRDA.
        """
        for part in self.children():
            part.init_weights()
        self._is_init = True

    def extract_features(self, image: Tensor) -> tuple[Tensor, ...]:
        """[B, 3, H, W] -> encoder levels [B, C, ., .], finest first, after the neck."""
        features = self.backbone(image)
        return self.neck(features) if hasattr(self, "neck") else features

    def forward(self, image: Tensor, rng: np.random.Generator | None = None) -> SegOutput:
        """One training pass.

        Args:
            image: [B, 3, H, W], normalised.
            rng: unused here; networks that draw where they look take it.
        """
        output = self.segment(image)
        if self.auxiliary_head is None:
            return output
        return replace(output, auxiliary=self.auxiliary_head(output.view("full").features))

    def segment(self, image: Tensor) -> SegOutput:
        """One pass over the whole crop [B, 3, H, W] that draws nothing: inference and teacher."""
        features = self.extract_features(image)
        logits, branches = self.decode_head.decode(features)
        view = View(name="full", image=image, scale=1, box=full_box(*image.shape[2:]), features=features, logits=logits)
        return SegOutput(logits=logits, views=(view,), feature_views=(view,), branches=branches)

    def loss(self, output: SegOutput, label: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
        """Losses (keys with 'loss', to be summed) and accuracies (percent) of one training pass.

        Args:
            output: what :meth:`forward` returned.
            label: [B, H, W] int64, 255 where unknown.
            weight: [B, H, W] factor per pixel, or None.

        Returns:
            ``decode.loss_seg`` and ``decode.acc_seg``, and the same with ``aux.`` if there is an auxiliary head.
        """
        losses = {}
        branches = {f"decode.{name}": logits for name, logits in output.branches.items()} or {"decode": output.logits}
        for prefix, logits in branches.items():
            losses |= _prefixed(prefix, self.decode_head.losses(logits, label, weight))
        if output.auxiliary is not None:
            losses |= _prefixed("aux", self.auxiliary_head.losses(output.auxiliary, label, weight))
        return losses

    def select_branch(self, output: SegOutput, branch: str | None = None) -> Tensor:
        """The part of an output [B, K, P, Q] that inference enlarges; see :meth:`inference`."""
        if branch not in (None, "fused"):
            raise UserError(f"{type(self).__name__} has no output '{branch}': it looks at one scale only. Leave the option out.")
        return output.logits

    def encode_decode(self, image: Tensor, branch: str | None = None) -> Tensor:
        """One pass, enlarged to the image: [B, 3, H, W] -> [B, K, H, W] logits."""
        return resize(self.select_branch(self.segment(image), branch), image.shape[2:])

    def inference(self, image: Tensor, branch: str | None = None) -> Tensor:
        """Test-time logits, whole or averaged over sliding windows as ``test_cfg`` says.

        Args:
            image: [B, 3, H, W], normalised.
            branch: which output of a multi-scale network; None for the one that the config asks for.

        Returns:
            [B, K, H, W] logits.
        """
        if self.test_cfg["mode"] == "whole":
            return self.encode_decode(image, branch)
        boxes = sliding_boxes(*image.shape[2:], self.test_cfg["crop_size"], self.test_cfg["stride"])
        if self.test_cfg.get("batched_slide", False):
            windows = self.encode_decode(crop_windows(image, boxes), branch)
        else:
            windows = torch.cat([self.encode_decode(box.crop(image), branch) for box in boxes])
        return blend_windows(windows, boxes, *image.shape[2:])


def _prefixed(prefix: str, losses: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{key}": value for key, value in losses.items()}


def _refuse(name: str, **options: dict | None) -> None:
    for key, value in options.items():
        if value:
            raise UserError(f"{name} has no use for {key}={value!r}. Leave {key} out.")


def _checked_test_cfg(test_cfg: dict) -> dict:
    for key in test_cfg:
        if key not in _TEST_OPTIONS:
            raise UserError(f"test_cfg got an unexpected option '{key}'.{suggestion(key, _TEST_OPTIONS)}")
    if test_cfg.get("mode") not in ("whole", "slide"):
        raise UserError(f"test_cfg has mode={test_cfg.get('mode')!r}. Use 'whole' or 'slide'.")
    if test_cfg["mode"] == "slide":
        for key in ("crop_size", "stride"):
            if not _is_size(test_cfg.get(key)):
                raise UserError(f"test_cfg has mode='slide' and {key}={test_cfg.get(key)!r}. Give {key}=(height, width) in pixels.")
        if any(step > side for step, side in zip(test_cfg["stride"], test_cfg["crop_size"], strict=True)):
            text = f"stride={tuple(test_cfg['stride'])} leaves gaps between windows of {tuple(test_cfg['crop_size'])}"
            raise UserError(f"test_cfg: {text}. Use a stride that is not larger than crop_size.")
    return dict(test_cfg)


def _is_size(value: Sequence[int] | None) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(isinstance(side, int) and side > 0 for side in value)
