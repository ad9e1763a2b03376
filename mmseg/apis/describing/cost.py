"""What a training costs by arithmetic: parameters, what of them is trained, bytes that are kept, and operations of a prediction.

Networks lie on torch's meta device, where every layer computes the size of its result and no number: ViT-L needs no memory.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from mmengine.config import Config
from torch.utils.flop_counter import FlopCounterMode

from mmseg.engine.parts import build_method

NUMBER = 4
"""Bytes of a float32."""
STATES = 3
"""Numbers beside each trained one: its gradient, and AdamW's two moments."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of a training, before it has seen an image.

    Attributes:
        parameters: numbers of the student.
        trained: those of them with a gradient.
        held: numbers of all networks of the method; what several of them share counts once. The teacher of a distillation, which is
            another training's, is not among them.
        flops: floating point operations of one prediction of a training crop, in matrix products, convolutions and attention, as
            ``torch.utils.flop_counter`` counts them; a product and a sum are two.
        crop: (height, width) of that crop.
    """

    parameters: int
    trained: int
    held: int
    flops: int
    crop: tuple[int, int]

    @property
    def kept(self) -> int:
        """Bytes of all networks, and of gradients and AdamW's moments of what is trained."""
        return NUMBER * (self.held + STATES * self.trained)

    @property
    def figures(self) -> dict[str, object]:
        """Ready for JSON."""
        return {**asdict(self), "kept": self.kept}

    def __str__(self) -> str:
        height, width = self.crop
        return (
            f"{self.parameters / 1e6:.1f} million parameters, {self.trained / 1e6:.1f} of them trained; "
            f"{self.kept / 2**30:.2f} GiB are kept without an image; {self.flops / 1e12:.3g} TFLOP for a prediction of {height}x{width}"
        )


def cost_of(cfg: Config) -> Cost:
    """The cost of a complete config of a training, in some seconds.

    Nothing is read: neither data nor weights.
    """
    with torch.device("meta"):
        method = build_method(cfg).eval()
        dataset = cfg.train_dataloader.dataset
        crop = tuple(dataset.get("sync_crop_size") or dataset.source_crop.crop_size)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            method.model.segment(torch.empty(1, 3, *crop))
    student = list(method.model.parameters())
    return Cost(
        parameters=sum(parameter.numel() for parameter in student),
        trained=sum(parameter.numel() for parameter in student if parameter.requires_grad),
        held=sum(parameter.numel() for parameter in method.parameters()),  # each tensor once
        flops=counter.get_total_flops(),
        crop=crop,
    )
