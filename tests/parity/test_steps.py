"""Whole training steps of DACS and MIC against the records: losses, gradients, weights after the step, teacher.

What was drawn (boxes, classes, jitter) is taken from the record, everything else is computed, in float64. In float32 the
gradient of the first layer moves by up to 5e-4 of its largest entry with the number of threads or the kernels of a machine,
and by 5e-3 in the second step, which starts from weights that AdamW has moved by the sign of each gradient. In float64
it stays, and what is left is the rounding of the record: up to 3e-4 and 2e-3 of the largest entry, or 1.6 of its own
rounding floors where those are larger.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from mmseg.engine.parts import build_optimizer
from mmseg.models.segmentors import hrda_encoder_decoder
from mmseg.models.uda.augmentation import augment, masking, mixing
from mmseg.registry import MODELS
from mmseg.structures import Box, UDABatch, shown_classes
from tests.parity.records import Record, assert_close, fill_by_recipe, one, parametrize, rounding_floor
from tests.parity.test_uda import recorded_jitter

OTHER_OPTIONS = ("debug_img_interval", "print_grad_magnitude", "source_only")
"""Options of the published methods that belong to hooks here, or are another method."""

SECOND_STEP = 3
"""The second step starts from weights that rounding has moved already: three times the tolerance of the first."""

GRADIENT = 1e-3
"""How far a gradient may be from the record, relative to its largest entry."""

FLOAT32 = 8
"""So much more tolerance for a step in float32: which way it rounds depends on the instructions of the processor."""

FLOORS = 3
"""So many rounding floors are allowed where they are larger: a record is at most 1.6 of them away from float64."""


def build(parent: Record):
    """The method of a record with the recorded weights, in train mode."""
    uda = {key: value for key, value in parent.info["uda_cfg"].items() if key not in OTHER_OPTIONS}
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
    return build_optimizer({"optimizer": cfg, "paramwise_cfg": paramwise}, method)


def batch_of(step: Record) -> UDABatch:
    """The crops of a recorded step: images by their recipe, labels as stored."""
    number = step.info["step"]

    def image(seed: int) -> Tensor:
        shape = step.info["tensor_shapes"]["img"][0]
        normal = np.random.RandomState(seed + 10 * number).standard_normal(shape).astype(np.float32)
        return torch.from_numpy(normal).to(torch.get_default_dtype())

    valid = step.tensors["valid_pseudo_mask"].squeeze(1) if "valid_pseudo_mask" in step.tensors else None
    label = step.tensors["label"].squeeze(1).long()
    return UDABatch(image(600), label, image(602), valid, source_classes=shown_classes(label))


def replay_boxes(monkeypatch, step: Record) -> None:
    """Replaces the drawn detail crops by the recorded ones."""
    boxes = iter([Box(*box) for box in step.info["crop_boxes"]])
    if step.info["crop_boxes"]:
        monkeypatch.setattr(hrda_encoder_decoder, "draw_crop_box", lambda *_, **__: next(boxes))


def replay_draws(monkeypatch, step: Record, uda: dict) -> None:
    """Replaces every draw of a step by the recorded one."""
    replay_boxes(monkeypatch, step)
    monkeypatch.setattr(mixing, "draw_classes", lambda *_: step.info["chosen_classes"])
    draws = iter([recorded_mix_draw(step, uda), recorded_mask_draw(step)])
    monkeypatch.setattr(augment.StrongAugment, "draw", lambda *_: next(draws))
    if "mic_mask" in step.tensors:
        cell = uda["mask_generator"]["mask_block_size"] // 8  # the mask is stored at an eighth of its resolution
        kept = step.tensors["mic_mask"][:, :, ::cell, ::cell].to(torch.get_default_dtype())
        monkeypatch.setattr(masking, "draw_noise", lambda *_: kept)


def recorded_mix_draw(step: Record, uda: dict) -> augment.AugmentParameters:
    """Jitter and blur of the mixed batch."""
    info, coins = step.info, step.info["random_uniform"]
    jittered, blurred = coins[0] > uda["color_jitter_probability"], uda["blur"] and coins[1] > 0.5
    return augment.AugmentParameters(
        tuple(recorded_jitter(single) for single in info["kornia_params"][:2]) if jittered else None,
        tuple(info["np_uniform_sigma"][:2]) if blurred else None,
    )


def recorded_mask_draw(step: Record) -> augment.AugmentParameters | None:
    """Jitter and blur of the masked batch: one order of the operations and one sigma for both images."""
    info = step.info
    if len(info["kornia_params"]) < 3:
        return None
    jitter = tuple(recorded_jitter(info["kornia_params"][2], index) for index in range(2))
    return augment.AugmentParameters(jitter, (info["np_uniform_sigma"][2],) * 2)


def run_step(monkeypatch, method, optimizer, step: Record) -> SimpleNamespace:
    """Runs one recorded step and keeps its context, and the gradients by the names of the method's parameters."""
    monkeypatch.setattr(method.data_preprocessor, "batch", lambda _: batch_of(step))
    gradients: dict[str, Tensor] = {}
    contexts = []

    def keep_gradients(original=optimizer.step) -> None:
        gradients.update({name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None})
        original()

    def keep_context(*arguments, original=method.context):
        contexts.append(original(*arguments))
        return contexts[0]

    monkeypatch.setattr(optimizer, "step", keep_gradients)
    monkeypatch.setattr(method, "context", keep_context)
    logs = method.train_step({"iteration": step.info["step"]}, optimizer)
    return SimpleNamespace(logs=logs, records=logs.records, gradients=gradients, predictions=contexts[0].predictions)


