"""What the tolerances of the recorded steps are worth: they let no term that is a percent off and no row of a mask through."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.parity.records import Record, one
from tests.parity.test_steps import build, check_gradients, check_logs, check_training, optimizer_of, replay_draws, run_step, steps_of


@dataclass(frozen=True)
class Fault:
    """An option of a recorded training that is not what it was.

    Attributes:
        record: name of the training.
        path: of the option in the record, with dots.
        change: gives the wrong value for the right one.
    """

    record: str
    path: str
    change: Callable

    def apply(self) -> Record:
        """The record with that option."""
        record = one(f"uda/{self.record}")
        info = copy.deepcopy(record.info)
        *parents, name = self.path.split(".")
        options = info
        for parent in parents:
            options = options[parent]
        options[name] = self.change(options[name])
        return replace(record, info=info)


def percent_more(value: float) -> float:
    return 1.01 * value


FAULTS = {
    "weight of the feature distance": (Fault("dacs_daformer", "uda_cfg.imnet_feature_dist_lambda", percent_more), check_logs),
    "one row of pseudo-labels more": (Fault("dacs_daformer", "uda_cfg.pseudo_weight_ignore_top", lambda rows: rows - 1), check_gradients),
    "weight of the detail loss": (Fault("dacs_hrda_nofd", "model_cfg.decode_head.hr_loss_weight", percent_more), check_gradients),
    "weight of the masked loss": (Fault("mic_dacs_hrda", "uda_cfg.mask_lambda", percent_more), check_gradients),
}


@pytest.mark.parametrize("name", FAULTS)
def test_losses_and_gradients_show(name, monkeypatch, float64):
    fault, check = FAULTS[name]
    record = fault.apply()
    step, method = steps_of(record)[0], build(record)
    replay_draws(monkeypatch, step, record.info["uda_cfg"])
    result = run_step(monkeypatch, method, optimizer_of(record, method), step)
    with pytest.raises(AssertionError):
        check(step, result, 1)


def test_weights_show_the_learning_rate(monkeypatch, float64):
    """Two percent: AdamW moves every weight by it, and half of that is allowed."""
    record = Fault("dacs_hrda_nofd", "optimizer.lr", lambda lr: 1.02 * lr).apply()
    with pytest.raises(AssertionError, match=r"_step0 student\."):
        check_training(record, monkeypatch)


def test_the_second_step_shows_another_teacher(monkeypatch, float64):
    """In the first it is a copy; in the second the mean of two students, whatever is configured above a half."""
    with pytest.raises(AssertionError, match=r"mix\.decode\.loss_seg"):
        check_training(Fault("dacs_hrda", "uda_cfg.alpha", lambda _: 0.45).apply(), monkeypatch)
