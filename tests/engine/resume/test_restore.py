"""Where learning rates, options and averages of an optimizer are after a resume, in closed form."""

import copy

import pytest
import torch
from mmengine.optim import LinearLR, OptimWrapper, OptimWrapperDict, PolyLR

from mmseg.engine.resume.restore import restore
from mmseg.utils.errors import UserError
from tests.engine.test_resume import assert_equal

FILE = "latest.pth"
WARM_UP, DONE = 10, 25


class Training:
    """A small optimizer with the published schedule."""

    def __init__(self, *, lr: float = 1e-2, length: int = 50, power: float = 1.0, kind=torch.optim.AdamW, **options) -> None:
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(3, 2)
        groups = [{"params": [self.layer.weight], "lr": lr}, {"params": [self.layer.bias], "lr": 10 * lr}]
        self.wrapper = OptimWrapper(kind(groups, lr=lr, **options))
        warm_up = LinearLR(self.wrapper, start_factor=1e-6, begin=0, end=WARM_UP + 1, by_epoch=False)
        self.schedulers = [warm_up, PolyLR(self.wrapper, power=power, begin=0, end=length + 1, by_epoch=False)]

    def run(self, iterations: int) -> list[float]:
        """Learning rates of the first group, one for each iteration."""
        rates = []
        for _ in range(iterations):
            rates.append(self.wrapper.get_lr()["lr"][0])
            self.wrapper.update_params(self.layer(torch.ones(1, 3)).square().sum())
            for scheduler in self.schedulers:
                scheduler.step()
        return rates

    def content(self) -> dict:
        states = [scheduler.state_dict() for scheduler in self.schedulers]
        return copy.deepcopy({"meta": {"iteration": DONE}, "optimizer": self.wrapper.state_dict(), "param_schedulers": states})

    def resumed(self, content: dict, changed: bool = False):
        restore(self.wrapper, self.schedulers, content, FILE, changed=changed)
        return self


def rate(iteration: int, *, lr: float, length: int, power: float = 1.0) -> float:
    """Of an iteration, counted from 0."""
    return lr * (1e-6 + (1 - 1e-6) * min(iteration / WARM_UP, 1)) * (1 - iteration / length) ** power


@pytest.fixture
def content() -> dict:
    training = Training()
    training.run(DONE)
    return training.content()


@pytest.mark.parametrize(
    "options",
    [{}, {"lr": 1e-3}, {"length": 200}, {"lr": 3e-3, "length": 100, "power": 0.9}, {"length": 30}],
    ids=lambda options: str(options),
)
def test_the_rates_are_those_of_an_uninterrupted_training(content, options):
    rates = Training(**options).resumed(content, changed=True).run(5)
    assert rates == Training(**options).run(DONE + 5)[DONE:]
    form = {"lr": 1e-2, "length": 50, **options}
    assert rates == pytest.approx([rate(DONE + index, **form) for index in range(5)])


def test_options_are_the_configs_and_averages_the_states(content):
    training = Training(lr=1e-3, weight_decay=0.2, betas=(0.8, 0.9)).resumed(content, changed=True)
    first, second = training.wrapper.optimizer.param_groups
    assert first["weight_decay"] == 0.2 and first["betas"] == (0.8, 0.9)
    assert (first["initial_lr"], second["initial_lr"]) == (1e-3, 1e-2)
    assert first["lr"] == pytest.approx(rate(DONE, lr=1e-3, length=50)) and second["lr"] == pytest.approx(10 * first["lr"])
    assert training.wrapper.get_lr()["base_lr"] == [pytest.approx(first["lr"])]
    assert_equal(training.wrapper.state_dict()["state"], content["optimizer"]["state"])


def test_without_a_change_everything_is_the_states(content):
    """Whichever way it is restored."""
    whole = Training()
    whole.run(DONE)
    for changed in (False, True):
        training = Training().resumed(copy.deepcopy(content), changed)
        assert_equal(training.wrapper.state_dict(), whole.wrapper.state_dict())
        assert training.run(5) == Training().run(DONE + 5)[DONE:]
    other = Training(lr=1e-3).resumed(content)  # the config is not asked
    assert other.run(1) == pytest.approx([rate(DONE, lr=1e-2, length=50)])


def test_several_optimizers(content):
    def joint(**options) -> tuple[OptimWrapperDict, list]:
        parts = {"main": Training(), "discriminator": Training(**options)}
        wrapper = OptimWrapperDict(**{name: part.wrapper for name, part in parts.items()})
        return wrapper, [scheduler for part in parts.values() for scheduler in part.schedulers]

    both = {**content, "optimizer": {"main": content["optimizer"], "discriminator": content["optimizer"]}}
    wrapper, schedulers = joint(lr=1e-4)
    restore(wrapper, schedulers, both, FILE, changed=True)
    rates = {name: part.get_lr()["lr"][0] for name, part in wrapper.items()}
    assert rates == pytest.approx({"main": rate(DONE, lr=1e-2, length=50), "discriminator": rate(DONE, lr=1e-4, length=50)})
    for state in (content, {**content, "optimizer": {"main": content["optimizer"]}}):
        with pytest.raises(UserError, match="does not fit the optimizer or the schedule"):
            restore(*joint(), state, FILE, changed=True)


def test_states_of_others_are_refused(content):
    one_group = copy.deepcopy(content)
    one_group["optimizer"]["param_groups"].pop()
    two_schedules = {**content, "param_schedulers": content["param_schedulers"][:1]}
    swapped = {**content, "param_schedulers": content["param_schedulers"][::-1]}
    for state in (one_group, two_schedules, swapped, {**content, "param_schedulers": [1, 2]}):
        with pytest.raises(UserError, match=r"does not fit .* config.py beside it, or start from its networks in another folder"):
            Training().resumed(state)


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr", "x"), ("lr", -1.0), ("lr", float("nan")), ("betas", "ab"), ("betas", [0.9]), ("betas", None), ("eps", True), ("amsgrad", 1)],
)
def test_an_option_of_another_kind(name, value):
    content, training = Training().content(), Training()
    content["optimizer"]["param_groups"][1][name] = value
    with pytest.raises(UserError, match=f"^Checkpoint {FILE}: the optimizer's {name} is no such option. Start from its networks"):
        restore(training.wrapper, training.schedulers, content, FILE, changed=False)


def test_options_that_an_older_torch_did_not_have(content):
    training = Training()
    for group in content["optimizer"]["param_groups"]:
        del group["amsgrad"], group["foreach"]
    restore(training.wrapper, training.schedulers, content, FILE, changed=False)


@pytest.mark.parametrize("value", ["x", None, 2.5])
def test_a_schedule_without_a_count(content, value):
    training = Training()
    content["param_schedulers"][1]["last_step"] = value
    with pytest.raises(UserError, match="does not fit the optimizer or the schedule of this config"):
        restore(training.wrapper, training.schedulers, content, FILE, changed=False)


def test_averages_of_parameters_that_are_in_no_group():
    trained, training = Training(), Training()
    trained.run(1)
    content = trained.content()
    restore(training.wrapper, training.schedulers, content, FILE, changed=False)
    content["optimizer"]["param_groups"][1]["params"] = [7]
    with pytest.raises(UserError, match="the optimizer's state is of a parameter 1, which is in no group"):
        restore(training.wrapper, training.schedulers, content, FILE, changed=False)
