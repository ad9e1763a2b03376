"""The moving average of CPSL: it looks at whole images, and its prototypes correct soft pseudo-labels (section 3.2).

Letters: B images, C channels, K classes, (H, W) crop, (h, w) a fourth of it, (p, q) the decoder's map of the whole image.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.uda.augmentation.place import crop_of_whole
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels, TargetMaps
from mmseg.models.uda.pseudo_labels.teacher import Teacher, ema_update
from mmseg.models.uda.self_labelling.labeller import SelfLabeller
from mmseg.models.uda.self_labelling.prototypes import PrototypeBank, prototype_logits
from mmseg.models.uda.self_labelling.rectification import rectify
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive, Share
from mmseg.utils.randomness import Streams

STRIDE = 4
"""Pixels of a crop per pixel of the maps whose predictions are compared."""


def shrunk(size: torch.Size | tuple[int, int]) -> tuple[int, int]:
    """(H, W) -> (h, w)."""
    return size[-2] // STRIDE, size[-1] // STRIDE


def nearest(labels: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """Labels [B, ., .] of 0..255 at another size [B, *size]."""
    return F.interpolate(labels[:, None].float(), tuple(size), mode="nearest")[:, 0].long()


NEEDS = {
    "soft": ("soft pseudo-labels", "train_dataloader.dataset.target_soft_labels, a folder of tools/prepare/pseudo_labels.py --soft"),
    "label": ("hard pseudo-labels", "train_dataloader.dataset.target_labels, a folder of tools/prepare/pseudo_labels.py"),
    "whole": ("the whole images", "train_dataloader.dataset.target_whole=(2048, 1024)"),
    "strong": ("a strong view", "train_dataloader.dataset.strong_view=dict()"),
}
"""What of the target, in words, and the option that gives it."""


def asked_of_target(batch: UDABatch, asker: str, *names: str) -> tuple[Tensor, ...]:
    """What a method needs of the target beside its crops, by the names of the batch without ``target_``.

    Raises:
        UserError: the training data lacks one of them.
    """
    for name in names:
        if getattr(batch, f"target_{name}") is None:
            what, option = NEEDS[name]
            raise UserError(f"{asker} needs {what} of the target, which the training data does not give. Give {option}.")
    return tuple(getattr(batch, f"target_{name}") for name in names)


class PrototypeTeacher(Teacher):
    """A network that follows the student from the first update on, with its buffers, and labels with prototypes.

    As published, it is never in evaluation mode: BatchNorm normalises with the statistics of the whole images, and dropout draws.

    Args:
        network: a segmentor; gets frozen.
        alpha: share of the old network and of the old prototypes in an update.
        prototypes: W and W'.
        temperature: of P_SL.
        threshold: a rectified label of a smaller renormalised probability is ignored.
        labeller: samples the maps.
        whole: whether these are the maps of the whole images; else those of the crops, where pixels have labels of their own.
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        alpha: Share,
        prototypes: PrototypeBank,
        temperature: Positive[float],
        threshold: Share,
        labeller: SelfLabeller,
        whole: bool,
    ) -> None:
        super().__init__(network=network, alpha=alpha)
        self.prototypes, self.temperature, self.threshold = prototypes, temperature, threshold
        self.labeller, self.whole = labeller, whole

    def train(self) -> None:
        """Everything in train mode."""
        self.network.train()

    @torch.no_grad()
    def update(self, student: nn.Module, iteration: int) -> None:
        """Follows the student at the start of ``iteration``, which is the end of the one before; the first copies unless restored.

        The published code keeps W and W' in the same memory until its first update, so W' = W in iterations 0 and 1.
        """
        if iteration or not self.restored:
            ema_update(self.network, student, self.alpha if iteration else 0)
            for own, new in zip(self.network.buffers(), student.buffers(), strict=True):
                own.copy_(new)
        self.prototypes.follow(self.alpha if iteration > 1 else 0)

    @torch.no_grad()
    def label(self, batch: UDABatch, iteration: int, streams: Streams) -> PseudoLabels:
        """Rectified labels of the target crops [B, H, W], which are those of the maps (h, w), enlarged.

        Raises:
            UserError: the training data gives no soft pseudo-labels or no whole images, or the decoder has no map before its classifier.
        """
        soft, image = asked_of_target(batch, "CPSL", "soft", "whole")
        streams.seed_global("teacher/network")
        output = self.network.segment(image)
        small = shrunk(batch.target_image.shape)

        def of_crops(values: Tensor) -> Tensor:
            whole = resize(values, shrunk(image.shape), align_corners=True)
            return crop_of_whole(whole, batch.target_place, size=small)

        embedding = of_crops(output.embedding)
        weights = prototype_logits(embedding, self.prototypes.average, self.temperature).softmax(dim=1)
        labels, confidence = rectify(resize(soft, small, align_corners=True), weights, self.threshold)
        if batch.target_valid is not None:
            labels = torch.where(nearest(batch.target_valid, small) == 0, IGNORE, labels)
        if self.whole:  # as published, labels of the crops are stretched over the whole images
            grid = output.embedding.shape[2:]
            maps = TargetMaps(output.embedding, resize(output.logits, grid, align_corners=True), nearest(labels, grid), weights)
        else:
            maps = TargetMaps(embedding, of_crops(output.logits), labels, weights)
        size = batch.target_image.shape[2:]
        confidence = F.interpolate(confidence[:, None], tuple(size), mode="nearest")[:, 0]
        return PseudoLabels(nearest(labels, size), torch.ones_like(confidence), confidence, confidence.new_ones(()), maps)
