"""Networks and methods; importing this package registers all of them."""

from mmseg.models.backbones.mix_transformer import MixVisionTransformer
from mmseg.models.backbones.resnest import ResNeSt
from mmseg.models.backbones.resnet import ResNet, ResNetV1c, ResNeXt
from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.models.decode_heads.da_head import DAHead
from mmseg.models.decode_heads.daformer_head import DAFormerHead
from mmseg.models.decode_heads.dlv2_head import DLV2Head
from mmseg.models.decode_heads.fcn_head import FCNHead
from mmseg.models.decode_heads.hrda_head import HRDAHead
from mmseg.models.decode_heads.isa_head import ISAHead
from mmseg.models.decode_heads.segformer_head import SegFormerHead
from mmseg.models.decode_heads.separable_aspp_head import DepthwiseSeparableASPPHead
from mmseg.models.decode_heads.uper_head import UPerHead
from mmseg.models.losses.cross_entropy import CrossEntropyLoss
from mmseg.models.necks.segformer_adapter import SegFormerAdapter
from mmseg.models.segmentors.encoder_decoder import EncoderDecoder
from mmseg.models.segmentors.hrda_encoder_decoder import HRDAEncoderDecoder
from mmseg.models.uda import DACS, AdvSeg, MinEnt, SourceOnly, TargetOnly

__all__ = [
    "DACS",
    "AdvSeg",
    "CrossEntropyLoss",
    "DAFormerHead",
    "DAHead",
    "DLV2Head",
    "DepthwiseSeparableASPPHead",
    "EncoderDecoder",
    "FCNHead",
    "HRDAEncoderDecoder",
    "HRDAHead",
    "ISAHead",
    "MinEnt",
    "MixVisionTransformer",
    "ResNeSt",
    "ResNeXt",
    "ResNet",
    "ResNetV1c",
    "SegDataPreprocessor",
    "SegFormerAdapter",
    "SegFormerHead",
    "SourceOnly",
    "TargetOnly",
    "TimmBackbone",
    "UPerHead",
]
