"""The moving average of the weights: closed forms, evaluated and saved in their place, and a resume that goes on with both."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmseg.engine.hooks import WeightAverageHook


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Module()
        self.model.moving = nn.Parameter(torch.zeros(2))
        self.model.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        self.model.register_buffer("seen", torch.zeros(1))
        self.ema_model = nn.Linear(2, 2)


def runner(max_iters: int = 100) -> SimpleNamespace:
    said: list[str] = []
    return SimpleNamespace(network=Network(), iter=0, max_iters=max_iters, logger=SimpleNamespace(warning=said.append), said=said)


def started(**options) -> tuple[WeightAverageHook, SimpleNamespace]:
    hook, run = WeightAverageHook(**options), runner()
    hook.before_run(run)
    return hook, run


def train(hook: WeightAverageHook, run: SimpleNamespace, iterations: int) -> None:
    """The weight is the number of finished iterations."""
    for _ in range(iterations):
        with torch.no_grad():
            run.network.model.moving.fill_(run.iter + 1)
        hook.after_train_iter(run, 0)
        run.iter += 1


def average(momentum: float, begin: int, iterations: int) -> float:
    """The sum that the recursion stands for: a copy at ``begin``, then (1 - m) of the old and m of the new."""
    later = range(begin + 1, iterations + 1)
    return (1 - momentum) ** len(later) * begin + sum(momentum * (1 - momentum) ** (iterations - number) * number for number in later)


@pytest.mark.parametrize(("momentum", "begin"), [(0.1, 3), (0.0002, 1), (1.0, 2), (0.0, 4)])
def test_the_average_is_the_sum(momentum, begin):
    hook, run = started(begin=begin, momentum=momentum)
    train(hook, run, 9)
    assert hook.evaluated_state()["model.moving"].tolist() == pytest.approx([average(momentum, begin, 9)] * 2)
    assert run.network.model.moving.tolist() == [9, 9], "the training does not see it"


def test_only_what_is_trained_in_the_student_is_averaged():
    hook, run = started(begin=1)
    train(hook, run, 2)
    assert hook.evaluated_state().keys() == {"model.moving"}


def test_weights_are_evaluated_until_it_begins():
    hook, run = started(begin=3)
    train(hook, run, 2)
    assert hook.evaluated_state() == {} and hook.state_dict() == {}
    hook.before_val_epoch(run)
    assert run.network.model.moving.tolist() == [2, 2]
    hook.after_val(run)
    assert not run.said


def test_a_beginning_behind_the_end_is_said():
    hook, run = WeightAverageHook(begin=100), runner(max_iters=100)
    hook.before_run(run)
    (line,) = run.said
    assert line == "WeightAverageHook begins after iteration 100, and the training has 100: the weights themselves are evaluated."


def test_an_evaluation_sees_the_average_and_leaves_the_weights_alone():
    hook, run = started(begin=1, momentum=0.5)
    train(hook, run, 3)
    saved, trained, mean = hook.state_dict(), run.network.model.moving, average(0.5, 1, 3)
    for during in (False, True):
        if during:
            hook.before_val_epoch(run)
            assert trained.tolist() == pytest.approx([mean] * 2)
        assert hook.evaluated_state()["model.moving"].tolist() == pytest.approx([mean] * 2), "what a state has, before and amid one"
        assert hook.state_dict()["trained"]["model.moving"].tolist() == [3, 3] == saved["trained"]["model.moving"].tolist()
    hook.after_val(run)
    assert trained.tolist() == [3, 3] and run.network.model.moving is trained


def test_a_resume_goes_on_with_both():
    whole, whole_run = started(begin=2, momentum=0.25)
    train(whole, whole_run, 8)
    first, first_run = started(begin=2, momentum=0.25)
    train(first, first_run, 5)
    second, second_run = started(begin=2, momentum=0.25)
    second_run.iter = 5
    state = first_run.network.state_dict() | first.evaluated_state()
    second_run.network.load_state_dict(state)
    second.load_state_dict(first.state_dict())
    assert second_run.network.model.moving.tolist() == [5, 5]
    train(second, second_run, 3)
    assert torch.equal(second.evaluated_state()["model.moving"], whole.evaluated_state()["model.moving"])


@pytest.mark.parametrize(
    ("trained", "text"),
    [
        ({}, "other parameters are trained"),
        ({"model.moving": torch.zeros(3)}, "model.moving is of another shape"),
        ({"model.moving": torch.full((2,), float("nan"))}, "model.moving"),
    ],
)
def test_other_weights_are_refused(trained, text):
    hook, _ = started()
    with pytest.raises(ValueError, match=text):
        hook.load_state_dict({"trained": trained})


def test_a_state_from_before_the_beginning():
    hook, run = started()
    hook.load_state_dict({})
    assert hook.average == {} and run.network.model.moving.tolist() == [0, 0]
