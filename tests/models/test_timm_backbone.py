"""Networks of timm as encoders: levels, weights, files, and HRDA and DAFormer on top."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.layers import DropPath
from torch import Tensor, nn

from mmseg.models.backbones import timm_backbone
from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.necks.simple_feature_pyramid import SimpleFeaturePyramid
from mmseg.models.uda.pseudo_labels.teacher import teacher_mode
from mmseg.models.weights.facts import published_licence
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.networks import daformer_head, hrda_head

CHANNELS = {
    "resnet18": (64, 128, 256, 512),
    "convnext_atto": (40, 80, 160, 320),  # a stem that drops the rows which do not fill a patch
    "pvt_v2_b0": (32, 64, 160, 256),
    "swin_tiny_patch4_window7_224": (96, 192, 384, 768),  # maps [B, H, W, C], windows, a fixed size by default
    "vit_tiny_patch16_224": (48, 96, 192, 192),
    "eva02_tiny_patch14_224": (48, 96, 192, 192),  # rotary positions, as in DINOv3
    "xcit_nano_12_p16_224": (32, 64, 128, 128),
}
VIT = "vit_tiny_patch16_224"
# timm 1.0.9 makes a class token in XCiT for the classification blocks even where they are left out.
WITHOUT_GRADIENT = {"xcit_nano_12_p16_224": {"network.cls_token"}}


def build(name: str, **options) -> TimmBackbone:
    backbone = TimmBackbone(name=name, **options)
    torch.manual_seed(0)
    backbone.init_weights()
    return backbone


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(value, second[key]) for key, value in first.items())


@pytest.mark.parametrize("name", CHANNELS)
def test_levels_have_the_sizes_of_their_strides_and_every_parameter_a_gradient(name: str) -> None:
    backbone = build(name)
    levels = backbone(torch.randn(2, 3, 70, 101))  # no multiple of the strides
    assert [tuple(level.shape) for level in levels] == [
        (2, channels, *size) for channels, size in zip(CHANNELS[name], [(18, 26), (9, 13), (5, 7), (3, 4)], strict=True)
    ]
    assert backbone.out_channels == CHANNELS[name]
    sum(level.square().mean() for level in levels).backward()
    without = {key for key, parameter in backbone.named_parameters() if parameter.grad is None}
    assert without <= WITHOUT_GRADIENT.get(name, set())
    assert all(torch.isfinite(level).all() for level in levels)


@pytest.mark.parametrize("name", ["resnet18", VIT])
def test_only_the_levels_that_are_asked_for(name: str) -> None:
    all_levels = build(name).eval()(torch.ones(1, 3, 64, 64))
    backbone = build(name, out_indices=(1, 2)).eval()
    chosen = backbone(torch.ones(1, 3, 64, 64))
    assert [level.shape for level in chosen] == [all_levels[1].shape, all_levels[2].shape]
    assert backbone.out_channels == CHANNELS[name][1:3]
    sum(level.sum() for level in chosen).backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())  # nothing behind the last level


def test_levels_of_a_hierarchical_network_are_the_stages_that_timm_computes() -> None:
    backbone = build("resnet18").eval()
    image = torch.randn(1, 3, 64, 96).contiguous(memory_format=torch.channels_last)  # as the backbone has it, to the last bit
    network = timm.create_model("resnet18", features_only=True, out_indices=(1, 2, 3, 4)).eval()
    network.load_state_dict(backbone.network.state_dict())
    assert all(torch.equal(level, stage) for level, stage in zip(backbone(image), network(image), strict=True))


def test_level_16_of_a_transformer_is_its_normalised_last_map_and_level_32_its_maximum() -> None:
    backbone = build(VIT).eval()
    image = torch.randn(1, 3, 224, 224)  # the size that its positions are made for
    tokens = backbone.network.forward_features(image)[:, 1:]
    levels = backbone(image)
    torch.testing.assert_close(levels[2].flatten(2).transpose(1, 2), tokens)
    torch.testing.assert_close(levels[3][0, :, 2, 5], levels[2][0, :, 4:6, 10:12].amax((1, 2)))


def test_patch_size_14_sees_the_image_at_seven_eighths(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = build("eva02_tiny_patch14_224").eval()
    inner, seen = backbone.network.forward_intermediates, []

    def spy(image: Tensor, **options) -> list[Tensor]:
        seen.append(tuple(image.shape))
        return inner(image, **options)

    monkeypatch.setattr(backbone.network, "forward_intermediates", spy)
    assert backbone(torch.randn(1, 3, 512, 64))[2].shape[2:] == (32, 4)
    assert seen == [(1, 3, 448, 56)]


def test_pyramid_by_hand() -> None:
    """With weights of one, a transposed convolution copies the sum of the channels to four pixels."""
    pyramid = SimpleFeaturePyramid(channels=4, strides=(4, 8, 16, 32))
    pyramid.init_weights()
    for parameter in pyramid.levels[1].parameters():
        nn.init.constant_(parameter, 1.0)
    feature_map = torch.randn(1, 4, 2, 6)
    quarter, half, same, pooled = pyramid(feature_map)
    assert quarter.shape == (1, 1, 8, 24) and pooled.shape == (1, 4, 1, 3) and same is feature_map
    expected = (feature_map.sum(1, keepdim=True) + 1).repeat_interleave(2, 2).repeat_interleave(2, 3).expand(1, 2, 4, 12)
    torch.testing.assert_close(half, expected)


@pytest.mark.parametrize("name", ["convnext_atto", VIT])
def test_new_weights_follow_the_seed(name: str) -> None:
    backbone = build(name, drop_path_rate=0.1)
    first = {key: value.clone() for key, value in backbone.state_dict().items()}
    backbone.init_weights()  # goes on with the generator
    assert not equal(first, backbone.state_dict())
    assert equal(first, build(name, drop_path_rate=0.1).state_dict())


@pytest.mark.parametrize("norm_eval", [False, True])
def test_statistics_of_batch_norm_can_stay(norm_eval: bool) -> None:
    backbone = build("resnet18", norm_eval=norm_eval)
    backbone.train()
    image = torch.rand(2, 3, 64, 64)
    before, levels = backbone.network.bn1.running_mean.clone(), backbone(image)
    assert backbone.training and torch.equal(backbone.network.bn1.running_mean, before) == norm_eval
    levels[-1].mean().backward()
    assert backbone.network.bn1.weight.grad is not None
    same = [torch.equal(level, other) for level, other in zip(levels, backbone.eval()(image), strict=True)]
    assert same == [norm_eval] * 4


def test_stochastic_depth_is_off_in_the_teacher() -> None:
    backbone = build(VIT, drop_path_rate=0.9)
    depths = [module for module in backbone.modules() if isinstance(module, DropPath)]
    assert max(module.drop_prob for module in depths) == pytest.approx(0.9)
    teacher_mode(backbone)
    image = torch.randn(1, 3, 32, 32)
    assert all(torch.equal(one, other) for one, other in zip(backbone(image), backbone(image), strict=True))


@pytest.mark.parametrize(("name", "suffix"), [("resnet18", ".pth"), ("convnext_atto", ".safetensors"), (VIT, ".safetensors")])
def test_file_of_a_classifier_in_the_layout_of_timm(name: str, suffix: str, tmp_path: Path) -> None:
    classifier = timm.create_model(name, num_classes=7).eval()
    path = tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(classifier.state_dict(), path)
    backbone = build(name, pretrained=str(path)).eval()
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        last = classifier.forward_features(image)
        level = backbone(image)[2 if name == VIT else 3]
    torch.testing.assert_close(level.flatten(2).transpose(1, 2) if name == VIT else level, last[:, 1:] if name == VIT else last)


def test_positions_of_another_grid_are_interpolated(tmp_path: Path) -> None:
    small = timm.create_model(VIT, img_size=112)  # 7x7 positions and the class token
    nn.init.constant_(small.pos_embed, 0.5)
    torch.save(small.state_dict(), tmp_path / "small.pth")
    loaded = build(VIT, pretrained=str(tmp_path / "small.pth")).network
    assert loaded.pos_embed.shape == (1, 1 + 14 * 14, 192)
    torch.testing.assert_close(loaded.pos_embed.detach(), torch.full((1, 197, 192), 0.5))
    assert torch.equal(loaded.blocks[3].mlp.fc1.weight, small.blocks[3].mlp.fc1.weight)


def test_dinov2_in_the_layout_of_its_authors(tmp_path: Path) -> None:
    name = "vit_small_patch14_reg4_dinov2"
    state = timm.create_model(name, img_size=112).state_dict()
    meta = {key: value for key, value in state.items() if key not in ("reg_token", "pos_embed", "cls_token")}
    meta |= {"mask_token": torch.zeros(1, 384), "register_tokens": state["reg_token"], "cls_token": state["cls_token"]}
    meta["pos_embed"] = torch.cat([torch.ones(1, 1, 384), state["pos_embed"]], dim=1)
    torch.save(meta, tmp_path / "dinov2.pth")
    loaded = build(name, img_size=(112, 112), pretrained=str(tmp_path / "dinov2.pth")).network.state_dict()
    assert torch.equal(loaded["cls_token"], state["cls_token"] + 1)  # timm adds its position to the token
    assert equal({**loaded, "cls_token": state["cls_token"]}, state)


@pytest.mark.parametrize(
    "change", [{"layer3.0.conv1.weight": None}, {"layer3.0.conv1.weight": torch.zeros(1)}, {"layer3.5.x": torch.zeros(1)}]
)
def test_file_of_another_network(change: dict, tmp_path: Path) -> None:
    state = {**timm.create_model("resnet18").state_dict(), **change}
    torch.save({key: value for key, value in state.items() if value is not None}, tmp_path / "a.pth")
    backbone = TimmBackbone(name="resnet18", pretrained=str(tmp_path / "a.pth"))
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    with pytest.raises(UserError, match=rf"a\.pth does not hold the weights of .*resnet18: '{next(iter(change))}' .* pretrained=None"):
        backbone.init_weights()
    assert equal(before, backbone.state_dict())


def test_truncated_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"a\.safetensors cannot be read as a file of weights .* Download it again\."):
        TimmBackbone(name="resnet18", pretrained=str(path)).init_weights()


def test_file_that_a_conversion_cannot_read(tmp_path: Path) -> None:
    torch.save({"blocks.0.w": torch.zeros(2, 2)}, tmp_path / "a.pth")
    for name in ("convnext_atto", VIT):
        with pytest.raises(UserError, match=rf"a\.pth does not hold the weights of .*{name}"):
            TimmBackbone(name=name, pretrained=str(tmp_path / "a.pth")).init_weights()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "resnet8"}, r"has no network 'resnet8'\. Did you mean 'resnet18'\? .*newer timm\."),
        ({"name": "resnet18.nope"}, r"has no network 'resnet18\.nope'\. Did you mean 'resnet18\."),
        ({"name": "hf-hub:timm/resnet18"}, "has no network"),
        ({"name": "levit_128s"}, r"levels at strides \[16, 32, 64\], not at \[4, 8, 16, 32\]\. Use a network with"),
        ({"name": "vgg11", "drop_path_rate": 0.1}, "vgg11 of timm has no option 'drop_path_rate'. Leave it out"),
        ({"name": "resnet18", "img_size": (64, 64)}, "resnet18 of timm has no option 'img_size'. Leave it out"),
        ({"name": "resnet18", "out_indices": (1, 0)}, r"out_indices=\(1, 0\)\. Give some of 0, 1, 2, 3"),
        ({"name": "resnet18", "out_indices": (4,)}, r"out_indices=\(4,\)"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        TimmBackbone(**options)


def test_network_of_one_size() -> None:
    with pytest.raises(UserError, match=r"refuses the image \(.*\)\. Set img_size"):
        TimmBackbone(name="mixer_s32_224")(torch.zeros(1, 3, 64, 64))
    assert TimmBackbone(name="mixer_s32_224", img_size=(128, 128))(torch.zeros(1, 3, 64, 64))[0].shape == (1, 128, 16, 16)


@pytest.mark.parametrize("name", ["resnet18", "eva02_tiny_patch14_224"])
@pytest.mark.parametrize("kind", ["EncoderDecoder", "HRDAEncoderDecoder"])
def test_training_step(name: str, kind: str) -> None:
    single = kind == "EncoderDecoder"
    head = dict(type="DAFormerHead", **daformer_head()) if single else hrda_head(hr_loss_weight=0.1, lr_loss_weight=0.1)
    options = {} if single else {"hr_crop_size": (48, 48)}  # not the size of the context
    backbone = {"type": "TimmBackbone", "name": name}
    model = MODELS.build(dict(type=kind, backbone=backbone, decode_head={**head, "in_channels": CHANNELS[name]}, **options))
    torch.manual_seed(0)
    model.init_weights()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    image, label = torch.randn(2, 3, 64, 64), torch.randint(0, 5, (2, 64, 64))
    values = []
    for _ in range(2):
        losses = model.loss(model(image, np.random.default_rng(0)), label)
        values.append(sum(value for key, value in losses.items() if "loss" in key))
        optimizer.zero_grad()
        values[-1].backward()
        optimizer.step()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())
    assert values[1] < values[0]
    assert model.eval().inference(image[:1]).shape == (1, 5, 64, 64)


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("resnet18.tv_in1k", "bsd-3-clause, as timm states it for resnet18.tv_in1k"),
        ("resnet18", "apache-2.0, as timm states it for resnet18.a1_in1k"),
        ("samvit_base_patch16_224", "not known to us, ask where you have them from"),
    ],
)
def test_the_licence_is_the_one_that_timm_knows(name: str, licence: str) -> None:
    assert published_licence(name) == licence


def test_the_licence_is_logged_where_a_file_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(timm_backbone, "print_log", lambda line, **_: lines.append(line))
    path = tmp_path / "a.pth"
    torch.save(timm.create_model("resnet18").state_dict(), path)
    build("resnet18", pretrained=str(path))
    said = f"licence: {published_licence('resnet18')}; SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert lines == [f"{path}: weights of timm's resnet18.a1_in1k loaded, trained with 224x224 pixels; {said}"]
