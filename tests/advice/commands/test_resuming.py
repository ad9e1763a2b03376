"""Advice about states that no training can go on from: what else starts from their networks."""

import copy

import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.resume import state
from mmseg.engine.resume.history import from_values
from mmseg.engine.resume.restore import restore_hooks
from tests.advice.following import advice
from tests.engine.resume.test_restore import DONE, Training


def check(path) -> None:
    state.check_state(read_checkpoint(path), path)


def test_weights_without_a_state(changed, elsewhere):
    path = changed(optimizer=None)
    advice("Start from it in another folder with --load-from.", lambda: check(path))
    elsewhere(path)


def test_a_state_that_lacks_a_part(changed, elsewhere):
    path = changed(param_schedulers=None)
    advice(
        "Checkpoint {} lacks {}{}, a part of the state of a training. Start from its networks in another folder with --load-from.",
        lambda: check(path),
    )
    elsewhere(path)


def test_a_part_of_another_kind(changed, elsewhere):
    path = changed(optimizer=[1])
    advice("Checkpoint {}: {}{} is no part of the state of a training, but {}. Start from its networks", lambda: check(path))
    elsewhere(path)
    path = changed(meta_processes="x")
    advice("Checkpoint {}: meta.{} is no part of the state of a training, but {}. Start from its networks", lambda: check(path))
    elsewhere(path)


def test_a_number_of_iterations(changed, elsewhere):
    path = changed(meta_iteration=-1)
    advice("says that it was made after {} iterations. Start from its networks in another folder with --load-from.", lambda: check(path))
    elsewhere(path)


@pytest.mark.parametrize("change", [{"logged": {"train/loss": ["x"]}}, {"hooks": {"GuardHook": 1}}])
def test_entries_of_another_kind(changed, elsewhere, change):
    path = changed(**change)
    advice("Checkpoint {}: {} is not {}. Start from its networks in another folder with --load-from.", lambda: check(path))
    elsewhere(path)


def test_networks_that_are_no_tensors(changed, elsewhere, trained):
    """Nothing can start from them."""
    networks = read_checkpoint(trained / "latest.pth")["state_dict"]
    path = changed(state_dict={**networks, next(iter(networks)): 3})
    advice("Checkpoint {}: state_dict.{} is not a tensor. Start from another file in another folder with --load-from.", lambda: check(path))
    elsewhere(trained / "best.pth")


def test_a_history_of_another_kind(changed, elsewhere):
    path = changed(meta_history=[1])
    advice(
        "meta.history is no history of a training. Start from its networks",
        lambda: from_values(read_checkpoint(path)["meta"]["history"], path),
    )
    elsewhere(path)


def test_a_hook_of_another_kind(changed, elsewhere, trained):
    class Hook:
        def load_state_dict(self, values) -> None:
            self.count = int(values["count"])

    path = changed(hooks={"Hook": {"count": "many"}})
    advice(
        "hooks.{} is no state of this hook ({}). Start from its networks",
        lambda: restore_hooks({"Hook": Hook()}, read_checkpoint(path)["hooks"], path),
    )
    elsewhere(path)


# Optimizers


@pytest.fixture
def optimized():
    training = Training()
    training.run(DONE)
    return training.content()


def test_states_of_optimizers(optimized, elsewhere, changed):
    """Whatever is wrong with them: a start from the networks reads none of it."""

    def spoilt(change) -> object:
        content = copy.deepcopy(optimized)
        change(content["optimizer"])
        return lambda: Training().resumed(content)

    def pop_group(optimizer):
        optimizer["param_groups"].pop()

    advice("the optimizer's {} is no such option. Start from its networks", spoilt(lambda its: its["param_groups"][0].update(lr="x")))
    advice("of a parameter {}, which is in no group. Start from its networks", spoilt(lambda its: its["state"].update({7: {}})))
    advice("Checkpoint {}: the optimizer's state {}. Start from its networks", spoilt(lambda its: its["state"].clear()))
    advice("the optimizer's state lacks {} of parameter {}. Start from its networks", spoilt(lambda its: its["state"][0].pop("exp_avg")))
    advice(
        "the optimizer's {} of parameter {} {}. Start from its networks", spoilt(lambda its: its["state"][0].update(exp_avg=torch.ones(3)))
    )
    advice("Resume with the config it was trained with, config.py beside it, or s{}", spoilt(pop_group))
    Training().resumed(optimized)  # the config it was trained with
    elsewhere(changed(optimizer=optimized["optimizer"]))
