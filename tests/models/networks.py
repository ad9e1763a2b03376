"""Small networks for tests, as configs: half a second to build, run and back-propagate."""

from __future__ import annotations

BN = {"type": "BN", "requires_grad": True}


def tiny_encoder() -> dict:
    """Options of a four-stage MixVisionTransformer of 40 thousand parameters, without its type."""
    return {"embed_dims": (8, 16, 24, 32), "depths": (1, 1, 1, 1), "num_heads": (1, 2, 3, 4)}


def daformer_head(fusion: dict | None = None, **options) -> dict:
    """Options of a small DAFormerHead with 5 classes, without its type."""
    fusion = fusion or {"type": "aspp", "sep": True, "dilations": (1, 6), "norm_cfg": BN, "act_cfg": {"type": "ReLU"}}
    layer = {"type": "mlp", "act_cfg": None, "norm_cfg": None}
    decoder = {"embed_dims": 8, "embed_cfg": layer, "embed_neck_cfg": layer, "fusion_cfg": fusion}
    head = {"in_channels": [8, 16, 24, 32], "in_index": [0, 1, 2, 3], "channels": 8, "num_classes": 5, "dropout_ratio": 0.0}
    return {**head, "norm_cfg": BN, "decoder_params": decoder, **options}


def segformer_head(**options) -> dict:
    """A small SegFormerHead with 5 classes."""
    levels = {"in_channels": [8, 16, 24, 32], "in_index": [0, 1, 2, 3]}
    head = {"channels": 4, "num_classes": 5, "norm_cfg": BN, "decoder_params": {"embed_dim": 8, "conv_kernel_size": 1}}
    return dict(type="SegFormerHead", **{**levels, **head, **options})


def deeplab_head(**options) -> dict:
    """A small DLV2Head with 5 classes on the last level."""
    return dict(type="DLV2Head", **{"in_channels": 32, "in_index": 3, "num_classes": 5, "dilations": (1, 2), **options})


def hrda_head(**options) -> dict:
    """A small HRDAHead."""
    return dict(type="HRDAHead", single_scale_head="DAFormerHead", attention_embed_dim=6, **{**daformer_head(), **options})


def plain(**options) -> dict:
    """A small EncoderDecoder."""
    backbone = dict(type="MixVisionTransformer", **tiny_encoder())
    return dict(type="EncoderDecoder", backbone=backbone, decode_head=dict(type="DAFormerHead", **daformer_head()), **options)


HRDA_OPTIONS = ("scales", "hr_crop_size", "feature_scale", "crop_coord_divisible", "hr_slide_inference", "blur_hr_crop")


def hrda(**options) -> dict:
    """A small HRDAEncoderDecoder with a 32x32 detail crop; options go to the segmentor or to the head."""
    outer = {key: value for key, value in options.items() if key in (*HRDA_OPTIONS, "hr_slide_overlapping", "test_cfg")}
    head = hrda_head(**{key: value for key, value in options.items() if key not in outer})
    backbone = dict(type="MixVisionTransformer", **tiny_encoder())
    return dict(type="HRDAEncoderDecoder", backbone=backbone, decode_head=head, **{"hr_crop_size": (32, 32), **outer})
