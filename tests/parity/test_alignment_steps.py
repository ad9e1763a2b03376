"""Whole training steps of MinEnt and AdvSeg against the records, in float64: losses, gradients, weights, discriminator."""

from __future__ import annotations

import pytest
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

from mmseg.engine.parts import schedules
from tests.parity.records import Record, assert_close, parametrize
from tests.parity.test_steps import (
    FLOORS,
    SECOND_STEP,
    build,
    check_checksums,
    check_gradient,
    check_gradients,
    check_logs,
    check_weight,
    optimizer_of,
    replay_boxes,
    run_step,
    steps_of,
)

MAX_ITERS = 40000


def discriminator_schedule(method, optimizer):
    """The schedule of the discriminator's optimizer in a run of the published length."""
    cfg = Config({"param_scheduler": [], "train_cfg": {"max_iters": MAX_ITERS}})
    (schedule,) = schedules(cfg, method)["discriminator"]
    return PARAM_SCHEDULERS.build({**schedule, "optimizer": optimizer["discriminator"]})


def check_discriminator(step: Record, method, optimizer, result, slack: float) -> None:
    """Compares its learning rate, gradients and weights after both of its updates."""
    state = method.model_D["main"].state_dict()
    assert optimizer.get_lr()["discriminator.lr"] == pytest.approx([step.info["lr_D"]], rel=1e-9)
    for key in step.tensors:
        part, _, name = key.partition(".")
        if part == "D_grad":
            check_gradient(step, key, result.gradients[f"model_D.main.{name}"], slack)
        elif part == "D_after":
            assert_close(step, key, state[name], rtol=1e-6, atol=0.02 * step.info["lr_D"] * slack, floors=FLOORS)
    for name, norm in step.info["D_grad_norms"].items():
        assert result.gradients[f"model_D.main.{name}"].norm().item() == pytest.approx(norm, rel=2e-3 * slack), name
    check_checksums(step.info["D_checksum_after"], state, slack, {})


def check_step(step: Record, method, result, slack: float, optimizer: dict) -> None:
    """Compares everything but the discriminator."""
    check_logs(step, result, slack)
    assert step.info["log_vars"].keys() <= result.logs.keys()
    check_gradients(step, result, slack)
    stride = step.info["pred_stride_stored"]
    for key, name in (("pred_src", "source"), ("pred_trg", "target")):
        prediction = result.predictions[name]
        if tuple(step.info["pred_shapes"][0][2:]) == prediction.size:  # a plain network's was recorded enlarged
            assert_close(step, key, prediction.probabilities()["main"][:, :, ::stride, ::stride], expected=step.tensors[key].softmax(1))
        else:
            assert_close(step, key, prediction.logits["main"], rtol=1e-3 * slack, atol=1e-3 * slack, floors=FLOORS)
    state = method.model.state_dict()
    for key in step.tensors:
        if key.startswith("after."):
            name = key.removeprefix("after.")
            check_weight(step, key, state[name], result.gradients.get(f"model.{name}"), slack, optimizer)
    check_checksums(step.info["student_checksum_after"], state, slack, {})


@parametrize("uda/minent_*", exclude="*_step?")
@pytest.mark.usefixtures("float64")
def test_minent_steps(record, monkeypatch):
    method = build(record)
    optimizer = optimizer_of(record, method)
    for step in steps_of(record):
        slack = 1 if step.info["step"] == 0 else SECOND_STEP
        with monkeypatch.context() as patch:
            replay_boxes(patch, step)
            result = run_step(patch, method, optimizer, step)
        check_step(step, method, result, slack, record.info["optimizer"])


@parametrize("uda/advseg_*", exclude="*_step?")
@pytest.mark.usefixtures("float64")
def test_advseg_steps(record, monkeypatch):
    """Student and discriminator over all recorded steps, with the discriminator's falling learning rate."""
    method = build(record)
    optimizer = optimizer_of(record, method)
    schedule = discriminator_schedule(method, optimizer)
    for step in steps_of(record):
        slack = 1 if step.info["step"] == 0 else SECOND_STEP
        with monkeypatch.context() as patch:
            replay_boxes(patch, step)
            result = run_step(patch, method, optimizer, step)
        check_step(step, method, result, slack, record.info["optimizer"])
        check_discriminator(step, method, optimizer, result, slack)
        schedule.step()
