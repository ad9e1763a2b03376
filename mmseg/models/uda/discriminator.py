"""From which domain is a prediction? The discriminators of AdaptSegNet (Tsai et al., CVPR 2018, section 4), of AdvEnt (Vu et al.,
CVPR 2019, section 3.2) and of CPSL's warm-up.

Letters: B images, K classes, (H, W) predictions, (h, w) answers: 1/32 or 1/16 of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.models.losses.entropy import self_information
from mmseg.models.uda.pseudo_labels.prediction import Prediction
from mmseg.utils.errors import UserError

STRIDE = 32


class Discriminator(nn.Module):
    """Four strided convolutions with leaky ReLU, no normalisation, and a classifier.

    Args:
        num_classes: K.
        channels: width of the first convolution; each further one doubles it.
    """

    def __init__(self, *, num_classes: int, channels: int = 64) -> None:
        super().__init__()
        widths = (num_classes, channels, 2 * channels, 4 * channels, 8 * channels, 1)
        names = ("conv1", "conv2", "conv3", "conv4", "classifier")
        for index, name in enumerate(names):
            self.add_module(name, nn.Conv2d(widths[index], widths[index + 1], kernel_size=4, stride=2, padding=1))

    def forward(self, probabilities: Tensor) -> Tensor:
        """[B, K, H, W] -> logits [B, 1, h, w]; small for the source, large for the target.

        Raises:
            UserError: the prediction is smaller than one answer.
        """
        if min(probabilities.shape[2:]) < STRIDE:
            size = "x".join(map(str, probabilities.shape[2:]))
            raise UserError(f"The discriminator needs predictions of {STRIDE}x{STRIDE} pixels or more, not {size}. Use a larger crop_size.")
        *convolutions, classifier = self.children()
        for convolution in convolutions:
            probabilities = F.leaky_relu(convolution(probabilities), negative_slope=0.2)
        return classifier(probabilities)

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator."""
        for convolution in self.children():
            convolution.reset_parameters()


class SmallKernelDiscriminator(nn.Module):
    """Four strided 3x3 convolutions and a 1x1 classifier; as published, only the fourth ReLU is leaky.

    Source: the warm-up in the code of Li et al., "Class-Balanced Pixel-Level Self-Labeling for Domain Adaptive Semantic Segmentation",
    CVPR 2022.

    Args:
        num_classes: K.
        channels: width of the first convolution; each further one doubles it.
    """

    def __init__(self, *, num_classes: int, channels: int = 64) -> None:
        super().__init__()
        widths = (num_classes, *(channels * 2**index for index in range(4)))
        for index in range(4):
            self.add_module(f"conv{index + 1}", nn.Conv2d(widths[index], widths[index + 1], kernel_size=3, stride=2, padding=1))
        self.classifier = nn.Conv2d(widths[-1], 1, kernel_size=1)

    def forward(self, probabilities: Tensor) -> Tensor:
        """[B, K, H, W] -> logits [B, 1, h, w], 1/16 of the size, rounded up; small for the source, large for the target."""
        hidden = probabilities
        for convolution in (self.conv1, self.conv2, self.conv3):
            hidden = F.relu(convolution(hidden))
        return self.classifier(F.leaky_relu(self.conv4(hidden), negative_slope=0.2))

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator."""
        for convolution in self.children():
            convolution.reset_parameters()


class Discriminators(nn.ModuleDict):
    """One discriminator for each level of prediction.

    Args:
        levels: 'main', and 'aux' for the logits of an auxiliary head.
        num_classes: K.
        kind: the class of each.
    """

    def __init__(self, *, levels: Iterable[str], num_classes: int, kind: type[nn.Module] = Discriminator) -> None:
        super().__init__({level: kind(num_classes=num_classes) for level in levels})

    def forward(self, probabilities: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Predictions [B, K, H, W] by level -> logits [B, 1, h, w] of the levels that have a discriminator."""
        return {level: discriminator(probabilities[level]) for level, discriminator in self.items()}

    def looks_at(self, prediction: Prediction) -> dict[str, Tensor]:
        """What of a student pass it is asked about: the probabilities [B, K, H, W] by level."""
        return prediction.probabilities()

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator."""
        for discriminator in self.values():
            discriminator.init_weights()


class InformationDiscriminators(Discriminators):
    """Discriminators that look at the self-information of predictions (AdvEnt), and at how likely place and depth are beside.

    Args:
        levels, num_classes: see :class:`Discriminators`.
        density: whether the self-information of a pixel is multiplied with the density that the network predicts there, in the scale
            that it is trained in and not bounded (depth distribution, Wu and Liu, NeurIPS 2022).
    """

    def __init__(self, *, levels: Iterable[str], num_classes: int, density: bool = False) -> None:
        super().__init__(levels=levels, num_classes=num_classes)
        self.density = density

    def looks_at(self, prediction: Prediction) -> dict[str, Tensor]:
        """See :class:`Discriminators`: [B, K, H, W] by level."""
        information = {level: self_information(value) for level, value in prediction.probabilities().items()}
        if not self.density:
            return information
        density = prediction.enlarge(prediction.density)
        return {level: value * density for level, value in information.items()}
