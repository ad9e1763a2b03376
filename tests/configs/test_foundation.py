"""The recipes of VFM-UDA, Rein and SoMA: sizes, learning rates and schedules as published (spec and papers), on networks without memory."""

import math

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import ConstantLR, CosineAnnealingParamScheduler, LinearLR, PolyLR

from mmseg.config.config import load_config
from mmseg.config.schedule import resolve_ends
from mmseg.engine.checkpoints.frozen import INTERPOLATED
from mmseg.engine.optimizers.grouped import parameter_groups
from mmseg.engine.optimizers.rates import layer_factors, scaled_rate
from mmseg.engine.parts import build_method
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.shared_weights import frozen_weights
from tests import tiny

FOLDER = tiny.ROOT / "configs" / "foundation"
SCHEDULERS = {
    "LinearLR": LinearLR,
    "ConstantLR": ConstantLR,
    "PolyLR": PolyLR,
    "CosineAnnealingParamScheduler": CosineAnnealingParamScheduler,
}
SOMA = {"gta_soma_dinov2_vitl": 12000, "gta_soma_eva02_vitl": 12000, "gta2cs_soma_dinov2_vitl": 12000, "cs2acdc_soma_dinov2_vitl": 20000}
"""Configs of SoMA: after which iteration its average begins."""
PLUS = "gta2cs_vfmuda_plus_dinov2_vitl"


def config(name: str) -> Config:
    cfg = load_config(FOLDER / f"{name}.py")
    cfg.model.pretrained = None
    if "feature_distillation" in cfg.uda:
        cfg.uda.feature_distillation.pretrained = None
    return cfg


def method(name: str) -> UDAMethod:
    with torch.device("meta"):
        return build_method(config(name))


@pytest.mark.parametrize("size", ["vitb", "vitl"])
def test_a_crop_is_80x80_tokens_and_320x320_logits(size):
    network = method(f"gta2cs_vfmuda_dinov2_{size}").model
    assert network.backbone.token_grid(1024, 1024) == (80, 80)
    with torch.no_grad():
        assert network.segment(torch.empty(1, 3, 1024, 1024, device="meta")).logits.shape == (1, 19, 320, 320)


def test_learning_rates_are_those_of_eight_crops():
    cfg = config("gta2cs_vfmuda_dinov2_vitl")
    wrapper, batch = cfg.optim_wrapper, cfg.train_dataloader.batch_size
    rate = scaled_rate(wrapper.optimizer, wrapper.scale_lr_by, batch)["lr"]
    made = method("gta2cs_vfmuda_dinov2_vitl")
    groups = parameter_groups(made, rate, 0.01, wrapper.paramwise_cfg.custom_keys)
    encoder, decoder = sorted(groups, key=lambda group: group["lr"])
    assert batch == 8 and cfg.micro_batches == 4 and made.micro_batches == 4
    assert decoder["lr"] == pytest.approx(1.414e-4, rel=1e-3) and encoder["lr"] == pytest.approx(1.414e-5, rel=1e-3)
    assert {group["weight_decay"] for group in groups} == {0.01}, "everything is decayed"
    assert sum(parameter.numel() for parameter in decoder["params"]) == sum(map(torch.Tensor.numel, made.model.decode_head.parameters()))


def test_the_line_begins_at_iteration_0_and_is_joined_at_1500():
    cfg = resolve_ends(config("gta2cs_vfmuda_dinov2_vitl"))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = []
    for options in cfg.param_scheduler:
        options = dict(options)
        schedule.append(SCHEDULERS[options.pop("type")](optimizer, **{"end": 40001, **options}))
    expected = {0: 0.001, 1499: 0.001 + 0.999 * 1499 / 1500, 1500: 0.9625, 1501: 1 - 1501 / 40000, 20000: 0.5, 40000: 0.0}
    found = {}
    for iteration in range(40001):
        if iteration in expected:
            found[iteration] = optimizer.param_groups[0]["lr"]
        optimizer.step()
        for part in schedule:
            part.step()
    assert found == pytest.approx(expected, abs=1e-9)


