"""Learning rates by depth and by batch: the closed forms of VFM-UDA."""

import math

import pytest
import timm

from mmseg.config import load_config
from mmseg.engine import parts
from mmseg.engine.optimizers import grouped, rates
from mmseg.engine.optimizers.grouped import GroupedOptimWrapperConstructor
from mmseg.engine.parts import build_optimizer
from mmseg.models.backbones.timm_networks.tokens import blocks_above
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests import tiny

DEPTH = 6  # of timm's test_vit
FAMILIES = {
    "vit_tiny_patch16_224": {},
    "vit_tiny_patch16_dinov3_qkvb": {},
    "eva02_tiny_patch14_224": {},
    "naflexvit_base_patch16_siglip": {"embed_dim": 32, "num_heads": 2},
    "samvit_base_patch16_224": {"embed_dim": 32, "num_heads": 2},
}


def method(backbone: dict | None = None):
    backbone = {"type": "TimmBackbone", "name": "test_vit", "mask_token": True, **(backbone or {})}
    head = {"type": "FCNHead", "in_channels": 64, "in_index": 3, "channels": 4, "num_classes": 3}
    return MODELS.build({"type": "SourceOnly", "segmentor": {"type": "EncoderDecoder", "backbone": backbone, "decode_head": head}})


def rate_of(optimizer, built) -> dict[str, float]:
    names = {id(parameter): name for name, parameter in built.named_parameters()}
    return {names[id(parameter)]: group["lr"] for group in optimizer.optimizer.param_groups for parameter in group["params"]}


@pytest.fixture(scope="module")
def published():
    """Base 5e-5, 8 crops, the encoder at a tenth, 0.9 per block."""
    built = method()
    paramwise = {"layer_decay": 0.9, "custom_keys": {"backbone": {"lr_mult": 0.1}, "backbone.pyramid": {"lr_mult": 1.0}}}
    wrapper = {"optimizer": {"type": "AdamW", "lr": 5e-5, "weight_decay": 0.01}, "paramwise_cfg": paramwise, "scale_lr_by": "sqrt_batch"}
    return built, build_optimizer(wrapper, built, batch=8)


def test_the_decoder_has_the_rate_of_the_batch(published):
    built, optimizer = published
    found = rate_of(optimizer, built)
    assert found["model.decode_head.conv_seg.weight"] == pytest.approx(1.414e-4, rel=1e-3)
    assert found["model.decode_head.conv_seg.weight"] == found["model.backbone.pyramid.levels.0.0.weight"] == 5e-5 * math.sqrt(8)


@pytest.mark.parametrize("block", range(DEPTH))
def test_blocks_decay_from_the_last(published, block):
    built, optimizer = published
    found = rate_of(optimizer, built)
    names = [name for name in found if name.startswith(f"model.backbone.network.blocks.{block}.")]
    assert len(names) > 8
    for name in names:
        assert found[name] == pytest.approx(1.41421356e-5 * 0.9 ** (DEPTH - 1 - block))


def test_the_stem_decays_most_and_the_last_normalisation_not(published):
    built, optimizer = published
    found = rate_of(optimizer, built)
    for name in ("mask_token", "network.pos_embed", "network.cls_token", "network.patch_embed.proj.weight"):
        assert found[f"model.backbone.{name}"] == pytest.approx(1.41421356e-5 * 0.9**DEPTH)
    assert found["model.backbone.network.norm.weight"] == pytest.approx(1.41421356e-5)


def test_one_group_per_rate_and_all_parameters_in_one(published):
    built, optimizer = published
    trained = [parameter for parameter in built.parameters() if parameter.requires_grad]
    listed = [parameter for group in optimizer.optimizer.param_groups for parameter in group["params"]]
    assert {id(parameter) for parameter in listed} == {id(parameter) for parameter in trained} and len(listed) == len(trained)
    assert len(optimizer.optimizer.param_groups) == DEPTH + 2  # blocks with the last norm, stem, and what is at the rate of the decoder


def test_a_large_transformer_has_the_published_shares():
    """Of 24 blocks: 0.9^(23 - i), and 0.9^24 before them."""
    with_depth = timm.create_model("vit_tiny_patch16_224", depth=24, embed_dim=8, num_heads=1, num_classes=0)
    above = blocks_above(with_depth)
    assert [above[f"blocks.{block}.norm1.weight"] for block in range(24)] == list(range(23, -1, -1))
    assert above["pos_embed"] == 24 and above["norm.weight"] == 0


