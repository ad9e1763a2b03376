"""Optimizers and schedules that go on: with the options of the state, or with those of a changed config."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict, _ParamScheduler

from mmseg.engine.resume.state import ELSEWHERE, check_optimizer_state, steps_made
from mmseg.utils.errors import UserError, one_line

COUNTS = ("last_step", "_global_step", "begin", "end")
"""Whole numbers of a schedule's state."""
OPTIONS = ("param_groups", "base_param_settings")
"""Entries of a wrapper's state that a config decides: of each group of parameters, and before their factors (for the log)."""


def restore(
    wrapper: OptimWrapper, schedulers: Sequence[_ParamScheduler], content: Mapping[str, Any], path: str | os.PathLike, *, changed: bool
) -> None:
    """Puts optimizers and schedules into the state of a checkpoint.

    Args:
        wrapper, schedulers: of the config, as at the start of a training.
        content: the checkpoint, see :func:`mmseg.engine.resume.state.check_state`.
        path: of its file, for the error.
        changed: keep the options of the config (learning rate, decay, …). Averages and momenta are the state's; the schedules
            are where an uninterrupted training with this config would have them.

    Raises:
        UserError: the state is of another optimizer or schedule.
    """
    try:
        for part, state in _parts(wrapper, content["optimizer"]):
            check_optimizer_state(part.optimizer, state, path, steps_made(content))
            part.load_state_dict(_with_options_of(part, state) if changed else dict(state))
        if changed:
            advance(schedulers, content["meta"]["iteration"])
        else:
            _load(schedulers, content["param_schedulers"])
    except UserError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        fix = f"Resume with the config it was trained with, config.py beside it, or s{ELSEWHERE[1:]}"
        raise UserError(f"Checkpoint {path} does not fit the optimizer or the schedule of this config. {fix}") from error


def restore_hooks(hooks: Mapping[str, Hook], states: Mapping[str, Mapping[str, Any]], path: str | os.PathLike) -> None:
    """Puts hooks into the state of a checkpoint; one that the checkpoint does not know starts anew.

    Args:
        hooks: those with a state, by name.
        states: of the checkpoint, by the same names.
        path: of its file, for the error.

    Raises:
        UserError: a hook cannot go on with what is there.
    """
    for name, hook in hooks.items():
        try:
            hook.load_state_dict(states.get(name, {}))
        except UserError:
            raise
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise UserError(f"Checkpoint {path}: hooks.{name} is no state of this hook ({one_line(str(error))}). {ELSEWHERE}") from error


def advance(schedulers: Sequence[_ParamScheduler], iterations: int) -> None:
    """Steps schedules as so many iterations of a training do, in their order: each value follows from the one before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the engine, which misses the steps of the optimizer in between
        for _ in range(iterations):
            for scheduler in schedulers:
                scheduler.step()


def _parts(wrapper: OptimWrapper, state: Mapping[str, Any]) -> Iterator[tuple[OptimWrapper, Mapping[str, Any]]]:
    """Each optimizer with its state."""
    if not isinstance(wrapper, OptimWrapperDict):
        yield wrapper, state
        return
    if set(wrapper.keys()) != state.keys():
        raise ValueError("other optimizers")
    for name, part in wrapper.items():
        yield part, state[name]


def _with_options_of(wrapper: OptimWrapper, state: Mapping[str, Any]) -> dict[str, Any]:
    """The state with the learning rates, decays, … that the wrapper has now."""
    kept = {key: value for key, value in wrapper.state_dict().items() if key in OPTIONS}
    return {**{key: value for key, value in state.items() if key not in OPTIONS}, **kept}


def _load(schedulers: Sequence[_ParamScheduler], states: Sequence[Mapping[str, Any]]) -> None:
    for scheduler, state in zip(schedulers, states, strict=True):
        if scheduler.state_dict().keys() - state.keys():
            raise ValueError("a schedule of another type")
        if any(type(state[key]) is not int for key in COUNTS if key in scheduler.state_dict()):
            raise ValueError("no count of steps")
        scheduler.load_state_dict(state)
