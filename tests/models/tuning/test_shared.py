"""Student, teacher and reference with one set of frozen weights: less memory, the same bits."""

from contextlib import contextmanager, nullcontext
from unittest.mock import patch

import pytest
import torch

from mmseg.models.uda import imagenet, preset
from mmseg.models.uda.shared_weights import frozen_weights
from mmseg.registry import MODELS
from tests.models.encoders.families import make_tiny
from tests.models.tuning.test_backbone import segmentor, tuning
from tests.models.uda.test_methods import run_step

REFERENCE = {"imnet_feature_dist_lambda": 0.005, "imnet_encoder_only": True}


def method(name: str, **options):
    built = MODELS.build({"type": "DACS", "segmentor": segmentor(tuning=tuning(name)), **REFERENCE, **options})
    built.init_weights()
    return built.train()


def memory(*networks) -> int:
    """Values in the parameters and buffers of several networks; one tensor counts once."""
    tensors = {id(value): value.numel() for network in networks for value in (*network.parameters(), *network.buffers())}
    return sum(tensors.values())


@pytest.fixture
def tiny(monkeypatch):
    make_tiny(monkeypatch, embed_dim=24, depth=2, num_heads=2)


@contextmanager
def apart():
    """Networks share nothing in methods that are built meanwhile."""
    with (
        patch.object(preset, "share_frozen", lambda student, other: other),
        patch.object(imagenet, "share_frozen", lambda student, other: other),
    ):
        yield


@pytest.mark.parametrize("name", ["LoRA", "SoMA", "Rein", "frozen"])
def test_shared_and_separate_weights_learn_the_same_bits(name, tiny, monkeypatch):
    states, logs = [], []
    for context in (nullcontext, apart):
        with context():
            made = method(name)
        logs.append([run_step(made, monkeypatch, iteration) for iteration in range(3)])
        states.append(made.state_dict())
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())
    assert all(torch.equal(one[key], other[key]) for one, other in zip(*logs, strict=True) for key in one)


@pytest.mark.parametrize("name", ["LoRA", "SoMA", "Rein", "frozen"])
def test_networks_are_one_where_they_are_frozen_and_their_own_elsewhere(name, tiny):
    made = method(name)
    shared = dict(frozen_weights(made.model))
    own = dict(made.model.named_parameters())
    assert shared and all(not parameter.requires_grad for parameter in shared.values())
    for network in (made.ema_model, made.imnet_model):
        for key, parameter in network.named_parameters():
            assert (parameter is own[key]) == (key in shared), key


def test_nothing_is_shared_with_a_trained_encoder(tiny):
    made = method("full")
    assert not dict(frozen_weights(made.model))
    assert not {id(parameter) for parameter in made.model.parameters()} & {id(parameter) for parameter in made.ema_model.parameters()}


@pytest.mark.parametrize("name", ["LoRA", "Rein", "frozen"])
def test_a_small_transformer_takes_less_than_half_of_three(name):
    """ViT-S, 22 million weights, on the meta device: at most 0.45 of what three copies take."""
    head = {"type": "LightHead", "in_channels": 384, "num_classes": 19}
    backbone = {"type": "TimmBackbone", "name": "vit_small_patch14_dinov2", "levels": "last", "tuning": {"type": name}}
    network = {"type": "EncoderDecoder", "backbone": backbone, "decode_head": head}
    sizes = []
    for context in (nullcontext, apart):
        with torch.device("meta"), context():
            made = MODELS.build({"type": "DACS", "segmentor": network, **REFERENCE})
        sizes.append(memory(made.model, made.ema_model, made.imnet_model))
    assert sizes[0] <= 0.45 * sizes[1]