def test_the_teacher_looks_twice_and_tokens_are_masked():
    made = method("gta2cs_vfmuda_dinov2_vitb")
    assert made.teachers[0].flip and made.objectives["masked"].mask.mask_ratio == 0.7 and made.imnet_model is None
    assert made.objectives["mixed"].weak_augment is made.objectives["source"].weak_augment is not None
    assert list(made.objectives) == ["source", "mixed", "masked"]


def test_the_plus_form_has_levels_of_the_crop_and_one_at_stride_4():
    network = method(PLUS).model
    assert network.backbone.token_grid(1024, 1024) == (80, 80)
    with torch.no_grad():
        output = network.segment(torch.empty(1, 3, 1024, 1024, device="meta"))
    assert [tuple(level.shape[1:]) for level in output.views[0].features] == [(1024, side, side) for side in (256, 128, 64, 32)]
    assert output.logits.shape == (1, 19, 256, 256) and output.embedding.shape[1] == 128
    assert network.test_cfg["average"] == "probabilities"


def test_learning_rates_of_the_plus_form():
    """Adapter, decoder and projector 2.83e-5, the last block a tenth of it, 0.9 of it in the one before, 0.9^24 in the stem."""
    cfg, made = config(PLUS), method(PLUS)
    wrapper = cfg.optim_wrapper
    rate = scaled_rate(wrapper.optimizer, wrapper.scale_lr_by, cfg.train_dataloader.batch_size)["lr"]
    factors = {f"model.{name}": factor for name, factor in layer_factors(made.model, wrapper.paramwise_cfg.layer_decay).items()}
    groups = parameter_groups(made, rate, 0.01, wrapper.paramwise_cfg.custom_keys, factors=factors)
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    network = made.model.backbone.network

    def rates_of(module):
        return {rates[id(parameter)] for parameter in module.parameters()}

    assert rate == pytest.approx(2.83e-5, rel=1e-3)
    for part in (made.model.backbone.adapter, made.model.decode_head, made.feature_reference.projector):
        assert rates_of(part) == {rate}
    for block, decay in ((23, 1.0), (22, 0.9), (0, 0.9**23)):
        assert [*rates_of(network.blocks[block])] == pytest.approx([0.1 * rate * decay])
    assert rates[id(network.pos_embed)] == pytest.approx(0.1 * rate * 0.9**24)
    assert set(rates) == {id(parameter) for parameter in made.parameters() if parameter.requires_grad}


def test_the_plus_form_imitates_the_encoder_with_registers():
    made = method(PLUS)
    assert list(made.objectives) == ["source", "mixed", "masked", "distilled_source", "distilled_target"]
    reference = made.feature_reference
    assert reference.backbone.token_grid(1024, 1024) == (29, 29) and reference.backbone.network.num_prefix_tokens == 5
    assert reference.projector[0].weight.shape == (4096, 1024, 1, 1) and reference.projector[3].weight.shape == (1024, 4096, 1, 1)
    assert not any(parameter.requires_grad for parameter in reference.backbone.parameters())
    assert made.objectives["distilled_target"].weight == 0.1 and made.objectives["distilled_target"].weak_augment is not None
    masks = made.objectives["masked"].mask
    assert (masks.mask_ratio, masks.mask_block_size) == (0.7, 64 * 1024 // 1120) and made.model.backbone.mask_token is None


def test_the_third_generation_gets_as_many_tokens():
    network = method("gta2cs_vfmuda_dinov3_vitl").model
    assert network.backbone.token_grid(1024, 1024) == (80, 80) and network.backbone.mask_token is not None
    with torch.no_grad():
        assert network.segment(torch.empty(1, 3, 1024, 1024, device="meta")).logits.shape == (1, 19, 320, 320)


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("gta_rein_dinov2_vitl", 2.531),
        ("gta_soma_dinov2_vitl", 4.866),
        ("gta2cs_soma_dinov2_vitl", 4.867),
        ("cs2acdc_soma_dinov2_vitl", 4.867),
    ],
)
def test_what_is_trained_in_a_frozen_encoder(name, millions):
    """Rein without the link to queries; SoMA and, for masked tokens, the token that hides them."""
    backbone = method(name).model.backbone
    trained = sum(parameter.numel() for parameter in backbone.parameters() if parameter.requires_grad)
    assert trained / 1e6 == pytest.approx(millions, abs=0.001)


