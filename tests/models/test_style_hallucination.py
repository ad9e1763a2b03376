"""Style hallucination in closed form, in every encoder that has it, and off where nobody asked for it."""

import math

import pytest
import torch

from mmseg.engine.hooks.base_styles_hook import first_map
from mmseg.models.backbones.style_hallucination import StyleHallucination, farthest_points, in_another_style, style_of
from mmseg.models.losses.consistency.style_consistency import style_consistency
from mmseg.models.uda.pseudo_labels.teacher import teacher_mode
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError

ENCODERS = {
    "MiT": {"type": "mit_b0"},
    "ResNet": {"type": "ResNet", "depth": 18},
    "timm": {"type": "TimmBackbone", "name": "resnet18"},
    "timm, channels last": {"type": "TimmBackbone", "name": "swin_tiny_patch4_window7_224"},
}
HEAD = {"type": "FCNHead", "in_channels": 32, "in_index": 0, "channels": 8, "num_classes": 3, "num_convs": 1, "norm_cfg": {"type": "BN"}}


def encoder(name: str, styles: int | None = 3):
    torch.manual_seed(0)
    made = MODELS.build({**ENCODERS[name], **({"style_hallucination_cfg": {"base_style_num": styles}} if styles else {})})
    if styles:
        module = made.style_hallucination
        module.proto_mean.copy_(torch.randn(module.proto_mean.shape))
        module.proto_std.copy_(torch.rand(module.proto_std.shape) + 0.5)
    return made


def test_its_own_style_changes_nothing():
    feature_map = torch.randn(2, 4, 5, 7, dtype=torch.float64) * 3 + 1
    assert torch.allclose(in_another_style(feature_map, *style_of(feature_map)), feature_map, atol=1e-5)
    assert not in_another_style(feature_map, torch.zeros(2, 4), torch.zeros(2, 4)).any()


def test_another_style_is_what_the_map_has_afterwards():
    mean, std = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 3.0]])
    found = style_of(in_another_style(torch.rand(1, 2, 9, 9), mean, std))
    assert torch.allclose(found[0], mean, atol=1e-4) and torch.allclose(found[1], std, atol=1e-4)


def test_the_farthest_points():
    """Corners of a square before its centre, the first maximum at a tie; the same place again where there is no other."""
    points = torch.tensor([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0], [1.0, 1.0]])
    assert farthest_points(points, 4, 0).tolist() == [0, 3, 1, 2]
    assert farthest_points(points, 5, 4).tolist() == [4, 0, 1, 2, 3]
    assert farthest_points(torch.ones(3, 2), 3, 2).tolist() == [2, 0, 0]


@pytest.mark.parametrize("name", ENCODERS)
def test_the_batch_is_doubled_in_train_mode_alone(name):
    made, plain, image = encoder(name), encoder(name, styles=None), torch.randn(2, 3, 64, 64)
    made.load_state_dict(plain.state_dict(), strict=False)
    for other in (made.eval(), plain.eval()):
        assert all(level.shape[0] == 2 for level in other(image))
    assert all(torch.equal(*pair) for pair in zip(made(image), plain(image), strict=True))
    assert torch.equal(first_map(made, image), plain(image)[0])

    made.style_hallucination.train()  # BatchNorm, Dropout and DropPath stay off, so that the halves can be compared
    levels = made(image)
    assert all(len(level) == 4 for level in levels)
    assert torch.allclose(levels[0][:2], plain(image)[0]) and not torch.allclose(levels[0][2:], levels[0][:2])
    teacher_mode(made)
    assert not made.style_hallucination.training


@pytest.mark.parametrize("name", ["MiT", "ResNet"])
def test_gradients_reach_the_first_stage(name):
    made = encoder(name).train()
    made(torch.randn(2, 3, 64, 64))[-1][2:].square().sum().backward()
    first = next(parameter for parameter in made.parameters())
    assert first.grad is not None and first.grad.abs().sum() > 0


def test_draws_belong_to_the_global_stream():
    made, image = encoder("MiT").eval(), torch.randn(1, 3, 64, 64)
    made.style_hallucination.train()
    seen = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        seen.append(made(image)[-1])
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])


def test_consistency():
    same, one = torch.randn(2, 5, 3, 4), 100 * torch.tensor([[1.0, 0.0, 0.0]])
    other = 100 * torch.tensor([[0.0, 1.0, 0.0]])
    assert abs(style_consistency(torch.cat([same, same]))) < 1e-6
    disjoint = torch.cat([one, other])[:, :, None, None].repeat(1, 1, 2, 2)
    assert style_consistency(disjoint).item() == pytest.approx(math.log(2), abs=1e-6)
    pair = torch.randn(4, 5, 3, 4)
    assert style_consistency(pair).item() == pytest.approx(style_consistency(torch.cat(pair.chunk(2)[::-1])).item())


def method(**uda):
    segmentor = {"type": "EncoderDecoder", "backbone": {"type": "mit_b0", **uda.pop("backbone", {})}, "decode_head": HEAD}
    return MODELS.build({"type": "DomainGeneralization", "segmentor": segmentor, **uda})


def step_of(made):
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(256, (2, 3, 64, 64), generator=generator, dtype=torch.uint8)
    label = torch.randint(3, (2, 64, 64), generator=generator, dtype=torch.uint8)
    batch = made.data_preprocessor.batch({"source": {"image": image, "label": label, "size": torch.tensor([[64, 64]] * 2)}})
    return made.context(batch, 0)


def test_hallucination_without_consistency_trains_with_a_feature_distance():
    """Labels and ImageNet features are doubled because features are, not because of a weight."""
    made = method(backbone={"style_hallucination_cfg": {"base_style_num": 2}}, imnet_feature_dist_lambda=0.5).train()
    made.init_weights()
    made.model.backbone.style_hallucination.proto_std.fill_(1)
    step = step_of(made)
    made.objectives["source"](step).backward()
    assert step.predictions["source"].logits["main"].shape[0] == 4 and step.logs["src.loss_imnet_feat_dist"] > 0
    assert "style.loss_style_consistency" not in step.logs and not made.teachers


def test_what_does_not_fit():
    with pytest.raises(UserError, match=r"style_hallucination_cfg\.style_dim=64, but the first stage has 32 channels. Set it to 32\.$"):
        method(backbone={"style_hallucination_cfg": {"style_dim": 64}})
    with pytest.raises(UserError, match=r"StyleHallucination got an unexpected option 'styles'"):
        method(backbone={"style_hallucination_cfg": {"styles": 64}})
    with pytest.raises(UserError, match=r"vit_tiny_patch16_224 of timm has no first stage.*Leave style_hallucination_cfg out"):
        MODELS.build({"type": "TimmBackbone", "name": "vit_tiny_patch16_224", "style_hallucination_cfg": {}})
    with pytest.raises(UserError, match=r"has no base styles yet\. Add dict\(type='BaseStylesHook'\) to custom_hooks"):
        StyleHallucination(style_dim=2, base_style_num=2).train()(torch.ones(1, 2, 3, 3))
    made = method(style_consistency_lambda=10.0).train()
    with pytest.raises(UserError, match=r"compares two styles, but the encoder shows one\. Set model\.backbone\.style_hallucination_cfg"):
        made.objectives["source"](step_of(made))
