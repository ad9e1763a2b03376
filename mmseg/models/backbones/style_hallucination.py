"""Style hallucination: in training, every image is seen in a second style, mixed from styles of the source.

Source: Zhao et al., "Style-Hallucinated Dual Consistency Learning for Domain Generalized Semantic Segmentation" (SHADE),
ECCV 2022, section 3.3, as HRDA's extension (PAMI 2024, section 6) puts it behind the first stage of an encoder.

A *style* is the mean and the standard deviation of each channel over a feature map.

Letters: B images, C channels, (H, W) feature map, S base styles, N styles to choose from.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg.registry import MODELS, build_checked
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive

EPSILON = 1e-7


def style_of(feature_map: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and unbiased standard deviation over the map: [B, C, H, W] -> two of [B, C]."""
    std, mean = torch.std_mean(at_least_float32(feature_map), dim=(2, 3))
    return mean, std


def in_another_style(feature_map: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """The map with other statistics; gradients reach it through its normalised values alone, as published.

    Args:
        feature_map: [B, C, H, W].
        mean, std: [B, C] of the new style.
    """
    old_mean, old_std = (value.detach()[:, :, None, None] for value in style_of(feature_map))
    mixed = (feature_map - old_mean) / (old_std + EPSILON) * std[:, :, None, None] + mean[:, :, None, None]
    return mixed.to(feature_map.dtype)


def draw_style_weights(count: int, styles: int, concentration: float) -> Tensor:
    """Shares of the S base styles in ``count`` new ones: [count, S], from torch's global generator of the CPU.

    Dirichlet's distribution with all parameters equal to ``concentration``; in float64, in which shares as small as a
    concentration of 1/64 gives them do not vanish all at once.
    """
    return torch.distributions.Dirichlet(torch.full((styles,), concentration, dtype=torch.float64)).sample((count,)).float()


def farthest_points(points: Tensor, count: int, first: int) -> Tensor:
    """Farthest point sampling: each chosen point is the one that is farthest from all chosen before.

    Args:
        points: [N, D].
        count: how many to choose; if more than there are distinct ones, point 0 repeats.
        first: index of the first.

    Returns:
        indices int64 [count].
    """
    chosen = [first]
    distance = torch.full((len(points),), torch.inf, dtype=points.dtype, device=points.device)
    while len(chosen) < count:
        distance = torch.minimum(distance, (points - points[chosen[-1]]).square().sum(1))
        chosen.append(int(distance.argmax()))
    return torch.tensor(chosen)


class StyleHallucination(nn.Module):
    """Adds a stylised copy of the batch in train mode, and does nothing in eval mode.

    The base styles come from :class:`mmseg.engine.hooks.BaseStylesHook`, which a training with it needs.

    Args:
        style_dim: channels C; in an encoder those of its first stage.
        base_style_num: base styles S.
        concentration_coeff: of Dirichlet's distribution; the smaller, the fewer styles a mix has.

    Attributes:
        proto_mean, proto_std: [S, C] the base styles, zero until they are known; buffers, under their published names.
    """

    def __init__(
        self, *, style_dim: Positive[int] = 64, base_style_num: Positive[int] = 64, concentration_coeff: Positive[float] = 0.0156
    ) -> None:
        super().__init__()
        self.concentration_coeff = concentration_coeff
        self.known = False
        for name in ("proto_mean", "proto_std"):
            self.register_buffer(name, torch.zeros(base_style_num, style_dim))

    @property
    def has_styles(self) -> bool:
        """Whether the base styles are known; asked of the device only until they are."""
        self.known = self.known or bool(self.proto_std.any())
        return self.known

    def mix_from(self, mean: Tensor, std: Tensor) -> None:
        """Takes base styles, two of [S, C]."""
        self.proto_mean.copy_(mean)
        self.proto_std.copy_(std)
        self.known = True

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H, W] -> [2 * B, C, H, W] in train mode: the maps, then the same in styles that are drawn for each.

        Raises:
            UserError: there are no base styles to mix.
        """
        if not self.training:
            return feature_map
        if not (feature_map.is_meta or self.has_styles):
            fix = "Add dict(type='BaseStylesHook') to custom_hooks, or leave model.backbone.style_hallucination_cfg out"
            raise UserError(f"Style hallucination has no base styles yet. {fix}.")
        weights = draw_style_weights(len(feature_map), len(self.proto_mean), self.concentration_coeff).to(self.proto_mean)
        return torch.cat([feature_map, in_another_style(feature_map, weights @ self.proto_mean, weights @ self.proto_std)])


def style_hallucination(options: dict | None, *, channels: int) -> StyleHallucination | None:
    """The module that a config asks for.

    Args:
        options: of :class:`StyleHallucination`; None: none.
        channels: of the maps that it is for.

    Raises:
        UserError: an option that it does not have, or other channels.
    """
    if options is None:
        return None
    key = "model.backbone.style_hallucination_cfg"
    module = build_checked({"style_dim": channels, **options, "type": StyleHallucination}, MODELS)
    if module.proto_mean.shape[1] != channels:
        raise UserError(f"{key}.style_dim={options['style_dim']}, but the first stage has {channels} channels. Set it to {channels}.")
    return module