def check_logs(step: Record, result: SimpleNamespace, slack: float) -> None:
    """Compares the logged scalars."""
    for name, value in step.info["log_vars"].items():
        absolute = 0.02 if "acc" in name else 1e-5  # a few pixels of accuracy may flip at ties
        relative = max(1e-4, slack * rounding_floor(step, f"log_vars.{name} (rel)"))
        assert result.logs[name].item() == pytest.approx(value, rel=relative, abs=absolute), name


def check_gradients(step: Record, result: SimpleNamespace, slack: float) -> None:
    """Compares the student's gradients, and their norms."""
    for key in step.tensors:
        if key.startswith("grad."):
            check_gradient(step, key, result.gradients[key.replace("grad.", "model.", 1)], slack)
    # A few gradients of the records are pure cancellation noise: compare against the largest norm.
    largest = max(step.info["grad_norms"].values())
    relative = max(2 * GRADIENT * slack, FLOORS * rounding_floor(step, "grad_norms (max rel, norms>1e-6)"))
    for name, norm in step.info["grad_norms"].items():
        gradient = result.gradients.get(f"model.{name}")
        ours = 0.0 if gradient is None else gradient.norm().item()
        assert ours == pytest.approx(norm, rel=relative, abs=1e-5 * largest * slack), name


def check_gradient(step: Record, key: str, gradient: Tensor, slack: float) -> None:
    """Compares a gradient, relative to its largest entry."""
    scale = step.tensors[key].abs().max().item()
    assert_close(step, key, gradient, rtol=0, atol=GRADIENT * scale * slack, floors=FLOORS)


def check_labels(step: Record, key: str, labels: Tensor, slack: float) -> None:
    """Compares train ids; those of pixels where two classes tie may differ."""
    recorded = step.tensors[key].long().reshape(labels.shape)
    flipped = (labels != recorded).sum().item()
    assert flipped <= max(3 + slack, slack * rounding_floor(step, key)), f"{flipped} of {key} differ"


def check_step(step: Record, method, result: SimpleNamespace, slack: float, optimizer: dict) -> None:
    """Compares everything that the record of a step holds."""
    tensors, info = step.tensors, step.info
    check_logs(step, result, slack)
    check_gradients(step, result, slack)
    check_labels(step, "pseudo_label", result.records["pseudo_label"], slack)
    assert result.logs["mix.confident_share"].item() == pytest.approx(info["pseudo_fraction"], abs=2e-4)
    for name in ("mixed", "masked"):
        if f"{name}_label" in tensors:
            check_labels(step, f"{name}_label", result.records[f"{name}_label"], slack)
            assert_close(step, f"{name}_img_sub", result.records[f"{name}_image"][:, :, 1::2, ::2], atol=1e-4)
            assert_close(step, f"{name}_weight", result.records[f"{name}_weight"], atol=2e-4)
    for part, network in (("student", method.model), ("teacher", method.ema_model)):
        state = network.state_dict()
        for key in tensors:
            if key.startswith(f"{part}."):
                name = key.removeprefix(f"{part}.")
                check_weight(step, key, state[name], result.gradients.get(f"model.{name}"), slack, optimizer)
        check_checksums(info[f"{part}_checksum_after"], state, slack, rounding_noise(step, method, optimizer))


