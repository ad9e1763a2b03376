"""Steps with a gradient that is not finite: nothing of them stays; the scale of losses in fp16; resuming it."""

import copy

import pytest
import torch

from mmseg.engine.optimizers import GradientHealth
from mmseg.engine.optimizers.guarded import KeptBuffers
from mmseg.engine.parts import build_optimizer
from mmseg.utils.computing.precision import Precision
from mmseg.utils.errors import UserError
from tests.engine.test_resume import assert_equal
from tests.models.uda.test_methods import batch, build

ADAMW = {"optimizer": {"type": "AdamW", "lr": 1e-3}}
SGD = {"optimizer": {"type": "SGD", "lr": 1e-2, "momentum": 0.9}}
UNFUSED = {"optimizer": {"type": "RMSprop", "lr": 1e-3}}
CLIPPED = {**ADAMW, "clip_grad": {"max_norm": 1.0}}
CLASSIFIER = "decode_head.head.conv_seg.weight"


class Harmed:
    """An objective whose loss is multiplied, or whose gradient with respect to one parameter is, in some iterations."""

    start = 0

    def __init__(self, objective, factors: dict[int, float], parameter=None) -> None:
        self.objective, self.factors = objective, factors
        if parameter is not None:
            parameter.register_hook(lambda gradient: gradient * self.factor)
        self.of_loss, self.factor = parameter is None, 1.0

    def __call__(self, step):
        self.factor = self.factors.get(step.iteration, 1.0)
        loss = self.objective(step)
        return loss * self.factor if self.of_loss else loss


@pytest.fixture
def trainer(monkeypatch):
    """Builds a method, its optimizer, and a function that runs its iterations on one batch."""

    def make(name="DACS", optimizer=ADAMW, precision="fp32", harm=None, parameter=None):
        method = build(name)
        method.precision = Precision(precision)
        monkeypatch.setattr(method.data_preprocessor, "batch", lambda _: batch())
        if harm:
            named = dict(method.named_parameters())
            (name, first), *others = method.objectives.items()
            method.objectives = {name: Harmed(first, harm, named.get(parameter)), **dict(others)}
        wrapper = build_optimizer(copy.deepcopy(optimizer), method)

        def run(*iterations):
            return [method.train_step({"iteration": iteration}, wrapper) for iteration in iterations][-1]

        return method, wrapper, run

    return make


def snapshot(method, wrapper) -> dict:
    return copy.deepcopy({"weights": method.state_dict(), "optimizer": wrapper.state_dict()})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("optimizer", [ADAMW, SGD, UNFUSED, CLIPPED])
def test_nothing_of_a_step_that_is_left_out_stays(optimizer, value, trainer):
    method, wrapper, run = trainer(optimizer=optimizer, harm={1: value})
    run(0)
    assert wrapper.health.overflow == 0
    before = snapshot(method, wrapper)
    run(1)
    assert wrapper.health.overflow == 1
    after = snapshot(method, wrapper)
    teachers = [key for key in before["weights"] if key.startswith("ema_model.")]
    assert any(key.endswith("running_mean") for key in before["weights"])
    for state in (before, after):
        for key in teachers:  # it has followed the student at the start of the step; its statistics are given back
            if not key.endswith(("running_mean", "running_var", "num_batches_tracked")):
                state["weights"].pop(key)
    assert_equal(before, after)
    run(2)
    assert not torch.equal(method.model.state_dict()[CLASSIFIER], before["weights"][f"model.{CLASSIFIER}"])
    assert all(value.isfinite().all() for value in method.state_dict().values())


def test_one_gradient_alone_is_named(trainer):
    name = f"model.{CLASSIFIER}"
    _, wrapper, run = trainer(harm={1: float("inf")}, parameter=name)
    run(0, 1)
    health = wrapper.health
    assert [key for key, norm in zip(health.names, health.norms, strict=True) if not norm.isfinite()] == [name]
    assert health.overflow == 1


def test_no_optimizer_of_several_steps(trainer):
    method, wrapper, run = trainer("AdvSeg", SGD, harm={1: float("nan")})
    run(0)
    before = snapshot(method, wrapper)
    run(1)
    assert wrapper.health.overflow == 1
    assert_equal(before, snapshot(method, wrapper))
    run(2)
    moved = (method.model_D.main.conv1.weight - before["weights"]["model_D.main.conv1.weight"]).abs().max()
    assert 0 < moved < 1


