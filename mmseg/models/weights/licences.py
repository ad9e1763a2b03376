"""Under which terms published weights stand. A file of your own may have others; NOTICE says more.

The licence of the code says nothing about weights: those of MiT may not be used commercially.
"""

from __future__ import annotations

from torch import nn

LICENCES = {
    "MixVisionTransformer": "NVIDIA Source Code License for SegFormer, for research and evaluation only, no commercial use",
    "ResNet": "BSD-3-Clause, as timm states it for torchvision's",
    "ResNetV1c": "Apache-2.0 as timm states it for its files; for OpenMMLab's, which come from others, none is known to us",
    "ResNeSt": "Apache-2.0, as their authors and timm state it",
    "ResNeXt": "BSD-3-Clause (50 layers) or Apache-2.0 (101), as timm states it for its files; for OpenMMLab's none is known to us",
}
"""Of the files that ``tools/download_checkpoints.sh`` fetches, by the class of the encoder."""
UNKNOWN = "not known to us, ask where you have them from"


def licence_of(encoder: nn.Module) -> str:
    """The licence of the published weights of an encoder, in words."""
    return LICENCES.get(type(encoder).__name__, UNKNOWN)
