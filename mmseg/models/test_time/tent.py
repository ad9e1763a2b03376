"""TENT: more certain predictions through the affine parameters of normalisation (Wang et al., ICLR 2021, section 3).

Of the paper are the entropy of the prediction as loss, the scales and shifts of normalisation layers as all that is trained, statistics of
batch normalisation from the target, and one step for each batch. Ours are a batch of one image, which is predicted before the step and
not in it, the share of the source in the statistics (:class:`FrameStatistics`), layers of all kinds of normalisation, since
transformers have hardly another one, and the learning rate.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg.models.test_time.base import LEARNING_RATE, OnlineLearner
from mmseg.models.test_time.frame_statistics import FrameStatistics
from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.objectives.entropy import MinimizeEntropy
from mmseg.registry import TEST_TIME_METHODS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, Share

NORMALIZATIONS = (_BatchNorm, nn.LayerNorm, nn.GroupNorm)


def affine_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Scales and shifts of all normalisation layers that are not frozen."""
    layers = (module for module in network.modules() if isinstance(module, NORMALIZATIONS))
    return [parameter for layer in layers for parameter in layer.parameters(recurse=False) if parameter.requires_grad]


@TEST_TIME_METHODS.register_module(name="tent")
class Tent(OnlineLearner):
    """Lowers the entropy of what the network says, one step per image.

    Args:
        network, seed: see :class:`OnlineAdaptation`.
        lr: learning rate of Adam.
        share: of the stream in the statistics of batch normalisation; 0 leaves them.
        momentum: share of the newest image in the moving mean of the stream.

    Raises:
        UserError: the network has no normalisation layer that could be trained.
    """

    def __init__(
        self,
        *,
        network: UDAMethod,
        seed: NonNegative[int] = 0,
        lr: Positive[float] = LEARNING_RATE,
        share: Share = 0.5,
        momentum: Share = 0.1,
    ) -> None:
        super().__init__(network=network, seed=seed, lr=lr)
        self.share, self.momentum, self.entropy = share, momentum, MinimizeEntropy(weights={"main": 1.0})
        if not affine_parameters(self.model):
            text = "The method tent trains scales and shifts of normalisation layers, of which this network has none"
            raise UserError(f"{text}. Use mic or cotta.")

    def begin(self) -> None:
        super().begin()
        self.statistics = FrameStatistics(self.model, share=self.share, momentum=self.momentum)

    def trained(self, network: nn.Module) -> list[nn.Parameter]:
        return affine_parameters(network)

    def learn(self, image: Tensor, index: int) -> None:
        """One pass: its entropy moves the parameters, and what passes the layers their statistics."""
        with self.statistics.following():  # they move behind the step, since its gradients need those of the pass
            self.descend(self.entropy(self.step(image, index)))