def check_weight(step: Record, key: str, value: Tensor, gradient: Tensor | None, slack: float, optimizer: dict) -> None:
    """Compares an entry of a state dict after the step: as it was stored, in float32, and what its gradient may move."""
    absolute = slack * (1e-6 if gradient is None else rounded_step(key, gradient, optimizer))
    assert_close(step, key, value, rtol=1e-6, atol=absolute, floors=FLOORS)


def rounded_step(name: str, gradient: Tensor, optimizer: dict) -> Tensor:
    """How far the steps of a parameter may be apart when gradients are as far apart as :func:`check_gradient` lets them be.

    AdamW's first steps are of one size, lr, whatever the size of a gradient; a small one may have either sign.
    """
    lr, allowed = learning_rate(name, optimizer), GRADIENT * gradient.abs().max()
    if optimizer["type"] == "AdamW":
        return torch.where(gradient.abs() < allowed, 2 * lr, 0.01 * lr)
    return lr * allowed


def learning_rate(name: str, optimizer: dict) -> float:
    """That of a parameter: most of the recorded trainings multiply it by ten in the head."""
    own = optimizer.get("paramwise_cfg", {}).get("custom_keys", {}).get("head", {}) if "head" in name else {}
    return optimizer["lr"] * own.get("lr_mult", 1)


def check_checksums(expected: dict, state: dict[str, Tensor], slack: float, noise: dict[str, float]) -> None:
    """Compares [sum, sum of magnitudes, L2 norm] of every entry; ``noise`` is what rounding alone may move it by."""
    for key, (_, magnitude, norm) in expected.items():
        value = state[key].double()
        absolute = 1e-6 + noise.get(key, 0.0)
        assert value.abs().sum().item() == pytest.approx(magnitude, rel=2e-5 * slack, abs=absolute), key
        assert value.norm().item() == pytest.approx(norm, rel=2e-5 * slack, abs=absolute), key


def rounding_noise(step: Record, method, optimizer: dict) -> dict[str, float]:
    """How far rounding alone may move the sum of magnitudes of parameters whose gradient is zero but for rounding.

    Biases before a BatchNorm and of the attention's keys have no gradient in exact arithmetic; AdamW turns
    the noise that is left into steps of about lr (10 lr in the head) per element.
    """
    norms = step.info["grad_norms"]
    negligible = 1e-4 * max(norms.values())
    sizes = {name: parameter.numel() for name, parameter in method.model.named_parameters()}
    # The keys are half of attn.kv.bias, whose other half has a real gradient.
    return {
        name: 2 * learning_rate(name, optimizer) * sizes[name]
        for name, norm in norms.items()
        if norm < negligible or name.endswith("attn.kv.bias")
    }


def steps_of(record: Record) -> list[Record]:
    """The steps of a training whose tensors were recorded."""
    names = [f"{record.path.stem}_step{index}" for index in range(len(record.info["steps"]))]
    found = [one(f"uda/{name}") for name in names if record.path.with_name(f"{name}.safetensors").is_file()]
    assert found, "the record has no steps"
    return found


@parametrize("uda/dacs_*", exclude="*_step?")
@pytest.mark.usefixtures("float64")
def test_dacs_steps(record, monkeypatch):
    check_training(record, monkeypatch)


@parametrize("uda/mic_dacs_*", exclude="*_step?")
@pytest.mark.usefixtures("float64")
def test_mic_steps(record, monkeypatch):
    """Masked image consistency adds its loss and its gradients, and leaves everything else as it is."""
    check_training(record, monkeypatch)


def test_a_step_in_float32(monkeypatch):
    """As it is trained, within what kernels round differently: by 6e-5 of the largest entry of a gradient, or 1.4e-3 with AVX-512."""
    check_training(one("uda/dacs_hrda_nofd"), monkeypatch, slack=FLOAT32)


def check_training(record: Record, monkeypatch, slack: float = 1) -> None:
    """All recorded steps in sequence, then the teacher update that would follow.

    Args:
        slack: multiple of the tolerances in the first step.
    """
    method = build(record)
    optimizer = optimizer_of(record, method)
    for step in steps_of(record):
        slack = slack if step.info["step"] == 0 else max(slack, SECOND_STEP)
        with monkeypatch.context() as patch:
            replay_draws(patch, step, record.info["uda_cfg"])
            result = run_step(patch, method, optimizer, step)
            check_step(step, method, result, slack, record.info["optimizer"])
    if step.info["step"] + 1 == len(record.info["steps"]):
        method.teachers[0].update(method.model, record.info["next_local_iter"])
        noise = rounding_noise(step, method, record.info["optimizer"])
        check_checksums(record.info["teacher_checksum_after_next_update_ema"], method.ema_model.state_dict(), slack, noise)
