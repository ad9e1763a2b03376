"""Networks and methods; ``mmseg.models.registered`` imports all of them."""

from mmseg.utils.exports import exported

HOMES = {
    "AdvEnt": "uda",
    "AdvSeg": "uda",
    "ClassifierRectification": "uda",
    "CrossEntropyLoss": "losses.cross_entropy",
    "DACS": "uda",
    "DAFormerHead": "decode_heads.daformer_head",
    "DAHead": "decode_heads.da_head",
    "DLV2Head": "decode_heads.dlv2_head",
    "DLV3PlusHead": "decode_heads.dlv3plus_head",
    "DepthDistribution": "uda",
    "DepthDensityHead": "decode_heads.depth_density_head",
    "DepthwiseSeparableASPPHead": "decode_heads.separable_aspp_head",
    "EncoderDecoder": "segmentors.encoder_decoder",
    "FADA": "uda",
    "FADAHead": "decode_heads.fada_head",
    "FCNHead": "decode_heads.fcn_head",
    "HRDAEncoderDecoder": "segmentors.hrda_encoder_decoder",
    "HRDAHead": "decode_heads.hrda_head",
    "ISAHead": "decode_heads.isa_head",
    "LightHead": "decode_heads.light_head",
    "MinEnt": "uda",
    "MixVisionTransformer": "backbones.mix_transformer",
    "OutputAlignment": "uda",
    "ResNeSt": "backbones.resnest",
    "ResNeXt": "backbones.resnet",
    "ResNet": "backbones.resnet",
    "ResNetV1c": "backbones.resnet",
    "SEASPPHead": "decode_heads.se_aspp_head",
    "SegDataPreprocessor": "data_preprocessor",
    "SegFormerAdapter": "necks.segformer_adapter",
    "SegFormerHead": "decode_heads.segformer_head",
    "SourceFree": "uda",
    "SourceOnly": "uda",
    "TargetOnly": "uda",
    "TimmBackbone": "backbones.timm_backbone",
    "TopDownHead": "decode_heads.top_down_head",
    "UPerHead": "decode_heads.uper_head",
    "VGG": "backbones.vgg",
}

__all__ = list(HOMES)
__getattr__ = exported(__name__, HOMES)
