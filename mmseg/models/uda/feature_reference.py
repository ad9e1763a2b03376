"""A frozen encoder whose features a student imitates, and what projects the student's features onto them (VFM-UDA++, arXiv 2503.10685).

Letters: B images, C channels, (H, W) crop, (h, w) grid of the tokens.
"""

from __future__ import annotations

import torch
from timm.layers import LayerNorm2d
from torch import Tensor, nn

from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.uda.pseudo_labels.teacher import freeze
from mmseg.models.uda.shared_weights import share_frozen
from mmseg.utils.options.ranges import Positive, Three

EXPANSION = 4
"""Width of the projector's hidden layer over the student's channels."""


class FeatureReference(nn.Module):
    """A plain transformer of timm, never trained; and a projector, which is trained with the decoder's learning rate.

    Where the student's encoder is the same network, from the same file and frozen as well, both are one set of tensors.

    Args:
        student: a segmentor.
        mean, std: normalisation of the student's images, RGB grey levels. The encoder gets them in its own.
        name: of the encoder in timm, e.g. 'vit_large_patch14_reg4_dinov2'.
        pretrained: file of its weights, see :class:`TimmBackbone`; None draws them, which is for tests alone.
        input_scale: see :class:`TimmBackbone`; 0.4 for 29x29 tokens of a crop of 1,024 with patches of 14, as published.
    """

    def __init__(
        self,
        *,
        student: nn.Module,
        mean: Three[float],
        std: Three[float],
        name: str,
        pretrained: str | None = None,
        input_scale: Positive[float] | None = None,
    ) -> None:
        super().__init__()
        self.backbone = freeze(TimmBackbone(name=name, levels="last", input_scale=input_scale, pretrained=pretrained))
        encoder = student.backbone
        if isinstance(encoder, TimmBackbone) and (encoder.name, encoder.pretrained) == (name, self.backbone.pretrained):
            share_frozen(student, self)
        facts = self.backbone.facts
        own_mean, own_std = (mean, std) if facts is None else (facts.mean, facts.std)
        # Exactly 1 and 0 where both are normalised alike.
        self.register_buffer("factor", _column(std) / _column(own_std), persistent=False)
        self.register_buffer("shift", (_column(mean) - _column(own_mean)) / _column(own_std), persistent=False)
        width, (channels,) = student.feature_channels * EXPANSION, self.backbone.out_channels
        layers = (nn.Conv2d(student.feature_channels, width, 1), LayerNorm2d(width), nn.GELU(), nn.Conv2d(width, channels, 1))
        self.projector = nn.Sequential(*layers)

    @torch.no_grad()
    def features(self, image: Tensor) -> Tensor:
        """The normalised last map [B, C, h, w] of crops [B, 3, H, W] as the student gets them."""
        return self.backbone(image * self.factor + self.shift)[0]

    def project(self, features: Tensor, like: Tensor) -> Tensor:
        """The student's features [B, ., ., .] as those of the encoder, [B, C, h, w] of the size of ``like``."""
        return resize(self.projector(features), like.shape[2:])

    def train(self, mode: bool = True) -> FeatureReference:
        """Train mode for the projector; the encoder stays in evaluation."""
        super().train(mode)
        self.backbone.eval()
        return self

    def init_weights(self) -> None:
        """Loads the encoder's weights, or draws them; torch's defaults for the projector."""
        self.backbone.init_weights()
        for layer in self.projector:
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()


def _column(values: Three[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(3, 1, 1)
