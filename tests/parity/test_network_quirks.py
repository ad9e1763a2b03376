"""Named tests of the published networks' quirks that decide parity (reference README, quirks 1-14), in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mmseg.models.backbones.mix_transformer import MixVisionTransformer
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.decode_heads.hrda_head import attention_options, fuse_scales
from mmseg.models.losses.cross_entropy import accuracy, cross_entropy
from mmseg.models.segmentors.hrda_encoder_decoder import blur_details, draw_crop_box
from mmseg.registry import MODELS
from mmseg.structures import Box, SegOutput, full_box, sliding_boxes
from tests.models.networks import daformer_head, deeplab_head, hrda, hrda_head, segformer_head, tiny_encoder
from tests.parity.records import Record, one, parametrize


def test_quirk_1_resizing_aligns_pixel_centres_not_corners() -> None:
    row = torch.tensor([[[[0.0, 1.0]]]])
    assert resize(row, (1, 4)).flatten().tolist() == [0, 0.25, 0.75, 1]


def test_quirk_2_two_epsilons_of_layer_norm() -> None:
    modules = dict(MixVisionTransformer(**tiny_encoder()).named_modules())
    norms = {name: module.eps for name, module in modules.items() if isinstance(module, nn.LayerNorm)}
    assert {name for name, eps in norms.items() if eps == 1e-5} == {name for name in norms if "patch_embed" in name or "attn.norm" in name}
    assert {eps for name, eps in norms.items() if "patch_embed" not in name and "attn.norm" not in name} == {1e-6}


def test_quirk_2_drop_path_grows_linearly_and_rate_0_is_the_identity() -> None:
    encoder = MixVisionTransformer(**{**tiny_encoder(), "depths": (2, 1, 1, 1)}, drop_path_rate=0.1)
    paths = [block.drop_path for stage in range(1, 5) for block in getattr(encoder, f"block{stage}")]
    assert isinstance(paths[0], nn.Identity)
    assert [path.drop_prob for path in paths[1:]] == pytest.approx([0.025, 0.05, 0.075, 0.1])


def test_quirk_3_hrda_head_has_neither_classifier_nor_dropout_of_its_own() -> None:
    head = MODELS.build(hrda_head())
    assert set(dict(head.named_children())) == {"head", "scale_attention"}
    assert not hasattr(head, "conv_seg") and not hasattr(head, "dropout")


def test_quirk_3_segformer_has_a_classifier_that_it_does_not_use() -> None:
    head = MODELS.build(segformer_head())
    head([torch.randn(1, channels, 4, 4) for channels in head.in_channels]).sum().backward()
    assert head.linear_pred.weight.grad is not None
    assert {name for name, parameter in head.named_parameters() if parameter.grad is None} == {"conv_seg.weight", "conv_seg.bias"}


def test_quirk_3_deeplab_has_no_classifier_but_its_dilated_convolutions() -> None:
    assert set(dict(MODELS.build(deeplab_head()).named_children())) == {"loss_decode", "aspp_modules"}


def test_quirk_4_attention_head_is_narrow_and_replaces_aspp_only() -> None:
    aspp = attention_options(daformer_head(fusion={"type": "aspp", "act_cfg": {"type": "ReLU"}}), 6, 1)
    assert (aspp["channels"], aspp["num_classes"], aspp["decoder_params"]["embed_dims"]) == (6, 1, 6)
    assert aspp["decoder_params"]["fusion_cfg"] == {"type": "conv", "kernel_size": 1, "norm_cfg": None, "act_cfg": {"type": "ReLU"}}
    isa = {"type": "isa", "isa_channels": 8}
    assert attention_options(daformer_head(fusion=isa), 6, 1)["decoder_params"]["fusion_cfg"] == isa


def test_quirk_4_fixed_attention_has_no_parameters() -> None:
    head = MODELS.build(hrda_head(fixed_attention=0.5))
    assert not [key for key in head.state_dict() if key.startswith("scale_attention")]


def test_quirk_5_context_passes_unchanged_outside_of_the_detail_box() -> None:
    context, detail = torch.full((1, 1, 4, 4), 2.0), torch.full((1, 1, 4, 4), 10.0)
    fused, scaled = fuse_scales(context, detail, torch.full((1, 1, 4, 4), 0.25), Box(0, 4, 0, 4), (8, 8))
    assert scaled[0, 0].tolist() == [[1.5, 1.5, 2, 2], [1.5, 1.5, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2]]
    assert fused[0, 0, 0, 0] == 0.25 * 10 + 1.5
    assert torch.all(fused[0, 0, 5:] == 2) and torch.all(fused[0, 0, :, 5:] == 2)


def test_quirk_5_products_are_enlarged_separately() -> None:
    context = torch.tensor([0.0, 4.0]).expand(1, 1, 2, 2)
    attention = torch.tensor([0.0, 1.0]).expand(1, 1, 2, 2)
    fused, scaled = fuse_scales(context, torch.zeros(1, 1, 4, 4), attention, full_box(4, 4), (4, 4))
    assert not scaled.any()  # (1 - attention) * context first ...
    assert not fused.any()  # ... enlarged afterwards; the other order would give 0.75 in between


def test_quirk_5_a_box_between_two_context_positions_moves_up_and_left() -> None:
    """DeepLabV2 or a context of 0.25 or 0.75: offsets at multiples of 8 pixels, context positions every 16 or 5.3 pixels."""
    context, detail = torch.full((1, 1, 4, 4), 2.0), torch.full((1, 1, 4, 4), 10.0)
    fused, scaled = fuse_scales(context, detail, torch.full((1, 1, 4, 4), 0.25), Box(1, 5, 3, 7), (8, 8))
    assert scaled[0, 0].tolist() == [[2, 1.5, 1.5, 2], [2, 1.5, 1.5, 2], [2, 2, 2, 2], [2, 2, 2, 2]]
    assert fused[0, 0, 0, 3] == 1.5  # above the box: less context, and no detail in return
    assert fused[0, 0, 2, 4] == 0.25 * 10 + 1.5
    assert torch.all(fused[0, 0, 5:] == 2) and torch.all(fused[0, 0, :, 7:] == 2)


@pytest.mark.parametrize("scale", [0.25, 0.75])
def test_quirk_5_published_context_scales_train_at_every_offset(scale: float) -> None:
    """Offsets at multiples of 8 are half or one and a half context positions there."""
    model = MODELS.build(hrda(scales=(1, scale), feature_scale=scale, fixed_attention=1.0)).eval()
    rng, inside = np.random.default_rng(0), set()
    for _ in range(6):
        with torch.no_grad():
            output = model(torch.randn(1, 3, 128, 128), rng)
        box = output.view("detail").box
        rows, columns = (output.scaled_context[0, 0] == 0).nonzero().T
        assert (rows.min().item(), columns.min().item()) == (int(box.y1 * scale / 4), int(box.x1 * scale / 4))
        assert rows.max() - rows.min() == columns.max() - columns.min() == 32 * scale / 4 - 1
        inside.add(box.y1 * scale / 4 % 1)
    assert len(inside) == 2  # whole and half positions were among them


def test_quirk_6_context_loss_trains_the_scaled_context() -> None:
    model = MODELS.build(hrda(lr_loss_weight=0.3, hr_loss_weight=0.2))
    output = model(torch.randn(1, 3, 64, 64), np.random.default_rng(0))
    label = torch.zeros(1, 64, 64, dtype=torch.long)
    expected = 0.3 * cross_entropy(resize(output.scaled_context, (64, 64)), label)
    assert model.loss(output, label)["decode.lr.loss_seg"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_quirk_7_shares_of_the_three_losses_and_the_cropped_labels() -> None:
    model = MODELS.build(hrda(lr_loss_weight=0.3, hr_loss_weight=0.2))
    output = model(torch.randn(1, 3, 64, 64), np.random.default_rng(0))
    label, weight = torch.randint(0, 5, (1, 64, 64)), torch.rand(1, 64, 64)
    losses, detail = model.loss(output, label, weight), output.view("detail")
    assert detail.box != full_box(64, 64)
    fused = 0.5 * cross_entropy(resize(output.logits, (64, 64)), label, weight=weight)
    inside = 0.2 * cross_entropy(resize(detail.logits, (32, 32)), detail.box.crop(label), weight=detail.box.crop(weight))
    assert losses["decode.loss_seg"].item() == pytest.approx(fused.item(), rel=1e-5)
    assert losses["decode.hr.loss_seg"].item() == pytest.approx(inside.item(), rel=1e-5)
    assert set(losses) == {f"decode.{part}{key}" for part in ("", "lr.", "hr.") for key in ("loss_seg", "acc_seg")}


def test_quirk_8_ignored_pixels_stay_in_the_denominator() -> None:
    logits = torch.zeros(1, 2, 1, 4)  # every known pixel costs log 2
    label = torch.tensor([[[0, 1, 255, 255]]])
    assert cross_entropy(logits, label).item() == pytest.approx(np.log(2) / 2)
    halved = cross_entropy(logits, label, weight=torch.full((1, 1, 4), 0.5))
    assert halved.item() == pytest.approx(np.log(2) / 4)
    logits[:, 0] = 1
    assert accuracy(logits, label).item() == 25


@parametrize("models/hrda_infer_*")
def test_quirk_9_number_of_detail_windows(record: Record) -> None:
    if "n_hr_crops" not in record.info:
        pytest.skip("the record does not count windows")
    cfg, size = record.info["cfg"], record.tensors["x"].shape[2:]
    step = [side // 2 for side in cfg["hr_crop_size"]] if cfg.get("hr_slide_overlapping", True) else cfg["hr_crop_size"]
    boxes = sliding_boxes(*size, cfg["hr_crop_size"], step) if cfg["hr_slide_inference"] else [full_box(*size)]
    assert len(boxes) == record.info["n_hr_crops"]


def test_quirk_10_the_largest_offset_is_never_drawn() -> None:
    offsets = one("models/crop_bbox").info["offsets_seen_1024_512_8"]
    rng = np.random.default_rng(0)
    boxes = [draw_crop_box(rng, 1024, 1024, (512, 512), 8) for _ in range(3000)]
    assert sorted({box.y1 for box in boxes}) == sorted({box.x1 for box in boxes}) == offsets
    assert 512 not in offsets


def test_quirk_10_a_crop_of_the_whole_image_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    assert draw_crop_box(rng, 64, 64, (64, 64), 8) == full_box(64, 64)
    assert rng.integers(1 << 30) == np.random.default_rng(0).integers(1 << 30)


def test_quirk_11_is_left_behind_no_network_remembers_the_last_box() -> None:
    """The published code keeps the last box in the class; ours returns it and keeps nothing."""
    model = MODELS.build(hrda(feature_scale="all")).eval()
    image, before = torch.randn(1, 3, 64, 64), dict(vars(type(model)))
    with torch.no_grad():
        first = model.segment(image).logits
        box = model(image, np.random.default_rng(1)).view("detail").box
        assert torch.equal(model.segment(image).logits, first)
    assert isinstance(box, Box) and dict(vars(type(model))) == before


def test_quirk_12_blur_removes_stripes_and_keeps_areas() -> None:
    stripes = torch.tensor([0.0, 1.0]).repeat(8).expand(1, 1, 16, 16)
    assert torch.allclose(blur_details(stripes), torch.full((1, 1, 16, 16), 0.5))
    assert torch.allclose(blur_details(torch.full((1, 1, 16, 16), 3.0)), torch.full((1, 1, 16, 16), 3.0))


def test_quirk_12_scales_are_sorted() -> None:
    assert MODELS.build(hrda(scales=(0.5, 1))).context_scale == MODELS.build(hrda(scales=(1, 0.5))).context_scale == 0.5


def test_quirk_12_equal_scales_return_the_features_of_the_context() -> None:
    model = MODELS.build(hrda(scales=(1, 1), feature_scale=1))
    output = model(torch.randn(1, 3, 64, 64), np.random.default_rng(0))
    assert [view.name for view in output.feature_views] == ["context"]


def test_quirk_13_windows_average_logits_not_probabilities() -> None:
    model = MODELS.build(hrda(test_cfg={"mode": "slide", "crop_size": (64, 64), "stride": (32, 64), "batched_slide": True})).eval()
    image = torch.randn(1, 3, 96, 64)
    with torch.no_grad():
        first, second = (model.encode_decode(image[:, :, y : y + 64]) for y in (0, 32))
        averaged = model.inference(image)
    assert torch.allclose(averaged[:, :, 32:64], (first[:, :, 32:] + second[:, :, :32]) / 2, atol=1e-5)
    assert torch.allclose(averaged[:, :, :32], first[:, :, :32], atol=1e-5)


@pytest.mark.parametrize(("branch", "share"), [("LR", 0.0), ("HR", 1.0)])
def test_quirk_14_single_views_equal_a_fixed_attention(branch: str, share: float) -> None:
    record = one("models/hrda_infer_main")
    learned = record.fill(MODELS.build(dict(record.info["cfg"]))).eval()
    fixed = {**record.info["cfg"], "decode_head": {**record.info["cfg"]["decode_head"], "fixed_attention": share}}
    image = record.tensors["x"]
    with torch.no_grad():
        expected = record.fill(MODELS.build(fixed)).eval().inference(image)
        assert torch.allclose(learned.inference(image, branch), expected, atol=1e-5)


def test_quirk_14_attention_map_is_the_share_of_the_detail_view() -> None:
    model = MODELS.build(hrda(fixed_attention=0.25)).eval()
    with torch.no_grad():
        output: SegOutput = model.segment(torch.randn(1, 3, 64, 64))
    assert torch.allclose(model.select_branch(output, "ATT"), torch.full((1, 1, 16, 16), 0.25), atol=1e-6)
