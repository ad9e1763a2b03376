"""Advice about decoders, and about what joins them to encoders."""

import ast
from collections.abc import Callable

from mmseg.registry import MODELS
from tests.advice.following import Followed, table
from tests.advice.networks.parts import build, passed
from tests.models.networks import daformer_head, deeplab_head, hrda, hrda_head, plain, segformer_head


def fcn(**options: object) -> Callable:
    return build("FCNHead", **{"in_channels": 8, "channels": 8, "num_classes": 3, "in_index": 0, **options})


def daformer(fusion: dict | None = None, **options: object) -> dict:
    return {"type": "DAFormerHead", **daformer_head(fusion, **options)}


def head(**options: object) -> dict:
    return {**plain(), "decode_head": daformer(**options)}


@table(
    [
        Followed(
            "decoder_params got an unexpected option '{}'. Did you mean '{}'?",
            lambda: MODELS.build(segformer_head(decoder_params={"embed_dims": 8, "conv_kernel_size": 1})),
            lambda _, near: MODELS.build(segformer_head(decoder_params={near: 8, "conv_kernel_size": 1})),
        ),
        Followed(
            "Add {}=… to decoder_params of {}.",
            lambda: MODELS.build(segformer_head(decoder_params={"embed_dim": 8})),
            lambda key, _: MODELS.build(segformer_head(decoder_params={"embed_dim": 8, key: 1})),
        ),
        Followed(
            "are halved {} times. Use a multiple of {} for the last one.",
            build("TopDownHead", in_channels=[8, 8, 8, 12], num_classes=3),
            lambda _, unit: build("TopDownHead", in_channels=[8, 8, 8, 3 * int(unit)], num_classes=3)(),
        ),
        Followed(
            "differ in length. Give one width per level.",
            lambda: MODELS.build(daformer(in_index=[0, 1])),
            lambda: MODELS.build(daformer(in_index=[0, 1], in_channels=[8, 16])),
        ),
        Followed(
            "Use an in_index from 0 to {}, and the in_channels of these levels.",
            passed(head(in_index=[0, 1, 2, 4])),
            lambda last: passed(head(in_index=[0, 1, 2, int(last)]))(),
        ),
        Followed(
            "Set in_channels={}, or choose other levels with in_index.",
            passed(head(in_channels=[8, 16, 24, 48])),
            lambda widths: passed(head(in_channels=ast.literal_eval(widths)))(),
        ),
        Followed(
            "Set in_channels={}, or choose other levels with in_index.",
            passed(head(in_channels=[16], in_index=[0])),
            lambda _: passed(head(in_channels=[16], in_index=[1]))(),
        ),
        Followed(
            "DLV2Head got init_cfg={}. Use {} with any std, or leave init_cfg out.",
            lambda: MODELS.build(deeplab_head(init_cfg={"type": "Kaiming"})),
            lambda _, form: [MODELS.build(deeplab_head(init_cfg={**ast.literal_eval(form), "std": 0.02})), MODELS.build(deeplab_head())],
        ),
        Followed("Use channels={}.", fcn(num_convs=0, channels=4), lambda width: fcn(num_convs=0, channels=int(width))()),
        Followed(
            "Use values from 0 to 1 whose sum is at most 1.",
            lambda: MODELS.build(hrda_head(hr_loss_weight=0.8, lr_loss_weight=0.3)),
            lambda: MODELS.build(hrda_head(hr_loss_weight=0.7, lr_loss_weight=0.3)),
        ),
        Followed(
            "HRDAHead got an unexpected option '{}'. Did you mean '{}'?",
            lambda: MODELS.build(hrda_head(chanels=8)),
            lambda _, near: MODELS.build(hrda_head(**{near: 8})),
        ),
        Followed(
            "Use a backbone whose level in_index has this stride.",
            passed({**hrda(), "decode_head": {**deeplab_head(), "type": "HRDAHead", "single_scale_head": "DLV2Head"}}),
            lambda: passed(
                {
                    **hrda(),
                    "backbone": {"type": "ResNetV1c", "depth": 18, "strides": (1, 2, 1, 1), "dilations": (1, 1, 2, 4)},
                    "decode_head": {**deeplab_head(), "in_channels": 512, "type": "HRDAHead", "single_scale_head": "DLV2Head"},
                }
            )(),
        ),
    ]
)
def test_decoders(row):
    row.follow()


def separable(**options: object) -> dict:
    decoder = {"type": "DepthwiseSeparableASPPHead", "in_channels": 32, "in_index": 3, "channels": 8, "num_classes": 5, "dilations": (1, 6)}
    return {**plain(), "decode_head": {**decoder, "c1_in_channels": 8, "c1_channels": 4, **options}}


@table(
    [
        Followed(
            "Set c1_in_channels={}.", passed(separable(c1_in_channels=16)), lambda width: passed(separable(c1_in_channels=int(width)))()
        ),
        Followed(
            "Give one factor for each of the last levels.",
            passed({**plain(), "neck": {"type": "SegFormerAdapter", "scales": [1] * 5}}),
            lambda: passed({**plain(), "neck": {"type": "SegFormerAdapter", "scales": [1] * 4}})(),
        ),
        Followed("Use use_sigmoid=False.", build("CrossEntropyLoss", use_sigmoid=True), build("CrossEntropyLoss", use_sigmoid=False)),
    ]
)
def test_what_joins_them(row):
    row.follow()