def test_norms_are_those_of_the_gradients(trainer):
    method, wrapper, run = trainer()
    run(0)
    expected = {name: parameter.grad.norm() for name, parameter in method.named_parameters() if parameter.grad is not None}
    assert tuple(expected) == wrapper.health.names
    torch.testing.assert_close(wrapper.health.norms, torch.stack([*expected.values()]))
    assert wrapper.health.scale == 1


def test_kept_buffers_of_several_kinds():
    buffers = [torch.arange(6.0).view(2, 3), torch.tensor(3), torch.tensor(1.5), torch.tensor([True, False])]
    before = copy.deepcopy(buffers)
    kept = KeptBuffers(buffers)
    for buffer in buffers:
        buffer.copy_(torch.full_like(buffer, float("nan")) if buffer.is_floating_point() else buffer + 1)
    changed = copy.deepcopy(buffers)
    kept.give_back(torch.tensor(0.0))
    assert all(one.equal(other) for one, other in zip(buffers[1:2], changed[1:2], strict=True)) and buffers[0].isnan().all()
    kept.give_back(torch.tensor(1.0))
    assert all(one.equal(other) for one, other in zip(buffers, before, strict=True))


def test_scaled_losses_give_the_same_step(trainer):
    """The scale is a power of 2: several backward passes of a step, unscaled once, are exactly those without."""
    states = []
    for precision in ("fp32", "fp16"):
        method, wrapper, run = trainer(precision=precision)
        method.precision = Precision("fp32")  # the same forward passes; the wrapper has been built with its scale
        run(0, 1, 2)
        states.append(method.state_dict())
        assert wrapper.health.scale == (1 if precision == "fp32" else 2**16)
    assert_equal(dict(states[0]), dict(states[1]))


@pytest.mark.parametrize("name", ["DACS", "AdvSeg"])
def test_an_overflow_halves_the_scale(name, trainer):
    method, wrapper, run = trainer(name, precision="fp16", harm={1: float("inf"), 2: float("inf")})
    method.precision = Precision("fp32")  # no overflow but these
    scales = []
    for iteration in range(4):
        before = method.model.state_dict()[CLASSIFIER].clone()
        run(iteration)
        scales.append(wrapper.health.scale.item())
        stepped = not torch.equal(before, method.model.state_dict()[CLASSIFIER])
        assert stepped == (iteration not in (1, 2))
    assert scales == [2.0**16, 2.0**16, 2.0**15, 2.0**14]


def test_resuming_the_scale_is_exact(trainer):
    method, wrapper, run = trainer(precision="fp16", harm={1: float("inf")})
    run(0, 1, 2)
    state = snapshot(method, wrapper)
    run(3, 4)
    other, resumed, run_on = trainer(precision="fp16")
    other.load_state_dict(state["weights"])
    resumed.load_state_dict(copy.deepcopy(state["optimizer"]))
    run_on(3, 4)
    assert resumed.health.scale == wrapper.health.scale == 2**15
    assert_equal(snapshot(method, wrapper), snapshot(other, resumed))


def test_a_state_goes_on_in_another_precision(trainer):
    _, wrapper, run = trainer(precision="fp16")
    run(0)
    _, plain, _ = trainer()
    plain.load_state_dict(wrapper.state_dict())
    assert "loss_scaler" not in plain.state_dict()
    wrapper.load_state_dict(plain.state_dict())
    run(1)
    assert isinstance(wrapper.health, GradientHealth) and wrapper.health.scale == 2**16


def test_the_engines_own_mixed_precision_is_refused():
    with pytest.raises(UserError, match=r"^optim_wrapper.type='AmpOptimWrapper' is not known .* with precision='bf16' or 'fp16'"):
        build_optimizer({**ADAMW, "type": "AmpOptimWrapper"}, build())


def test_gradients_are_clipped_to_a_norm(trainer):
    method, _, run = trainer(optimizer={**CLIPPED, "clip_grad": {"max_norm": 0.01}})
    run(0)
    norms = [parameter.grad.norm() for parameter in method.parameters() if parameter.grad is not None]
    assert torch.stack(norms).norm().item() == pytest.approx(0.01, rel=1e-3)
