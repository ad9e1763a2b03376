"""A user's mistake in a network's options is one line that names the option and ends with the fix."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg.models.losses.cross_entropy import CrossEntropyLoss
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.networks import daformer_head, deeplab_head, hrda, hrda_head, plain, segformer_head, tiny_encoder

IMAGE = torch.zeros(1, 3, 64, 64)


def _message(options: dict) -> str:
    with pytest.raises(UserError) as caught:
        MODELS.build(options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"type": "mit_b6"}, "'mit_b6' is not a registered model. Did you mean 'mit_b"),
        ({"type": "mit_b0", "drop_path": 0.1}, "mit_b0 got an unexpected option 'drop_path'. Did you mean 'drop_path_rate'?"),
        (dict(type="MixVisionTransformer", **{**tiny_encoder(), "depths": (1, 1)}), "four stages, but depths=(1, 1). Give four values."),
        (dict(type="MixVisionTransformer", **{**tiny_encoder(), "num_heads": (3, 1, 1, 1)}), "Use num_heads that divide embed_dims."),
        ({"type": "mit_b0", "init_cfg": {"type": "Normal"}}, "Use dict(type='Pretrained', checkpoint=path), or leave it out."),
        ({"type": "CrossEntropyLoss", "use_sigmoid": True}, "Use use_sigmoid=False."),
        ({"type": "CrossEntropyLoss", "reduction": "avg"}, "reduction is 'avg'. It should be 'mean' or 'sum'."),
        (dict(type="DAFormerHead", **daformer_head(in_index=[0, 1])), "Give one width per level."),
        (dict(type="DAFormerHead", **daformer_head({"type": "asp"})), "'asp' is not a registered decoder layer. Did you mean 'aspp'?"),
        (dict(type="DAFormerHead", **daformer_head({"type": "aspp", "dilation": (1, 6)})), "'dilation'. Did you mean 'dilations'?"),
        (dict(type="DAFormerHead", **daformer_head(decoder_params={"embed_dim": 8})), "'embed_dim'. Did you mean 'embed_dims'?"),
        (dict(type="DAFormerHead", **daformer_head(decoder_params={"embed_dims": 8})), "decoder_params needs the option 'embed_cfg'."),
        (hrda_head(attention_class_wise=True), "'attention_class_wise'. Did you mean 'attention_classwise'?"),
        (hrda_head(chanels=8), "HRDAHead got an unexpected option 'chanels'. Did you mean 'channels'?"),
        (hrda_head(hr_loss_weight=0.8, lr_loss_weight=0.3), "Use values from 0 to 1 whose sum is at most 1."),
        ({**hrda_head(), "single_scale_head": "DAFormer"}, "'DAFormer' is not a registered model. Did you mean 'DAFormerHead'?"),
        (plain(test_cfg={"mode": "slide", "crop_size": (64, 64)}), "no stride. Give stride=(height, width) in pixels."),
        (plain(test_cfg={"mode": "slide", "crop_size": (64, 64), "strides": (1, 1)}), "'strides'. Did you mean 'stride'?"),
        (plain(test_cfg={"mode": "slide", "crop_size": (64, 64), "stride": (64, 96)}), "Use a stride that is not larger than crop_size."),
        (plain(test_cfg={"mode": "slid"}), "mode='slid'. Use 'whole' or 'slide'."),
        (plain(auxiliary_head={"type": "FCN"}), "'FCN' is not a registered model. Did you mean 'FCNHead'?"),
        ({**hrda(), "auxiliary_head": {"type": "FCNHead"}}, "HRDAEncoderDecoder has no use for auxiliary_head="),
        (segformer_head(decoder_params={"embed_dims": 8}), "'embed_dims'. Did you mean 'embed_dim'?"),
        (segformer_head(decoder_params={"embed_dim": 8}), "Add conv_kernel_size=… to decoder_params of SegFormerHead."),
        (deeplab_head(init_cfg={"type": "Kaiming"}), "or leave init_cfg out."),
        (deeplab_head(dilation=(6, 12)), "'dilation'. Did you mean 'dilations'?"),
        ({"type": "FCNHead", "in_channels": 8, "in_index": 0, "channels": 4, "num_classes": 5, "num_convs": 0}, "Use channels=8."),
        (hrda(scales=(0.9, 0.5)), "Use (1, s) with a context scale s from above 0 to 1."),
        (hrda(feature_scale=0.25), "Use 'all' or one of scales=(1, 0.5)."),
        (hrda(hr_crop_size=(60, 64)), "hr_crop_size=(60, 64) is not divisible by 8 (output stride 4 over context scale 0.5)."),
        (hrda(scales=(1, 0.75), feature_scale=0.75, hr_crop_size=(40, 40)), "is not divisible by 16"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_options(options: dict, expected: str) -> None:
    assert expected in _message(options)


def test_detail_crop_larger_than_the_training_crop() -> None:
    model = MODELS.build(hrda(hr_crop_size=(96, 96)))
    with pytest.raises(UserError, match=r"detail crop 96x96 does not fit into the 64x64 training crop\. Use hr_crop_size <= \(64, 64\)"):
        model(IMAGE, np.random.default_rng(0))


def test_training_crop_not_divisible() -> None:
    with pytest.raises(UserError, match=r"the 60x64 training crop is not divisible by 8 .* Use a multiple of 8\."):
        MODELS.build(hrda())(IMAGE[:, :, :60], np.random.default_rng(0))


def test_offsets_not_divisible() -> None:
    with pytest.raises(UserError, match=r"crop_coord_divisible=2 is not divisible by the output stride 4\. Use a multiple of 4\."):
        MODELS.build(hrda(crop_coord_divisible=2))(IMAGE, np.random.default_rng(0))


def test_encoder_of_another_stride_than_the_decoder_needs() -> None:
    head = {**deeplab_head(), "type": "HRDAHead", "single_scale_head": "DLV2Head"}
    model = MODELS.build({**hrda(), "decode_head": head})
    with pytest.raises(UserError, match=r"DLV2Head has \(1, 1\) logits per window, at stride 8 they are \(4, 4\)\. Use a backbone"):
        model(IMAGE, np.random.default_rng(0))


def test_test_image_not_divisible() -> None:
    with pytest.raises(UserError, match="the 60x64 image is not divisible by 8"):
        MODELS.build(hrda()).segment(IMAGE[:, :, :60])


def test_image_too_small_for_the_encoder() -> None:
    with pytest.raises(UserError, match="at least 32 pixels per side"):
        MODELS.build({"type": "mit_b0"})(IMAGE[:, :, :24])


def test_decoder_of_other_widths_than_the_encoder() -> None:
    model = MODELS.build({**plain(), "decode_head": {"type": "DAFormerHead", **daformer_head(in_channels=[8, 16, 24, 48])}})
    match = (
        r"DAFormerHead: the encoder gives \[8, 16, 24, 32\] channels, but in_channels=\[8, 16, 24, 48\]\. Set in_channels=\[8, 16, 24, 32\]"
    )
    with pytest.raises(UserError, match=match):
        model(IMAGE)


def test_branch_of_a_network_with_one_scale() -> None:
    with pytest.raises(UserError, match="has no output 'LR': it looks at one scale only"):
        MODELS.build(plain()).eval().inference(IMAGE, "LR")


def test_unknown_branch() -> None:
    with pytest.raises(UserError, match=r"has no output 'lr'\. Use 'fused', 'LR', 'HR' or 'ATT'\."):
        MODELS.build(hrda()).eval().inference(IMAGE, "lr")


def test_constructors_take_keywords_only() -> None:
    with pytest.raises(TypeError):
        CrossEntropyLoss(False)
