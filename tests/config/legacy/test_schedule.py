"""Learning rates of upgraded schedules: equal to the published ones at every recorded iteration."""

from itertools import pairwise

import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from mmseg.config.legacy.training import upgrade_lr_schedule
from tests.parity.records import one


def learning_rates(schedule: list[dict], base: float, steps: int) -> list[float]:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=base)
    schedulers = [PARAM_SCHEDULERS.build({**scheduler, "optimizer": optimizer}) for scheduler in schedule]
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates


WARM = {"policy": "poly", "power": 1.0, "min_lr": 0.0, "by_epoch": False, "warmup": "linear", "warmup_iters": 1500, "warmup_ratio": 1e-6}


def test_warm_up_and_decay_equal_the_record():
    recorded = one("uda/lr_schedule").info["lr_at_iter"]
    rates = learning_rates(upgrade_lr_schedule(WARM, 40000), 6e-5, 40000)
    assert {t: rates[int(t)] for t in recorded} == pytest.approx({t: rate["backbone_weight"] for t, rate in recorded.items()}, rel=1e-9)


def test_a_least_rate_without_warm_up_equals_the_record():
    recorded = one("uda/lr_schedule").info["poly10_sgd_lr0025_minlr1e4"]
    schedule = upgrade_lr_schedule({"policy": "poly", "power": 1.0, "min_lr": 1e-4, "by_epoch": False}, 40000)
    rates = learning_rates(schedule, 0.0025, 40000)
    assert {t: rates[int(t)] for t in recorded} == pytest.approx(recorded, rel=1e-9)


def test_a_least_rate_above_the_base_rate_rises():
    """Published so (experiment 4: lr 6e-5, min_lr 1e-4)."""
    schedule = upgrade_lr_schedule({"policy": "poly", "power": 1.0, "min_lr": 1e-4, "by_epoch": False}, 10)
    rates = learning_rates(schedule, 6e-5, 10)
    assert rates == pytest.approx([1e-4 - 4e-5 * (1 - t / 10) for t in range(10)]) and all(a < b for a, b in pairwise(rates))


def test_a_run_shorter_than_its_warm_up():
    rates = learning_rates(upgrade_lr_schedule({**WARM, "power": 0.9}, 2), 1.0, 2)
    assert rates == pytest.approx([1e-6, (1 - (1 - 1 / 1500) * (1 - 1e-6)) * 0.5**0.9])
