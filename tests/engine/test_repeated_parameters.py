"""Parameters of a backbone that are listed once for every module that holds them, as in the released code of CPSL."""

import copy

import pytest
import torch

from mmseg.engine.optimizers.grouped import enclosing_modules
from mmseg.engine.parts import build_optimizer
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.engine.test_resume import assert_equal

SEGMENTOR = {
    "type": "EncoderDecoder",
    "backbone": {"type": "ResNet", "depth": 18, "num_stages": 1, "strides": (1,), "dilations": (1,), "out_indices": (0,)},
    "decode_head": {"type": "FCNHead", "in_channels": 64, "in_index": 0, "channels": 4, "num_classes": 3},
}


def build():
    torch.manual_seed(0)
    method = MODELS.build({"type": "SourceOnly", "segmentor": SEGMENTOR})
    method.init_weights()
    return method


def optimizer_of(method, quirks: bool = True):
    options = {"type": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
    paramwise = {"custom_keys": {"decode_head": {"lr_mult": 2.0}}, "published_quirks": quirks}
    return build_optimizer({"optimizer": options, "paramwise_cfg": paramwise}, method)


def set_gradients(method, number: int) -> None:
    generator = torch.Generator().manual_seed(number)
    for parameter in method.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def by_hand(value: torch.Tensor, gradients: list[torch.Tensor], times: int, rate: float) -> torch.Tensor:
    """SGD whose momentum starts anew for each repetition of the first step, and goes on with the last of them."""
    momentum = None
    for number, gradient in enumerate(gradients):
        for _ in range(times):
            moved = gradient + 0.01 * value
            momentum = moved if number == 0 else 0.9 * momentum + moved
            value = value - rate * momentum
    return value


def test_how_often():
    names = {"model.backbone.conv1.weight": 1, "model.backbone.layer1.0.conv1.weight": 3, "model.backbone.layer1.0.downsample.0.weight": 4}
    assert {name: enclosing_modules(name) for name in names} == names
    assert enclosing_modules("model.backbone.bn_pretrain.weight") == enclosing_modules("model.decode_head.convs.0.conv.weight") == 1


@pytest.mark.parametrize("quirks", [False, True])
def test_every_listing_is_an_update(quirks):
    method = build()
    before = {name: value.detach().clone() for name, value in method.named_parameters()}
    optimizer, gradients = optimizer_of(method, quirks), {name: [] for name in before}
    for number in range(3):
        set_gradients(method, number)
        for name, parameter in method.named_parameters():
            gradients[name].append(parameter.grad.clone())
        optimizer.step()
    for name, value in method.named_parameters():
        times = enclosing_modules(name) if quirks else 1
        expected = by_hand(before[name], gradients[name], times, 0.2 if "decode_head" in name else 0.1)
        assert torch.allclose(value, expected, rtol=1e-4, atol=1e-5), name


def test_a_resumed_optimizer_goes_on():
    whole, broken = build(), build()
    first, second = optimizer_of(whole), optimizer_of(broken)
    for number in range(2):
        set_gradients(whole, number)
        first.step()
    broken.load_state_dict(whole.state_dict())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for method, optimizer in ((whole, first), (broken, second)):
        set_gradients(method, 2)
        optimizer.step()
    assert_equal(whole.state_dict(), broken.state_dict())
    assert_equal(first.state_dict(), second.state_dict())


def test_values_of_the_option():
    with pytest.raises(UserError, match=r"paramwise_cfg\.published_quirks is 'yes'\. It should be True or False"):
        optimizer_of(build(), "yes")
