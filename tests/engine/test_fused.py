"""Fused optimizers: built by default, the same update, steps that are left out, files of other implementations."""

import copy

import pytest
import torch
from torch import nn

from mmseg.engine.optimizers.fused import build_fused, step_unless

KINDS = {
    "AdamW": {"type": "AdamW", "lr": 0.1, "weight_decay": 0.1},
    "Adam": {"type": "Adam", "lr": 0.1, "betas": (0.9, 0.99)},
    "SGD": {"type": "SGD", "lr": 0.1, "weight_decay": 0.1},
    "momentum": {"type": "SGD", "lr": 0.1, "momentum": 0.9, "nesterov": True},
    "dampening": {"type": "SGD", "lr": 0.1, "momentum": 0.9, "dampening": 0.5},
    "RMSprop": {"type": "RMSprop", "lr": 0.1},
}
YES, NO = torch.tensor(1.0), torch.tensor(0.0)


def build(kind: str, **options):
    """An optimizer over two parameters, and these."""
    generator = torch.Generator().manual_seed(0)
    parameters = [nn.Parameter(torch.randn(size, generator=generator)) for size in ((3, 2), (5,))]
    return build_fused({**KINDS[kind], **options, "params": parameters}), parameters


def steps(optimizer, parameters, numbers, left_out=()) -> list[torch.Tensor]:
    """The parameters after the steps of these numbers, whose gradients depend on the number."""
    for number in numbers:
        for parameter in parameters:
            gradient = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number))
            parameter.grad = torch.full_like(gradient, float("nan")) if number in left_out else gradient
        step_unless(optimizer, YES if number in left_out else NO)
    return [parameter.detach().clone() for parameter in parameters]


@pytest.mark.parametrize("kind", KINDS)
def test_fused_where_torch_can_leave_a_step_out(kind):
    optimizer, _ = build(kind)
    assert bool(optimizer.param_groups[0].get("fused")) == (kind not in ("dampening", "RMSprop"))


@pytest.mark.parametrize("options", [{"fused": False}, {"foreach": True}])
def test_a_config_may_choose_the_implementation(options):
    optimizer, _ = build("AdamW", **options)
    assert not optimizer.param_groups[0]["fused"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_update_is_that_of_the_plain_implementation(kind):
    plain = build(kind) if kind == "RMSprop" else build(kind, fused=False)
    for ours, expected in zip(steps(*build(kind), range(5)), steps(*plain, range(5)), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left_out", [(0,), (2,), (0, 1, 3)])
def test_steps_that_are_left_out_did_not_happen(kind, left_out):
    """Parameters and state, the first step included, in which torch would leave a momentum of SGD uninitialised."""
    without = [number for number in range(5) if number not in left_out]
    (first, ours), (second, theirs) = build(kind), build(kind)
    pairs = zip(steps(first, ours, range(5), left_out), steps(second, theirs, without), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)
    for one, other in zip(ours, theirs, strict=True):
        state, expected = first.state[one], second.state[other]
        assert state.keys() == expected.keys() and all(torch.equal(state[key], expected[key]) for key in state if state[key] is not None)


def test_a_parameter_may_get_its_first_gradient_later():
    optimizer, parameters = build("momentum")
    parameters[0].grad = torch.ones(3, 2)
    step_unless(optimizer, NO)
    before = parameters[1].detach().clone()
    parameters[1].grad = torch.ones(5)
    step_unless(optimizer, NO)
    assert torch.allclose(parameters[1], before - 0.1 * 1.9)  # Nesterov: gradient + 0.9 * momentum


@pytest.mark.parametrize("kind", ["AdamW", "momentum"])
def test_a_file_of_another_implementation_goes_on_fused(kind):
    (old, before), (new, after) = build(kind, foreach=True), build(kind)
    steps(old, before, range(3))
    new.load_state_dict(copy.deepcopy(old.state_dict()))
    for parameter, value in zip(after, before, strict=True):
        parameter.data.copy_(value)
    assert new.param_groups[0]["fused"] and not new.param_groups[0]["foreach"]
    for ours, expected in zip(steps(new, after, range(3, 5)), steps(old, before, range(3, 5)), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-6)


def test_a_file_with_other_groups_is_refused():
    (one, _), (other, _) = build("AdamW"), build("AdamW")
    state = other.state_dict()
    state["param_groups"] = state["param_groups"] * 2
    with pytest.raises(ValueError, match="shorter"):
        one.load_state_dict(state)
