"""Advice about networks as wholes, and how they look at images."""

import ast
from collections.abc import Callable

import torch

from mmseg.registry import MODELS
from mmseg.structures import SegOutput
from tests.advice.following import Followed, table
from tests.advice.networks.parts import IMAGE, passed
from tests.models.networks import hrda, hrda_head, plain


def looking(**test_cfg: object) -> Callable:
    return lambda: MODELS.build(plain(test_cfg=test_cfg))


def tokens(**backbone: object) -> SegOutput:
    """A pass of HRDA over a plain transformer."""
    encoder = {"type": "TimmBackbone", "name": "test_vit", **backbone}
    channels = MODELS.build(encoder).out_channels
    if len(channels) > 1:
        head = hrda_head(in_channels=channels)
    else:
        head = {"type": "HRDAHead", "single_scale_head": "LightHead", "in_channels": 64, "num_classes": 5, "fixed_attention": 0.5}
    return passed({**hrda(), "backbone": encoder, "decode_head": head})()


WINDOWS = {"mode": "slide", "crop_size": (64, 64), "stride": (32, 32)}


def without(key: str) -> dict:
    return {name: value for name, value in WINDOWS.items() if name != key}


def looked(model: dict, branch: str | None) -> Callable:
    return lambda: MODELS.build(model).eval().inference(IMAGE, branch)


@table(
    [
        Followed(
            "test_cfg has mode={}. Use 'whole' or 'slide'.", looking(mode="slid"), lambda _: [looking(mode="whole")(), looking(**WINDOWS)()]
        ),
        Followed("it looks at one scale only. Leave the option out.", looked(plain(), "LR"), lambda: looked(plain(), None)()),
        Followed(
            "{} has no use for {}={}. Leave {} out.",
            lambda: MODELS.build({**hrda(), "auxiliary_head": {"type": "FCNHead"}}),
            lambda *_: MODELS.build(hrda()),
        ),
        Followed(
            "test_cfg got an unexpected option '{}'. Did you mean '{}'?",
            looking(**without("stride"), strides=(1, 1)),
            lambda _, near: looking(**without("stride"), **{near: (1, 1)})(),
        ),
        Followed(
            "Use a stride that is not larger than crop_size.",
            looking(**{**WINDOWS, "stride": (64, 96)}),
            lambda: looking(**{**WINDOWS, "stride": (64, 64)})(),
        ),
        Followed(
            "Give {}=(height, width) in pixels.",
            looking(**without("stride")),
            lambda key: looking(**without("stride"), **{key: (32, 32)})(),
        ),
        Followed(
            "Use hr_crop_size <= ({}, {}) or a larger crop_size.",
            passed(hrda(hr_crop_size=(96, 96))),
            lambda height, width: [
                passed(hrda(hr_crop_size=(int(height), int(width))))(),
                passed(hrda(hr_crop_size=(96, 96)), torch.zeros(1, 3, 96, 96))(),
            ],
        ),
        Followed(
            "Use levels='pyramid' or 'adapter', or leave input_scale out.",
            lambda: tokens(levels="last", input_scale=1.1),
            lambda: [tokens(levels=kind, input_scale=1.1) for kind in ("pyramid", "adapter")] + [tokens(levels="last")],
        ),
        Followed(
            "Use (1, s) with a context scale s from above 0 to 1.",
            lambda: MODELS.build(hrda(scales=(0.9, 0.5))),
            lambda: MODELS.build(hrda(scales=(1, 0.5))),
        ),
        Followed(
            "Use 'all' or one of scales={}.",
            lambda: MODELS.build(hrda(feature_scale=0.25)),
            lambda scales: [MODELS.build(hrda(feature_scale=scale)) for scale in ("all", *ast.literal_eval(scales))],
        ),
        Followed(
            "HRDAEncoderDecoder: {}. Use sizes divisible by {}.",
            lambda: MODELS.build(hrda(scales=(1, 1), feature_scale=1, hr_crop_size=(36, 36))),
            lambda _, unit: MODELS.build(hrda(scales=(1, 1), feature_scale=1, hr_crop_size=(5 * int(unit),) * 2)),
        ),
        Followed(
            "Use 'fused', 'LR', 'HR' or 'ATT'.",
            looked(hrda(), "lr"),
            lambda: [looked(hrda(), branch)() for branch in ("fused", "LR", "HR", "ATT")],
        ),
        Followed(
            "is not divisible by {} ({}). Use a multiple of {}.",
            passed(hrda(), IMAGE[:, :, :60]),
            lambda *said: passed(hrda(), torch.zeros(2, 3, 9 * int(said[2]), 64))(),
        ),
        Followed(
            "HRDAEncoderDecoder: {}. Use a multiple of {}.",
            passed(hrda(crop_coord_divisible=2)),
            lambda *said: passed(hrda(crop_coord_divisible=2 * int(said[1])))(),
        ),
    ]
)
def test_segmentors(row):
    row.follow()
