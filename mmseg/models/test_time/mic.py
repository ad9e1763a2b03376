"""Masked image consistency on single images: predict what is hidden as the teacher sees it unhidden (MIC, Hoyer et al., CVPR 2023).

The objective, its teacher, its pseudo-labels and its masks are those of the trainings, with the values of the paper: alpha 0.999,
threshold 0.968, 70 % of the blocks of 64 pixels hidden, after jitter and blur. Ours is to do so at test time, one image at a time, with
a teacher that starts as the source, and the learning rate.
"""

from __future__ import annotations

import copy

from torch import Tensor

from mmseg.models.test_time.base import LEARNING_RATE, OnlineLearner
from mmseg.models.uda.augmentation.augment import StrongAugment
from mmseg.models.uda.augmentation.masking import BlockMask
from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.objectives.consistency.masked import MaskedConsistency
from mmseg.models.uda.pseudo_labels.confidence import ConfidenceShare
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.registry import TEST_TIME_METHODS
from mmseg.utils.options.ranges import NonNegative, Positive, Share

AUGMENTED = {"jitter_strength": 0.2, "jitter_probability": 0.2, "blur": True}
"""As published, see :class:`StrongAugment`."""


@TEST_TIME_METHODS.register_module(name="mic")
class OnlineMIC(OnlineLearner):
    """Learns to say of a masked image what its teacher says of the whole one; the student predicts, as in MIC.

    Args:
        network, seed: see :class:`OnlineAdaptation`.
        lr: learning rate of Adam.
        alpha: share of the old teacher in an update.
        threshold: confidence from which a pseudo-label counts as sure; their share is the weight of the image.
        mask_ratio: share of the blocks that is masked.
        mask_block_size: side of a block in pixels of the image as the network sees it.
    """

    def __init__(
        self,
        *,
        network: UDAMethod,
        seed: NonNegative[int] = 0,
        lr: Positive[float] = LEARNING_RATE,
        alpha: Share = 0.999,
        threshold: Share = 0.968,
        mask_ratio: Share = 0.7,
        mask_block_size: Positive[int] = 64,
    ) -> None:
        super().__init__(network=network, seed=seed, lr=lr)
        self.alpha, self.stages = alpha, [ConfidenceShare(threshold=threshold)]
        self.mask = BlockMask(mask_ratio=mask_ratio, mask_block_size=mask_block_size)

    def begin(self) -> None:
        super().begin()
        self.teacher = Teacher(network=copy.deepcopy(self.model), alpha=self.alpha, stages=self.stages)
        self.teacher.restored = True  # it is past the warm-up, in which it would be a copy of the student
        normalization = self.network.data_preprocessor
        augment = StrongAugment(mean=normalization.grey_mean, std=normalization.grey_std, **AUGMENTED)
        self.objective = MaskedConsistency(mode="separatetrgaug", mask=self.mask, augment=augment, teacher=self.teacher)

    def learn(self, image: Tensor, index: int) -> None:
        """Student, then teacher."""
        self.descend(self.objective(self.step(image, index)))
        self.teacher.update(self.model, index)
