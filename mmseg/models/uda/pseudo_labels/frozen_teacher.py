"""A network of another training that teaches: it says what it sees, in its own way, and never changes.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.models.uda.pseudo_labels.teacher import freeze, mean_of_looks


class FrozenTeacher:
    """Logits of another network for crops of this training, which are normalised for the student.

    The network looks as its own config says: at its normalisation, in the windows of its ``test_cfg``, and at the mirror image where that
    asks for it. It is no part of the method that it teaches, so that neither states nor optimizers hold it.

    Args:
        network: a method in evaluation mode (:func:`mmseg.apis.init_model`); gets frozen.
        preprocessor: what the crops were normalised with.
    """

    def __init__(self, network: nn.Module, preprocessor: SegDataPreprocessor) -> None:
        self.network = freeze(network).eval()
        own, given = network.data_preprocessor, preprocessor
        self.same = (own.grey_mean, own.grey_std) == (given.grey_mean, given.grey_std)
        self.factor, self.offset = given.std / own.std, (given.mean - own.mean) / own.std  # (x * s + m - m') / s'

    @torch.no_grad()
    def logits(self, image: Tensor) -> Tensor:
        """Logits [B, K, H, W] of crops [B, 3, H, W] as the student sees them.

        Where the loader padded, crops have the mean of the student's statistics: a grey that differs a little from the teacher's.
        """
        seen = image if self.same else image * self.factor.to(image.device) + self.offset.to(image.device)
        logits = self._look(seen)
        if self.network.model.test_cfg.get("flip", False):
            logits = mean_of_looks(logits, self._look(seen.flip(3)).flip(3))
        return logits

    def _look(self, image: Tensor) -> Tensor:
        model = self.network.model
        return model.enlarge(self.network.correct(model.inference(image)).float(), image.shape[2:])
