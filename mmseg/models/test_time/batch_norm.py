"""Statistics of batch normalisation from the stream.

Source: Schneider et al., "Improving robustness against common corruptions by covariate shift adaptation", NeurIPS 2020. The paper mixes the
source's means and variances with those of a batch, by a number of images that the source counts as, and predicts the batch with them.
Here an image is predicted first, so that statistics are those of the images before it; both shares are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.models.test_time.base import OnlineAdaptation
from mmseg.models.test_time.frame_statistics import FrameStatistics, batch_norms
from mmseg.models.uda.base import UDAMethod
from mmseg.registry import TEST_TIME_METHODS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Share


@TEST_TIME_METHODS.register_module(name="bn")
class BatchNormAdaptation(OnlineAdaptation):
    """Moves the statistics of batch normalisation, and no weight; see :class:`FrameStatistics`.

    Args:
        network, seed: see :class:`OnlineAdaptation`.
        share: of the stream in the statistics.
        momentum: share of the newest image in the moving mean of the stream.

    Raises:
        UserError: the network has no batch normalisation.
    """

    def __init__(self, *, network: UDAMethod, seed: NonNegative[int] = 0, share: Share = 0.5, momentum: Share = 0.1) -> None:
        super().__init__(network=network, seed=seed)
        self.share, self.momentum = share, momentum
        if not batch_norms(self.model):
            raise UserError("The method bn moves the statistics of batch normalisation, of which this network has none. Use mic or cotta.")

    def begin(self) -> None:
        self.statistics = FrameStatistics(self.model, share=self.share, momentum=self.momentum)

    @torch.no_grad()
    def learn(self, image: Tensor, index: int) -> None:
        """Looks at the image as a prediction does."""
        with self.statistics.following():
            self.model.inference(image)

    def describe(self) -> str:
        return f"the statistics of {len(batch_norms(self.model))} layers of batch normalisation move"
