"""The parts of a training's state that must be there, and fit."""

import pytest
import torch

from mmseg.engine.resume.state import check_optimizer_state, check_same_run, check_state, steps_made
from mmseg.utils.errors import UserError

FILE = "latest.pth"


def content(**changes: object) -> dict:
    meta = {"iteration": 3, "seed": 0, "best_score": 1.5}
    whole = {"meta": meta, "state_dict": {}, "optimizer": {}, "param_schedulers": [], "logged": {"train/loss": [1.0, 2]}}
    for key, value in changes.items():
        place, name = (meta, key.removeprefix("meta_")) if key.startswith("meta_") else (whole, key)
        if value is None:
            del place[name]
        else:
            place[name] = value
    return whole


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"optimizer": None}, "holds weights but no training state"),
        ({"meta": None}, "holds weights but no training state"),
        ({"meta": [1]}, "holds weights but no training state"),
        ({"meta_iteration": None}, "holds weights but no training state"),
        ({"param_schedulers": None}, "lacks param_schedulers, a part of the state"),
        ({"logged": None}, "lacks logged, a part of the state"),
        ({"meta_seed": None}, r"lacks meta\.seed, a part of the state"),
        ({"meta_iteration": -1}, "says that it was made after -1 iterations"),
        ({"meta_iteration": 1.5}, r"meta\.iteration is no part of the state of a training, but float"),
        ({"meta_iteration": True}, r"meta\.iteration is no part of the state of a training, but bool"),
        ({"meta_best_score": "high"}, r"meta\.best_score is no part of the state of a training, but str"),
        ({"meta_processes": "x"}, r"meta\.processes is no part of the state of a training, but str"),
        ({"meta_restored_teachers": 3}, r"meta\.restored_teachers is no part of the state of a training, but int"),
        ({"optimizer": [1]}, "optimizer is no part of the state of a training, but list"),
        ({"logged": {"train/loss": [1.0, "x"]}}, "logged.train/loss is not a list of numbers"),
        ({"state_dict": {"model.a": torch.ones(1), "model.b": 3}}, r"state_dict\.model\.b is not a tensor"),
        ({"state_dict": {3: torch.ones(1)}}, r"state_dict\.3 is not a tensor"),
        ({"hooks": [1]}, "hooks is not the state of a hook"),
        ({"hooks": {"GuardHook": 1}}, r"hooks\.GuardHook is not the state of a hook"),
    ],
    ids=str,
)
def test_a_state_that_is_not_whole(changes, text):
    with pytest.raises(UserError, match=f"^Checkpoint {FILE}:? {text}") as refused:
        check_state(content(**changes), FILE)
    assert str(refused.value).endswith("with --load-from.")


def test_a_whole_state_passes():
    check_state(content(), FILE)
    check_state(content(meta_best_score=float("-inf"), meta_iteration=0), FILE)


def test_another_seed_and_another_number_of_processes():
    check_same_run({"seed": 2, "processes": 1}, 2, FILE)
    check_same_run({"seed": 2}, 2, FILE)
    with pytest.raises(UserError, match=r"trained with seed 2\. Resume with --seed 2\.$"):
        check_same_run({"seed": 2, "processes": 1}, 0, FILE)
    with pytest.raises(UserError, match="was trained by 4 processes, and 1 would see other samples"):
        check_same_run({"seed": 2, "processes": 4}, 2, FILE)


# The optimizer's averages


def trained_optimizer() -> torch.optim.Optimizer:
    parameters = [torch.nn.Parameter(torch.ones(2, 3)), torch.nn.Parameter(torch.ones(4)), torch.nn.Parameter(torch.ones(5))]
    optimizer = torch.optim.AdamW([{"params": parameters[:1]}, {"params": parameters[1:]}], lr=0.1)
    sum(parameter.sum() for parameter in parameters[:2]).backward()  # the last never gets a gradient
    optimizer.step()
    return optimizer


def test_averages_that_fit():
    check_optimizer_state(trained_optimizer(), trained_optimizer().state_dict(), FILE)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (torch.ones(3, 2), r"optimizer's exp_avg of parameter 0 is \(3, 2\) for a parameter of \(2, 3\)\. Start from its networks"),
        (torch.ones(2, 3).to_sparse(), "optimizer's exp_avg of parameter 0 is sparse"),
        (torch.ones(2, 3, device="meta"), "optimizer's exp_avg of parameter 0 has no values"),
        (None, "lacks exp_avg of parameter 0"),
    ],
    ids=["shape", "sparse", "meta", "missing"],
)
def test_averages_that_do_not_fit(value, text):
    state = trained_optimizer().state_dict()
    state["state"][0]["exp_avg"] = value
    if value is None:
        del state["state"][0]["exp_avg"]
    with pytest.raises(UserError, match=text):
        check_optimizer_state(trained_optimizer(), state, FILE)


def test_averages_that_are_all_gone():
    """Unless no step has been made, or the optimizer keeps none."""
    state = {**trained_optimizer().state_dict(), "state": {}}
    with pytest.raises(UserError, match=r"optimizer's state has no averages of gradients after 3 steps, and \w+ keeps some\. Start from"):
        check_optimizer_state(trained_optimizer(), state, FILE, steps=3)
    check_optimizer_state(trained_optimizer(), state, FILE, steps=0)
    plain = torch.optim.SGD([torch.nn.Parameter(torch.ones(2, 3))], lr=0.1)
    check_optimizer_state(plain, plain.state_dict(), FILE, steps=3)
    assert (
        steps_made({"meta": {"iteration": 5}, "hooks": {"GuardHook": {"skipped": 2}}}) == 3 and steps_made({"meta": {"iteration": 5}}) == 5
    )
