"""VGG-16, dilated for segmentation.

Sources: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015, table 1 (D); Chen et
al., "DeepLab", TPAMI 2018, section 3.1 (dilations instead of the last two poolings, and of the fully connected layers).

Letters: B images, (H, W) the image.
"""

from __future__ import annotations

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmseg.models.weights.pretrained import load_pretrained, pretrained_path
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import Positive

STAGES = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))
"""Convolutions of each stage, and their width over ``base_channels``."""
POOLED = 3  # stages that a pooling follows; the next one is dilated instead
LAST_WIDTH = 16  # of the two last layers, over base_channels


@MODELS.register_module()
class VGG(BaseModule):
    """The 13 convolutions of VGG-16, the last three with dilation 2, and two more with dilation 4; no BatchNorm; one level at 1/8.

    The convolutions have torchvision's names. The published weights are those of Caffe: grey levels with the channels turned, minus
    their means (``data_preprocessor=dict(mean=(123.68, 116.779, 103.939), std=(1, 1, 1))``); the encoder turns them itself.

    Args:
        base_channels: of the first stage.
        bgr: the weights want blue first. torchvision's want red, and ImageNet's usual normalisation.
        pretrained: file that :meth:`init_weights` loads the 13 convolutions from; None starts from scratch.
        init_cfg: ``dict(type='Pretrained', checkpoint=path)`` means the same.
    """

    def __init__(
        self, *, base_channels: Positive[int] = 64, bgr: bool = True, pretrained: str | None = None, init_cfg: dict | None = None
    ) -> None:
        super().__init__()
        self.bgr, self.pretrained = bgr, pretrained_path(pretrained, init_cfg)
        layers, channels = [], 3
        for stage, (count, factor) in enumerate(STAGES):
            dilation = 1 if stage <= POOLED else 2
            for _ in range(count):
                layers += [nn.Conv2d(channels, base_channels * factor, 3, padding=dilation, dilation=dilation), nn.ReLU(inplace=True)]
                channels = base_channels * factor
            layers.append(nn.MaxPool2d(2) if stage < POOLED else nn.Identity())
        self.features = nn.Sequential(*layers)
        last = base_channels * LAST_WIDTH
        self.fc6, self.fc7 = nn.Conv2d(channels, last, 3, padding=4, dilation=4), nn.Conv2d(last, last, 3, padding=4, dilation=4)

    @staticmethod
    def turned(image: Tensor) -> Tensor:
        """The channels of [B, 3, H, W] in the opposite order."""
        return image.flip(1)

    def forward(self, image: Tensor) -> tuple[Tensor]:
        """[B, 3, H, W] -> one level [B, 16 * base_channels, H // 8, W // 8]."""
        hidden = self.features(self.turned(image) if self.bgr else image)
        return (self.fc7(self.fc6(hidden).relu()).relu(),)

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator; those of the 13 convolutions come from ``pretrained``, where it is given.

        Raises:
            UserError: the file does not exist or belongs to another network.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)
        if self.pretrained is not None:
            load_pretrained(nn.ModuleDict({"features": self.features}), self.pretrained)
        self._is_init = True
