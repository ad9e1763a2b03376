"""Networks and methods; importing this package registers all of them."""

from mmseg.models.backbones.mix_transformer import MixVisionTransformer
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.models.decode_heads.daformer_head import DAFormerHead
from mmseg.models.decode_heads.hrda_head import HRDAHead
from mmseg.models.losses.cross_entropy import CrossEntropyLoss
from mmseg.models.necks.segformer_adapter import SegFormerAdapter
from mmseg.models.segmentors.encoder_decoder import EncoderDecoder
from mmseg.models.segmentors.hrda_encoder_decoder import HRDAEncoderDecoder
from mmseg.models.uda import DACS, SourceOnly, TargetOnly

__all__ = [
    "DACS",
    "CrossEntropyLoss",
    "DAFormerHead",
    "EncoderDecoder",
    "HRDAEncoderDecoder",
    "HRDAHead",
    "MixVisionTransformer",
    "SegDataPreprocessor",
    "SegFormerAdapter",
    "SourceOnly",
    "TargetOnly",
]
