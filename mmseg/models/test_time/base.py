"""What the methods at test time share: a network that moves with the images that it has predicted, and the way back.

The protocol is that of CoTTA (Wang et al., CVPR 2022, section 4): one image at a time, which is predicted first. What a method learns from
an image therefore helps the images after it.

    method = build_online("tent", network)
    for index, image in enumerate(images):
        predict with the network; method.adapt(image, index)
    method.reset()

Letters: (H, W) image as the network sees it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.step import StepContext
from mmseg.registry import TEST_TIME_METHODS
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive
from mmseg.utils.randomness import Streams

LEARNING_RATE = 7.5e-6
"""An eighth of the 6e-5 that MiT encoders are trained with, as a batch has one image. Ours: the papers' values were not seen."""


class OnlineAdaptation:
    """A network that is changed in place, between the predictions of two images.

    The network stays in evaluation mode, so that Dropout draws nothing. Weights that the tuning of an encoder freezes stay frozen.

    Args:
        network: of :func:`mmseg.apis.init_model`.
        seed: of all draws.

    Attributes:
        model: what predicts, ``network.model``.
        source: its tensors by name, as they were given: what :meth:`reset` goes back to.
    """

    def __init__(self, *, network: UDAMethod, seed: NonNegative[int] = 0) -> None:
        self.network, self.model, self.seed = network.eval(), network.model, seed
        self.source = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.begun = False

    def adapt(self, image: Tensor, index: int) -> None:
        """Learns from an image that has been predicted.

        Args:
            image: [1, 3, H, W], normalised.
            index: number of the image in its stream, from 0; with the seed, it decides all that is drawn.
        """
        if not self.begun:
            self.begin()
            self.begun = True
        with torch.enable_grad():
            self.learn(image, index)

    def reset(self) -> None:
        """The network is the source's again, bit by bit, and nothing is remembered."""
        self.model.load_state_dict(self.source)
        self.begun = False

    def begin(self) -> None:
        """Makes what the method remembers from one image to the next; the network is the source's."""

    def learn(self, image: Tensor, index: int) -> None:
        """What a method does with an image; see :meth:`adapt`."""
        raise NotImplementedError

    def describe(self) -> str:
        """What moves, in words."""
        raise NotImplementedError


class OnlineLearner(OnlineAdaptation):
    """One step of Adam per image.

    Args:
        network, seed: see :class:`OnlineAdaptation`.
        lr: learning rate.
    """

    def __init__(self, *, network: UDAMethod, seed: NonNegative[int] = 0, lr: Positive[float] = LEARNING_RATE) -> None:
        super().__init__(network=network, seed=seed)
        self.lr, self.student = lr, self.model

    def begin(self) -> None:
        self.parameters = self.trained(self.student)
        self.optimizer = torch.optim.Adam(self.parameters, lr=self.lr)

    def trained(self, network: nn.Module) -> list[nn.Parameter]:
        """The parameters that move: all that are not frozen."""
        return [parameter for parameter in network.parameters() if parameter.requires_grad]

    def step(self, image: Tensor, index: int) -> StepContext:
        """A training step that sees the image as its target, and no source.

        The sides are cut to what a pass of a training takes, a few pixels at the right and the bottom.
        """
        height, width = (side - side % self.model.unit for side in image.shape[2:])
        nothing = image[:0]
        batch = UDABatch(
            source_image=nothing, source_label=nothing[:, 0].long(), source_classes=(), target_image=image[:, :, :height, :width]
        )
        networks = {"student": self.student, "imnet": None, "discriminator": None}
        return StepContext(batch=batch, iteration=index, streams=Streams(self.seed, index), **networks)

    def descend(self, loss: Tensor) -> None:
        """Moves the parameters; gradients of others are not touched, and none are left behind."""
        gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def describe(self) -> str:
        count = sum(parameter.numel() for parameter in self.trained(self.model))
        return f"{count:,} of {sum(parameter.numel() for parameter in self.model.parameters()):,} weights move"


def build_online(name: str, network: UDAMethod, /, *, seed: int = 0, **options) -> OnlineAdaptation:
    """A method by its name.

    Args:
        name: 'source', 'bn', 'tent', 'cotta' or 'mic', or one of your own in :data:`mmseg.registry.TEST_TIME_METHODS`.
        network: of :func:`mmseg.apis.init_model`; it is changed in place.
        seed: of all draws.
        options: of the method.

    Raises:
        UserError: the name or an option is unknown, or the network has nothing that the method could move.
    """
    for key in ("type", "network"):
        if key in options:
            raise UserError(f"Method {name}: '{key}' is no option of it, other arguments say which. Leave it out.")
    return TEST_TIME_METHODS.build({"type": name, "network": network, "seed": seed, **options})