@pytest.mark.parametrize("name", FAMILIES)
def test_families(name):
    network = timm.create_model(name, num_classes=0, depth=3, **FAMILIES[name])
    network.prune_intermediate_layers(1)
    above = blocks_above(network)
    assert above.keys() == dict(network.named_parameters()).keys()
    for key, count in above.items():
        block = int(key.split(".")[1]) if key.startswith("blocks.") else None
        assert count == (2 - block if block is not None else 0 if key.startswith(("norm.", "neck", "fc_norm")) else 3), key


def test_fewer_blocks_are_counted_from_the_last_that_is_there():
    built = method({"levels": (0, 1, 2, 3)})
    assert built.model.backbone.blocks_above()["network.blocks.3.norm1.weight"] == 0


def test_without_it_groups_are_those_of_before():
    built, options = method(), {"optimizer": {"type": "AdamW", "lr": 1e-4}}
    plain = build_optimizer(options, built)
    assert [group["lr"] for group in plain.optimizer.param_groups] == [1e-4]
    ones = build_optimizer({**options, "paramwise_cfg": {"layer_decay": 1.0}}, built)
    assert [group["lr"] for group in ones.optimizer.param_groups] == [1e-4]


@pytest.mark.parametrize("backbone", [{"type": "TimmBackbone", "name": "resnet18"}, {"type": "ResNet", "depth": 18}], ids=str)
def test_an_encoder_without_blocks(backbone):
    head = {"type": "FCNHead", "in_channels": 512, "in_index": 3, "channels": 4, "num_classes": 3}
    built = MODELS.build({"type": "SourceOnly", "segmentor": {"type": "EncoderDecoder", "backbone": backbone, "decode_head": head}})
    said = rf"layer_decay=0\.9 goes by transformer blocks .* {backbone['type']} does not have\. Leave it out"
    with pytest.raises(UserError, match=said):
        build_optimizer({"optimizer": {"type": "SGD", "lr": 0.1}, "paramwise_cfg": {"layer_decay": 0.9}}, built)


@pytest.mark.parametrize("value", [0, 1.1, "0.9"])
def test_a_decay_that_is_none(value):
    with pytest.raises(UserError, match=r"optim_wrapper\.paramwise_cfg\.layer_decay is .* It should be "):
        GroupedOptimWrapperConstructor({"optimizer": {"lr": 0.1}}, {"layer_decay": value})


def test_the_rate_of_a_batch_is_printed(monkeypatch):
    lines: list[str] = []
    monkeypatch.setattr(rates, "print_log", lambda line, **_: lines.append(line))
    assert rates.scaled_rate({"lr": 5e-5}, "sqrt_batch", 8)["lr"] == pytest.approx(1.4142e-4, rel=1e-4)
    assert lines == ["Learning rate 5e-05 for 8 crops in a step: times sqrt(8), 0.0001414 (optim_wrapper.scale_lr_by='sqrt_batch')"]
    assert rates.scaled_rate({"lr": 5e-5}, None, 8) == {"lr": 5e-5} and len(lines) == 1


def test_a_training_counts_the_crops_of_all_processes(monkeypatch, tiny_data):
    seen: list[int] = []
    monkeypatch.setattr(parts, "get_world_size", lambda: 3)
    monkeypatch.setattr(parts, "scaled_rate", lambda optimizer, _, batch: seen.append(batch) or optimizer)
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {**tiny.values(tiny_data), "train_dataloader.batch_size": 2})
    parts.training_parts(cfg)
    assert seen == [6]


def test_other_ways_to_scale_are_not_known():
    with pytest.raises(UserError, match=r"optim_wrapper\.scale_lr_by is 'linear'"):
        load_config(tiny.ROOT / tiny.CONFIG, {"optim_wrapper.scale_lr_by": "linear"})


def test_grouped_is_where_factors_meet_custom_keys():
    built = method()
    groups = grouped.parameter_groups(
        built, 1.0, 0.1, {"norm1": {"lr_mult": 2.0, "decay_mult": 0.0}}, factors={"model.backbone.mask_token": 0.5}
    )
    assert {(group["lr"], group["weight_decay"]) for group in groups} == {(1.0, 0.1), (2.0, 0.0), (0.5, 0.1)}
