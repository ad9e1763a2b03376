"""HRDA's decoder: one head for both resolutions and a learned attention between them.

Source: Hoyer et al., "HRDA: Context-Aware High-Resolution Domain-Adaptive Semantic Segmentation",
ECCV 2022, sections 3.2 and 3.3. The paper's low-resolution (LR) view is called *context* here and its
high-resolution (HR) view *detail*; options keep the paper's names.

Letters: B images, K classes, (P, Q) the fused map (stride of the head in the full crop), (p, q) the
context map, (h, w) the detail map, N detail windows.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.registry import MODELS, find, options_of
from mmseg.structures import Box, SegOutput, blend_windows, full_box
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import Positive, Share


@dataclass(frozen=True)
class ScaleFusion:
    """Everything that :class:`HRDAHead` computes.

    Attributes:
        fused: [B, K, P, Q].
        context: [B, K, p, q] logits of the context view alone.
        scaled_context: [B, K, p, q] (1 - attention) * context; the attention counts inside the detail box only.
        detail: [B, K, h, w] logits of the detail view alone; of all windows, averaged, at test time.
        attention: [B, K or 1, p, q] in [0, 1], before it is confined to the box.
        embedding: [B, C, p, q] the map of the context before the classifier; None where the single-scale head has no such map.
    """

    fused: Tensor
    context: Tensor
    scaled_context: Tensor
    detail: Tensor
    attention: Tensor
    embedding: Tensor | None = None


def fuse_scales(context: Tensor, detail: Tensor, attention: Tensor, box: Box, size: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Scale attention (equations 8 and 9 of the paper): detail where it is trusted, context elsewhere.

    Both products are enlarged separately: enlarging the scaled context is not the same as scaling the
    enlarged context. Outside of the box the attention is 0 and the context passes unchanged.
    As published, a corner of the box between two context positions moves up or left: offsets at
    multiples of 8 pixels are not whole positions where the context has a stride of 16 or more.

    Args:
        context: [B, K, p, q] logits.
        detail: [B, K, h, w] logits.
        attention: [B, K or 1, p, q] share of the detail.
        box: where ``detail`` lies in the fused map.
        size: (P, Q).

    Returns:
        Fused logits [B, K, P, Q] and the scaled context [B, K, p, q].
    """
    inside = torch.zeros_like(attention[:1, :1])
    box.truncated(Fraction(context.shape[3], size[1])).crop(inside).fill_(1)
    confined = attention * inside
    scaled_context = (1 - confined) * context
    share = box.crop(resize(confined, size))
    margins = (box.x1, size[1] - box.x2, box.y1, size[0] - box.y2)
    return resize(scaled_context, size) + F.pad(share * detail, margins), scaled_context


def attention_map(attention: Tensor, logits: Tensor) -> Tensor:
    """How much of a prediction comes from the detail view: sum over classes of attention * softmax.

    Args:
        attention: [B, K or 1, p, q], with the detail over the whole crop (test time).
        logits: [B, K, P, Q] fused.

    Returns:
        [B, 1, P, Q] in [0, 1].
    """
    share = resize(attention, logits.shape[2:])
    return (share * logits.softmax(1)).sum(1, keepdim=True)