def test_student_and_teacher_share_all_that_is_frozen():
    made = method("gta2cs_soma_dinov2_vitl")
    own = {id(parameter) for parameter in made.model.parameters()}
    apart = sum(parameter.numel() for parameter in made.ema_model.parameters() if id(parameter) not in own)
    assert apart == sum(parameter.numel() for parameter in made.model.parameters() if parameter.requires_grad)
    assert apart / sum(parameter.numel() for parameter in made.model.parameters()) < 0.03


@pytest.mark.parametrize("name", SOMA)
def test_the_weight_decay_falls_by_half_a_cosine(name):
    """1e-5 + (0.05 - 1e-5) (1 + cos(pi t / T)) / 2; mmengine counts T = 40,001. Parameters without a decay keep none."""
    cfg = resolve_ends(config(name))
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    wrapper = cfg.optim_wrapper.optimizer
    optimizer = torch.optim.SGD(
        [{"params": weights[0]}, {"params": weights[1], "weight_decay": 0.0}], lr=1.0, weight_decay=wrapper.weight_decay
    )
    (options,) = [dict(part) for part in cfg.param_scheduler if part.get("param_name") == "weight_decay"]
    schedule = SCHEDULERS[options.pop("type")](optimizer, **options)
    found = {}
    for iteration in range(40000):
        if iteration in (0, 1, 10000, 20000, 39999):
            found[iteration] = [group["weight_decay"] for group in optimizer.param_groups]
        optimizer.step()
        schedule.step()
    assert [decay for decay, _ in found.values()] == pytest.approx(
        [1e-5 + (0.05 - 1e-5) * (1 + math.cos(math.pi * iteration / 40001)) / 2 for iteration in found], rel=1e-6
    )
    assert found[0][0] == 0.05 and found[39999][0] == pytest.approx(1e-5, rel=1e-3)
    assert all(none == 0 for _, none in found.values())


@pytest.mark.parametrize("name", SOMA)
def test_the_average_of_soma_begins_where_it_was_published(name):
    (hook,) = [hook for hook in config(name).custom_hooks if hook["type"] == "WeightAverageHook"]
    assert hook == {"type": "WeightAverageHook", "begin": SOMA[name]}


@pytest.mark.parametrize("name", ["gta_rein_dinov2_vitl", "gta_soma_dinov2_vitl", "gta_soma_eva02_vitl"])
def test_crops_of_512_are_32x32_tokens(name):
    made = method(name)
    network = made.model
    assert network.backbone.patch_size == 16 and network.backbone.token_grid(512, 512) == (32, 32)
    assert network.backbone.network.pos_embed.shape == (1, 1 + 32 * 32, 1024)
    with torch.no_grad():
        levels = network.backbone(torch.empty(1, 3, 512, 512, device="meta"))
    assert [tuple(level.shape[1:]) for level in levels] == [(1024, side, side) for side in (128, 64, 32, 16)]
    clip = "eva02" in name
    assert made.data_preprocessor.grey_mean == pytest.approx((122.77, 116.75, 104.09) if clip else (123.675, 116.28, 103.53), abs=0.01)


@pytest.mark.parametrize("name", ["gta_rein_dinov2_vitl", *SOMA])
def test_checkpoints_hold_what_is_trained(name):
    """And where it started, and what is not in the blocks: less than a tenth of the encoder."""
    assert config(name).default_hooks.checkpoint.weights == "trainable"
    network = method(name).model
    left = {key for key, _ in frozen_weights(network) if not any(part in key for part in INTERPOLATED)}
    state = {key: value for key, value in network.state_dict().items() if key.startswith("backbone.")}
    kept = sum(value.numel() for key, value in state.items() if key not in left)
    assert kept < 0.1 * sum(value.numel() for value in state.values())
