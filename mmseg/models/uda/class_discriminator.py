"""The class-level discriminator of FADA (Wang et al., ECCV 2020, section 3.2): from which domain is a feature, and of which class?

Letters: B images, C channels, K classes, (h, w) the encoder's last level.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg.models.uda.pseudo_labels.prediction import Prediction


class ClassDiscriminator(nn.Module):
    """Two 3x3 convolutions with leaky ReLU, and two parallel ones that classify: K channels for either domain.

    Args:
        in_channels: C.
        num_classes: K.
        channels: of the first convolution; the second one has half of them.
    """

    def __init__(self, *, in_channels: int, num_classes: int, channels: int = 256) -> None:
        super().__init__()
        half = channels // 2
        first, second = nn.Conv2d(in_channels, channels, 3, padding=1), nn.Conv2d(channels, half, 3, padding=1)
        self.D = nn.Sequential(first, nn.LeakyReLU(0.2, inplace=True), second, nn.LeakyReLU(0.2, inplace=True))
        self.cls1 = nn.Conv2d(half, num_classes, 3, padding=1)
        self.cls2 = nn.Conv2d(half, num_classes, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """[B, C, h, w] -> logits [B, 2 * K, h, w]: the classes of the source, then those of the target."""
        hidden = self.D(features)
        return torch.cat([self.cls1(hidden), self.cls2(hidden)], dim=1)

    def looks_at(self, prediction: Prediction) -> Tensor:
        """What of a student pass it is asked about: the features [B, C, h, w]."""
        return prediction.features

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator."""
        for convolution in (self.D[0], self.D[2], self.cls1, self.cls2):
            convolution.reset_parameters()