@MODELS.register_module()
class HRDAHead(BaseModule):
    """A single-scale head that is shared by both views, and the scale attention.

    Args:
        single_scale_head: registered name of the shared head.
        attention_embed_dim: width of the attention head.
        attention_classwise: one attention map per class instead of one for all.
        fixed_attention: this constant instead of a learned attention (0: context only, 1: detail only).
        lr_loss_weight: share of the loss on the scaled context logits.
        hr_loss_weight: share of the loss on the detail logits, on the labels inside the detail box.
            The fused logits get the rest.
        debug_output_attention: test-time inference returns :func:`attention_map` instead of logits.
        head_options: the options of the single-scale head.

    Raises:
        UserError: an option that neither this class nor the single-scale head has, or shares beyond 1.
    """

    def __init__(
        self,
        *,
        single_scale_head: str,
        attention_embed_dim: Positive[int] = 256,
        attention_classwise: bool = True,
        fixed_attention: Share | None = None,
        lr_loss_weight: Share = 0.0,
        hr_loss_weight: Share = 0.0,
        debug_output_attention: bool = False,
        **head_options,
    ) -> None:
        super().__init__()
        _check_options(single_scale_head, head_options)
        if lr_loss_weight + hr_loss_weight > 1:
            text = f"lr_loss_weight={lr_loss_weight} and hr_loss_weight={hr_loss_weight} are shares of one loss"
            raise UserError(f"HRDAHead: {text}. Use values from 0 to 1 whose sum is at most 1.")
        self.head = MODELS.build(dict(type=single_scale_head, **head_options))
        self.scale_attention = None
        if fixed_attention is None:
            options = attention_options(head_options, attention_embed_dim, self.head.num_classes if attention_classwise else 1)
            self.scale_attention = MODELS.build(dict(type=single_scale_head, **options))
        self.num_classes = self.head.num_classes
        self.output_stride = self.head.output_stride
        self.fixed_attention = fixed_attention
        self.lr_loss_weight = lr_loss_weight
        self.hr_loss_weight = hr_loss_weight
        self.debug_output_attention = debug_output_attention

    def forward(
        self, context_features: Sequence[Tensor], detail_features: Sequence[Tensor], boxes: Sequence[Box], size: Sequence[int]
    ) -> ScaleFusion:
        """Decodes both views and fuses them.

        Args:
            context_features: encoder levels of the context view [B, C, ., .].
            detail_features: encoder levels of N detail windows [N*B, C, ., .], window by window.
            boxes: where the windows lie in the fused map; several must cover it.
            size: (P, Q) of the fused map.

        Raises:
            UserError: the encoder's stride is not the one that the single-scale head is made for.
        """
        context, embedding, _ = self.head.decode(context_features)  # before the detail: BatchNorm's running statistics depend on the order
        detail, box = self.decode_detail(detail_features, boxes[0]), boxes[0]
        if len(boxes) > 1:
            detail, box = blend_windows(detail, boxes, *size), full_box(*size)
        attention = self.attend(context_features, context)
        fused, scaled_context = fuse_scales(context, detail, attention, box, size)
        maps = {"fused": fused, "context": context, "scaled_context": scaled_context, "detail": detail, "attention": attention}
        return ScaleFusion(**maps, embedding=embedding)

    def decode_detail(self, detail_features: Sequence[Tensor], box: Box) -> Tensor:
        """Logits [N*B, K, h, w] of N detail windows; see :meth:`forward`. ``box`` is any of them in the fused map."""
        detail = self.head(detail_features)
        if detail.shape[2:] != (box.height, box.width):
            text = f"{type(self.head).__name__} has {tuple(detail.shape[2:])} logits per window, at stride {self.output_stride} they are"
            raise UserError(f"HRDAHead: {text} {(box.height, box.width)}. Use a backbone whose level in_index has this stride.")
        return detail

    def init_weights(self) -> None:
        """Draws new weights for the shared head and the attention."""
        for part in self.children():
            part.init_weights()
        self._is_init = True

    def attend(self, context_features: Sequence[Tensor], context: Tensor) -> Tensor:
        """The share of the detail view at every context position: [B, K or 1, p, q] in [0, 1]."""
        if self.scale_attention is None:
            return torch.full_like(context[:, :1], self.fixed_attention)
        return self.scale_attention(context_features).sigmoid()

    def losses(self, output: SegOutput, label: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
        """Losses of the fused, the context and the detail logits, each times its share (eq. 10).

        The context loss trains the *scaled* context, as published.

        Args:
            output: of one training pass; its view 'detail' says which part of the label it saw.
            label: [B, H, W] int64.
            weight: [B, H, W] factor per pixel, or None.

        Returns:
            ``loss_seg`` and ``acc_seg``, and the same with the prefixes ``lr.`` and ``hr.`` where the share is not 0.
        """
        detail = output.view("detail")
        inside = (detail.logits, detail.box.crop(label), None if weight is None else detail.box.crop(weight))
        parts = [
            ("", 1 - self.lr_loss_weight - self.hr_loss_weight, (output.logits, label, weight)),
            ("lr.", self.lr_loss_weight, (output.scaled_context, label, weight)),
            ("hr.", self.hr_loss_weight, inside),
        ]
        losses = {}
        for prefix, share, arguments in parts:
            if prefix and share == 0:
                continue
            part = self.head.losses(*arguments)
            losses[f"{prefix}loss_seg"] = part["loss_seg"] * share
            losses[f"{prefix}acc_seg"] = part["acc_seg"]
        return losses


def attention_options(head_options: dict, width: int, num_classes: int) -> dict:
    """The options of the attention head: the single-scale head's, narrower and with a plain fusion.

    Args:
        head_options: options of the single-scale head.
        width: channels of the embedded levels and of the fused map, where the head has such options.
        num_classes: number of attention maps.
    """
    options = {**head_options, "num_classes": num_classes}
    if "channels" in options:
        options["channels"] = width
    if "decoder_params" in options:
        decoder = dict(options["decoder_params"])
        decoder |= {key: width for key in ("embed_dims", "embed_dim") if key in decoder}  # DAFormerHead, SegFormerHead
        fusion = decoder.get("fusion_cfg", {})
        if fusion.get("type") == "aspp":  # where to look closer needs no wide context; other fusions are kept
            decoder["fusion_cfg"] = {"type": "conv", "kernel_size": 1, "norm_cfg": fusion.get("norm_cfg"), "act_cfg": fusion.get("act_cfg")}
        options["decoder_params"] = decoder
    return options


def _check_options(single_scale_head: str, head_options: dict) -> None:
    component = find(single_scale_head, MODELS)
    if component is None:
        return  # building it says which name is meant
    known = options_of(component)
    for key in head_options:
        if key not in known:
            own = inspect.signature(HRDAHead).parameters
            raise UserError(f"HRDAHead got an unexpected option '{key}'.{suggestion(key, {*known, *own} - {'head_options'})}")
