"""Whole training steps of DACS against the records: losses, gradients, weights after the step, teacher.

What was drawn (boxes, classes, jitter) is taken from the record, everything else is computed.
"""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from mmseg.engine.optimizers import GroupedOptimWrapperConstructor
from mmseg.models.segmentors import hrda_encoder_decoder
from mmseg.models.uda import augment, mixing
from mmseg.models.uda.teacher import ema_decay, ema_update
from mmseg.registry import MODELS
from mmseg.structures import Box, UDABatch
from tests.parity.records import Record, assert_close, fill_by_recipe, one, parametrize
from tests.parity.test_uda import recorded_jitter

HOOK_OPTIONS = ("debug_img_interval", "print_grad_magnitude")
"""Options of the published method that belong to hooks here."""

SECOND_STEP = 3
"""The second step starts from weights that rounding has moved already: three times the tolerance of the first."""


def build(parent: Record):
    """The method of a record with the recorded weights, in train mode."""
    uda = {key: value for key, value in parent.info["uda_cfg"].items() if key not in HOOK_OPTIONS}
    method = MODELS.build({**uda, "segmentor": parent.info["model_cfg"]})
    recipe = parent.info["recipe"]
    for name, seed in recipe["seeds"].items():
        network = getattr(method, name)
        if network is not None:
            fill_by_recipe(network, seed=seed, mult=recipe["mult"], prefix=recipe["prefix"])
    return method.train()


def optimizer_of(parent: Record, method):
    """The recorded optimizer with a constant learning rate."""
    cfg = dict(parent.info["optimizer"])
    paramwise = cfg.pop("paramwise_cfg", None)
    return GroupedOptimWrapperConstructor({"optimizer": cfg}, paramwise)(method)


def batch_of(step: Record) -> UDABatch:
    """The crops of a recorded step: images by their recipe, labels as stored."""
    number = step.info["step"]

    def image(seed: int) -> Tensor:
        shape = step.info["tensor_shapes"]["img"][0]
        return torch.from_numpy(np.random.RandomState(seed + 10 * number).standard_normal(shape).astype(np.float32))

    valid = step.tensors["valid_pseudo_mask"].squeeze(1) if "valid_pseudo_mask" in step.tensors else None
    return UDABatch(image(600), step.tensors["label"].squeeze(1).long(), image(602), valid)


def replay_draws(monkeypatch, step: Record, uda: dict) -> None:
    """Replaces every draw of a step by the recorded one."""
    info = step.info
    boxes = iter([Box(*box) for box in info["crop_boxes"]])
    if info["crop_boxes"]:
        monkeypatch.setattr(hrda_encoder_decoder, "draw_crop_box", lambda *_, **__: next(boxes))
    monkeypatch.setattr(mixing, "draw_classes", lambda *_: info["chosen_classes"])
    coins = info["random_uniform"]
    jitter = coins[0] > uda["color_jitter_probability"]
    parameters = augment.AugmentParameters(
        tuple(recorded_jitter(single) for single in info["kornia_params"]) if jitter else None,
        tuple(info["np_uniform_sigma"]) if uda["blur"] and coins[1] > 0.5 else None,
    )
    monkeypatch.setattr(augment.StrongAugment, "draw", lambda *_: parameters)


def run_step(monkeypatch, method, optimizer, parent: Record, step: Record) -> SimpleNamespace:
    """Runs one recorded step and keeps the gradients."""
    replay_draws(monkeypatch, step, parent.info["uda_cfg"])
    monkeypatch.setattr(method.data_preprocessor, "batch", lambda _: batch_of(step))
    gradients: dict[str, Tensor] = {}

    def keep_gradients(**_) -> None:
        gradients.update({name: p.grad.clone() for name, p in method.model.named_parameters() if p.grad is not None})
        optimizer.optimizer.step()

    monkeypatch.setattr(optimizer, "step", keep_gradients)
    logs = method.train_step({"iteration": step.info["step"]}, optimizer)
    return SimpleNamespace(logs=logs, records=logs.records, gradients=gradients)


