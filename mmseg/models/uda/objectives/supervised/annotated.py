"""Supervision on the few target pixels that are labelled (RIPU, Xie et al., CVPR 2022, section 3.3).

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from torch import Tensor, nn

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.negative_learning import negative_learning
from mmseg.models.uda.pseudo_labels.annotations import annotation_of
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.options.ranges import NonNegative, Positive


def sparse_weight(label: Tensor) -> Tensor:
    """Weights with which a mean over all pixels becomes the mean over the labelled ones of the batch; 0 everywhere without any.

    Args:
        label: [B, H, W], 255 where not labelled.

    Returns:
        [B, H, W] float32.
    """
    known = label != IGNORE
    return known * (label.numel() / known.sum().clamp(min=1))


def averages_labelled(network: nn.Module) -> bool:
    """Whether the losses of a network are means over labelled pixels already (``loss_decode=dict(avg_non_ignore=True)``)."""
    return any(getattr(module, "avg_non_ignore", False) for module in network.modules())


@OBJECTIVES.register_module()
class AnnotatedSupervision:
    """Cross entropy on the labelled pixels of target crops that nothing is mixed into, and negative learning on all of them.

    The cross entropy is the mean over the labelled pixels of the batch, so that few pixels of the target weigh as much as the whole source;
    0 without any. A network with a detail crop has its loss there as well, with the same weight for a pixel.

    Args:
        weight: of the cross entropy.
        negative: weight of :func:`negative_learning`; 1 as published, 0 leaves it out.
        threshold: probability below which a class counts as unlikely there.
        start: first iteration; where negative learning is left out, that of the first round saves passes without labels.
    """

    learns_from_annotation = True

    def __init__(
        self,
        *,
        weight: NonNegative[float] = 1.0,
        negative: NonNegative[float] = 0.0,
        threshold: Positive[float] = 0.05,
        start: NonNegative[int] = 0,
    ) -> None:
        self.weight, self.negative, self.threshold, self.start = weight, negative, threshold, start

    def __call__(self, step: StepContext) -> Tensor:
        label = annotation_of(step.batch, "AnnotatedSupervision")
        output = step.forward(step.target_image, "annotated")
        weight = None if averages_labelled(step.student) else sparse_weight(label)
        losses = {name: self.weight * value for name, value in step.student_loss(output, label, weight).items() if "loss" in name}
        if self.negative > 0:
            logits = resize(output.logits, label.shape[1:], output.align_corners)
            losses["loss_negative"] = self.negative * negative_learning(logits, self.threshold)
        step.log({"labelled_share": 100 * (label != IGNORE).float().mean()}, "annotated.")
        step.record(target_image=step.target_image, annotation_label=label)
        return step.log(losses, "annotated.")
