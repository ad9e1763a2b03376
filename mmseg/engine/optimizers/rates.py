"""Learning rates by depth and by batch.

Sources: Bao et al., BEiT, ICLR 2022 (decay by layer); Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
arXiv 1404.5997, section 5 (the square root of the batch); Englert et al., VFM-UDA++ (arXiv 2503.10685), which uses both.

Letters: L blocks of the encoder, N crops of a step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from mmengine.logging import print_log
from torch import nn

from mmseg.utils.errors import UserError


def layer_factors(segmentor: nn.Module, decay: float) -> dict[str, float]:
    """Factor of the learning rate of each parameter of a network's encoder: ``decay`` to the number of blocks that follow it.

    Block i of L gets decay^(L - 1 - i), what comes before the blocks decay^L; the final normalisation and levels that are made of the
    last map get 1.

    Args:
        segmentor: with the encoder under ``backbone``.
        decay: above 0, at most 1.

    Returns:
        by the parameters' names in the segmentor; what is not among them is no part of the encoder.

    Raises:
        UserError: the encoder has no blocks at one resolution.
    """
    encoder = segmentor.backbone
    above = encoder.blocks_above() if hasattr(encoder, "blocks_above") else None
    if above is None:
        text = f"optim_wrapper.paramwise_cfg.layer_decay={decay} goes by transformer blocks at one resolution, which this"
        fix = "Leave it out, or use a plain transformer of timm as the encoder"
        raise UserError(f"{text} {type(encoder).__name__} does not have. {fix}.")
    return {f"backbone.{name}": decay**count for name, count in above.items()}


def scaled_rate(optimizer: Mapping, scale_lr_by: str | None, batch: int) -> dict:
    """The options of an optimizer with the learning rate of a batch; prints what came out.

    Args:
        optimizer: options with the learning rate ``lr`` of a batch of 1.
        scale_lr_by: 'sqrt_batch', or None for the rate as it is.
        batch: N, over all processes.
    """
    if scale_lr_by is None or "lr" not in optimizer:
        return dict(optimizer)
    rate = optimizer["lr"] * math.sqrt(batch)
    text = f"Learning rate {optimizer['lr']:.4g} for {batch} crops in a step: times sqrt({batch}), {rate:.4g}"
    print_log(f"{text} (optim_wrapper.scale_lr_by='{scale_lr_by}')", logger="current")
    return {**optimizer, "lr": rate}