def check_step(step: Record, method, result: SimpleNamespace, slack: float, lr: float) -> None:
    """Compares everything that the record of a step holds."""
    tensors, info = step.tensors, step.info
    for name, value in info["log_vars"].items():
        absolute = 0.02 if "acc" in name else 1e-5  # a few pixels of accuracy may flip at ties
        assert result.logs[name].item() == pytest.approx(value, rel=1e-4 * max(1, slack / 10), abs=absolute), name
    flipped = (result.records["pseudo_label"] != tensors["pseudo_label"].long()).sum().item()
    assert flipped <= 3 + slack, f"{flipped} pseudo-labels differ"
    assert result.logs["mix.confident_share"].item() == pytest.approx(info["pseudo_fraction"], abs=2e-4)
    assert (result.records["mixed_label"] != tensors["mixed_label"].squeeze(1).long()).sum().item() <= 3 + slack
    assert_close(step, "mixed_img_sub", result.records["mixed_image"][:, :, 1::2, ::2], atol=1e-4)
    assert_close(step, "mixed_weight", result.records["mixed_weight"], atol=2e-4)
    for key in tensors:
        part, _, name = key.partition(".")
        if part == "grad":
            scale = tensors[key].abs().max().item()
            assert_close(step, key, result.gradients[name], rtol=1e-3 * slack, atol=1e-3 * scale * slack)
        elif part in ("student", "teacher"):
            state = (method.model if part == "student" else method.ema_model).state_dict()
            assert_close(step, key, state[name].float(), expected=tensors[key].float(), rtol=1e-4 * slack, atol=2e-5 * slack)
    # A few gradients of the records are pure cancellation noise: compare against the largest norm.
    largest = max(info["grad_norms"].values())
    for name, norm in info["grad_norms"].items():
        ours = result.gradients[name].norm().item() if name in result.gradients else 0.0
        assert ours == pytest.approx(norm, rel=2e-3 * slack, abs=1e-5 * largest * slack), name
    for part, network in (("student", method.model), ("teacher", method.ema_model)):
        check_checksums(info[f"{part}_checksum_after"], network.state_dict(), slack, rounding_noise(step, method, lr))


def check_checksums(expected: dict, state: dict[str, Tensor], slack: float, noise: dict[str, float]) -> None:
    """Compares [sum, sum of magnitudes, L2 norm] of every entry; ``noise`` is what rounding alone may move it by."""
    for key, (_, magnitude, norm) in expected.items():
        value = state[key].double()
        absolute = 1e-6 + noise.get(key, 0.0)
        assert value.abs().sum().item() == pytest.approx(magnitude, rel=1e-4 * slack, abs=absolute), key
        assert value.norm().item() == pytest.approx(norm, rel=1e-4 * slack, abs=absolute), key


def rounding_noise(step: Record, method, lr: float) -> dict[str, float]:
    """How far rounding alone may move the sum of magnitudes of parameters whose gradient is zero but for rounding.

    Biases before a BatchNorm and of the attention's keys have no gradient in exact arithmetic; AdamW turns
    the noise that is left into steps of about lr (10 lr in the head) per element.
    """
    norms = step.info["grad_norms"]
    negligible = 1e-4 * max(norms.values())
    sizes = {name: parameter.numel() for name, parameter in method.model.named_parameters()}
    # The keys are half of attn.kv.bias, whose other half has a real gradient.
    return {
        name: 2 * lr * (10 if "head" in name else 1) * sizes[name]
        for name, norm in norms.items()
        if norm < negligible or name.endswith("attn.kv.bias")
    }


@parametrize("uda/dacs_*", exclude="*_step?")
def test_dacs_steps(record, monkeypatch):
    """All recorded steps in sequence, then the teacher update that would follow."""
    method = build(record)
    optimizer = optimizer_of(record, method)
    for index in itertools.count():
        if index >= len(record.info["steps"]) or not record.path.with_name(f"{record.path.stem}_step{index}.safetensors").is_file():
            break
        step = one(f"{record.name}_step{index}")
        slack = 1 if index == 0 else SECOND_STEP
        with monkeypatch.context() as patch:
            result = run_step(patch, method, optimizer, record, step)
            check_step(step, method, result, slack, record.info["optimizer"]["lr"])
    assert index > 0, "the record has no steps"
    if index == len(record.info["steps"]):
        ema_update(method.ema_model, method.model, ema_decay(record.info["next_local_iter"], method.alpha))
        noise = rounding_noise(step, method, record.info["optimizer"]["lr"])
        check_checksums(record.info["teacher_checksum_after_next_update_ema"], method.ema_model.state_dict(), slack, noise)
