"""Whole iterations of CPSL against the records of the published code: our method, objectives and optimizer.

Images by their recipe, labels as stored, draws as recorded; losses, assignments, gradients at the step and weights after it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import PARAM_SCHEDULERS
from torch import Tensor

from mmseg.engine.parts import build_optimizer
from mmseg.models.uda.objectives import prototypes as target_pass
from mmseg.models.uda.self_labelling import labeller, teacher
from mmseg.registry import MODELS
from mmseg.structures import Box, CropPlace, UDABatch, shown_classes
from mmseg.utils.products.prototype_file import Prototypes
from tests.parity import cpsl_records as cpsl
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize
from tests.parity.test_cpsl_bricks import FOLDER, known
from tests.parity.test_cpsl_data import geometry
from tests.parity.test_cpsl_networks import Published
from tests.parity.test_cpsl_networks import segmentor as published_segmentor
from tests.parity.test_label_shift import rnd


def ours(key: str) -> str:
    """Our name of an entry of the record."""
    named = {"prototypes": "prototypes.vectors", "prototypes_ema": "prototypes.average"}
    if key in named:
        return named[key]
    inner = cpsl.NAMES.get(key) or (f"decode_head.{key.removeprefix('layer5.')}" if key.startswith("layer5.") else f"backbone.{key}")
    return f"model.{inner}"


def places_of(weak: dict) -> tuple[CropPlace, ...]:
    return tuple(
        CropPlace(native=tuple(size), resized=tuple(size), box=Box(*box), crop=(box[1] - box[0], box[3] - box[2]), flipped=flip)
        for size, box, flip in zip(weak["sizes_hw"], weak["crops_y1y2x1x2"], weak["flips"], strict=True)
    )


def geometries_of(strong: dict) -> tuple:
    """The record lists the steps with a value per image, and cutouts as four lists of a value per image."""
    count = len(strong["Hflip"])
    cutouts = list(zip(*strong["CutoutAbs"], strict=True))
    single = [{key: values[i] for key, values in strong.items() if key != "CutoutAbs"} for i in range(count)]
    return tuple(geometry({**values, "CutoutAbs": list(cutout)}) for values, cutout in zip(single, cutouts, strict=True))


def first_seed(record: Record) -> int:
    return int(record.info["inputs"].split("s = ")[1].split("+")[0])


def source_of(record: Record, number: int, crop: list[int]) -> tuple[Tensor, Tensor]:
    seed = first_seed(record) + 100 * number
    return rnd(seed, 2, 3, *crop), known(record.tensors[f"s{number}.source_label"])


def stage_batch(record: Record, number: int) -> UDABatch:
    info, step = record.info, record.info["steps"][number]
    seed, crop = first_seed(record) + 100 * number, info["crop_hw"]
    image, label = source_of(record, number, crop)
    if f"s{number}.target_lpsoft" in record.tensors:
        soft = record.tensors[f"s{number}.target_lpsoft"]
    else:
        small = 3 * rnd(seed + 6, 2, info["num_classes"], 8, 12)
        soft = F.interpolate(small, crop, mode="bilinear", align_corners=True).softmax(1)
    return UDABatch(
        image,
        label,
        rnd(seed + 3, 2, 3, *crop),
        target_soft=soft,
        target_whole=rnd(seed + 5, 2, 3, *info["full_hw"]),
        target_strong=rnd(seed + 4, 2, 3, *crop),
        target_place=places_of(step.get("weak") or info["weak"]),
        target_geometry=geometries_of(step.get("strong") or info["strong"]),
        source_classes=shown_classes(label),
    )


class CutMixDraws:
    """A coin, and what becomes the box of the record."""

    def __init__(self, step: dict) -> None:
        self.step = step

    def random(self) -> float:
        return self.step["cutmix_draw"]


def replay_draws(patch: pytest.MonkeyPatch, step: dict, streams) -> None:
    """Boxes, coins and pixels of the record."""
    pixels = [torch.tensor(indices) for indices in step["randperm_first"]]
    patch.setattr(labeller, "draw_uniform", lambda *_: pixels[0])
    anchors = iter(pixels[1:])
    patch.setattr(target_pass, "draw_uniform", lambda _, samples, __: next(anchors, torch.arange(samples)))
    patch.setattr(streams, "numpy", lambda self, name: CutMixDraws(step) if name == "cutmix" else np.random.default_rng(0))

    def box(rng, height: int, width: int) -> Box:
        y0, x0, y1, x1 = map(int, step["cutmix_box_y0x0y1x1"][0])
        return Box(y0, y1, x0, x1)

    patch.setattr(target_pass, "draw_cutmix_box", box)


def build_stage_1(record: Record, segmentor: dict, fill: Callable, patch: pytest.MonkeyPatch):
    info, opt = record.info, record.info["opt"]
    seeds = info["recipe"]["seeds"]
    seed = seeds["proto"] if "proto" in seeds else int(seeds["objective_vectors"].split("(")[1].split(",")[0])
    distribution = torch.tensor(info["class_distribution"], dtype=torch.float64)
    pixels = (distribution * 2**50).round().long()
    found = Prototypes(rnd(seed, info["num_classes"], cpsl.CHANNELS), torch.ones(info["num_classes"]), pixels)
    patch.setattr("mmseg.models.uda.methods.cpsl.read_prototypes", lambda path, **_: found)
    method = MODELS.build(
        {
            "type": "CPSL",
            "segmentor": segmentor,
            "prototypes": "of the record",
            "temperature": opt["temperature"],
            "epsilon": opt["epsilon"],
            "iterations": opt["sinkhorn_iterations"],
            "samples": opt["fbs"],
            "memory": info["queue_length"],
            "lambda_self_labelling": opt["SL_lambda"],
            "lambda_consistency": opt["proto_consistW"],
            "lambda_contrast": opt["contrast_lambda"],
            "symmetric": (opt["rce_alpha"], opt["rce_beta"]) if opt["rce"] else (1.0, 0.0),
            "pseudo_threshold": float(opt["train_thred"]),
            "objectives": {"target": {"view": "strong"}} if opt["S_pseudo"] else {},
        }
    )
    for network, seed in ((method.model, seeds["student"]), (method.ema_model, seeds["ema"])):
        fill(record, network, seed)
    method.teachers[0].restored = True
    return method.train()


def optimizer_of(record: Record, method, paramwise: dict):
    """SGD and the published schedule."""
    sgd = record.info["optimizer"]
    options = {
        "type": "SGD",
        "lr": sgd.get("lr", record.info["opt"]["lr"]),
        "momentum": sgd["momentum"],
        "weight_decay": sgd["weight_decay"],
    }
    optimizer = build_optimizer({"optimizer": options, "paramwise_cfg": paramwise}, method)
    poly = {"type": "PolyLR", "power": 0.9, "eta_min": 0.0, "end": 90_001, "by_epoch": False}
    return optimizer, PARAM_SCHEDULERS.build({**poly, "optimizer": optimizer})


def run(record: Record, method, batch_of: Callable, patch: pytest.MonkeyPatch, paramwise: dict) -> Iterator[SimpleNamespace]:
    """Yields after every iteration of the record what it gave."""
    optimizer, schedule = optimizer_of(record, method, paramwise)
    gradients: dict[str, Tensor] = {}
    assigned: list[Tensor] = []
    weights: list[Tensor] = []

    def keep(act=optimizer.step) -> None:
        gradients.update({name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None})
        act()

    def assign(*arguments, act=labeller.balanced_assignment, **options) -> Tensor:
        assigned.append(act(*arguments, **options))
        return assigned[-1]

    def rectify(soft: Tensor, own: Tensor, threshold: float, act=teacher.rectify) -> tuple[Tensor, Tensor]:
        weights.append(own)
        return act(soft, own, threshold)

    patch.setattr(optimizer, "step", keep)
    patch.setattr(labeller, "balanced_assignment", assign)
    patch.setattr(teacher, "rectify", rectify)
    for number, step in enumerate(record.info["steps"]):
        gradients.clear()
        assigned.clear()
        made = batch_of(record, number)
        patch.setattr(method.data_preprocessor, "batch", lambda _, made=made: made)
        if "randperm_first" in step:
            replay_draws(patch, step, type(method.context(made, number).streams))
        rates = sorted({group["lr"] for group in optimizer.optimizer.param_groups})
        logs = method.train_step({"iteration": number}, optimizer)
        if "lrs" in step:  # the other records were made without a schedule
            assert rates == pytest.approx(sorted(set(step["lrs"])), rel=1e-9)
            schedule.step()
        ended = copy.deepcopy(method)
        for each in ended.teachers:  # what our next iteration begins with is the end of the published one
            each.update(ended.model, number + 1)
        yield SimpleNamespace(number=number, step=step, logs=logs, gradients=gradients, assigned=assigned, weights=weights, ended=ended)


def thinned(value: Tensor, like: Tensor) -> Tensor:
    """As the records thin out what is large: columns of its rows, or channels."""
    if value.shape == like.shape:
        return value
    rows = value.reshape(len(value), -1)
    return rows[:, :: -(-rows.shape[1] // like.shape[1])]


def check_losses(record: Record, seen: SimpleNamespace) -> None:
    """Losses, labels, prototypes' probabilities and assignments of an iteration."""
    step, logs, opt, number = seen.step, seen.logs, record.info["opt"], seen.number
    own = logs["self_labelling.loss_features"] + logs["self_labelling.loss_predictions"]
    for ours_, expected in (
        (logs["decode.loss_seg"], step["loss_source"]),
        (logs["target.loss_seg"], step["loss_CTS"]),
        (logs["consistency.loss"], opt["proto_consistW"] * step["loss_consist"]),
        (own, opt["SL_lambda"] * step["loss_SL_total"]),
        (logs.get("contrast.loss", torch.zeros(())), opt["contrast_lambda"] * step["loss_contrast"]),
    ):
        assert ours_.item() == pytest.approx(expected, rel=1e-4, abs=1e-9)
    rows = known(record.tensors[f"s{number}.target_label"])
    assert torch.equal(teacher.nearest(logs.records["mixed_label"], rows.shape[1:]), rows)
    assert_close(record, f"s{number}.p_sl", seen.weights[-1])
    for index, assignment in enumerate([*seen.assigned[::2], *seen.assigned[1::2]]):  # features, then predictions
        assert_close(record, f"s{number}.Q{index}", assignment)


def check_memory(seen: SimpleNamespace) -> None:
    """What is remembered, whatever its order; and labels, of which the record keeps those of its last iteration."""
    owner, step = seen.ended.self_labelling, seen.step
    for memory, key in ((owner.features, "queue_checksum"), (owner.predictions, "queue_out_checksum")):
        if key in step:
            values = memory.values.double()
            assert [v.item() for v in (values.sum(), values.abs().sum(), values.norm())] == pytest.approx(step[key], rel=1e-4, abs=1e-3)
    if "queue_full_after" in step:
        assert owner.features.full == step["queue_full_after"]


def check_state(record: Record, seen: SimpleNamespace, *, gradient: float, rtol: float, atol: float) -> None:
    """Gradients at the step relative to their largest entry, and weights after it."""
    state = seen.ended.state_dict()
    compared = 0
    for key, expected in record.tensors.items():
        kind, _, name = key.removeprefix(f"s{seen.number}.").partition(".")
        if not key.startswith(f"s{seen.number}.") or kind not in ("grad", "after", "ema_after"):
            continue
        if kind == "grad":
            largest = gradient * expected.abs().max().item()
            assert_close(record, key, thinned(seen.gradients[ours(name)], expected), rtol=0, atol=largest)
        else:
            entry = ours(name) if kind == "after" else ours(name).replace("model.", "ema_model.", 1)
            assert_close(record, key, thinned(state[entry], expected), rtol=rtol, atol=atol)
        compared += 1
    assert compared
    norms = seen.step["grad_norms"]
    for name, norm in norms.items():
        found = seen.gradients[ours(name)].norm().item()
        assert found == pytest.approx(norm, rel=5 * gradient, abs=1e-5 * max(norms.values())), name
    for key, entries in (("student_checksum_after", "model."), ("ema_checksum_after", "ema_model."), ("after_checksum", "model.")):
        for name, (_, absolute, norm) in seen.step.get(key, {}).items():
            value = state[ours(name).replace("model.", entries, 1)].double()
            assert [value.abs().sum().item(), value.norm().item()] == pytest.approx([absolute, norm], rel=1e-5), (key, name)


@parametrize(f"{FOLDER}/stage1_*")
def test_stage_1(record, monkeypatch):
    """The memory takes part as soon as it is full, and the labels of the contrastive term are those of the first places."""

    def fill(record: Record, network, seed: int) -> None:
        cpsl.fill(record, network, seed=seed)

    method = build_stage_1(record, cpsl.segmentor(record.info["num_classes"]), fill, monkeypatch)
    head = {"lr_mult": 5.0}
    for seen in run(record, method, stage_batch, monkeypatch, {"custom_keys": {"decode_head": head, "prototypes": head}}):
        check_losses(record, seen)
        check_memory(seen)
        check_state(record, seen, gradient=2e-4, rtol=1e-5, atol=1e-6)
    features = seen.ended.self_labelling.features
    stored = features.newest_first(features.labels).clamp(min=0)  # where nothing was stored, the record has 0
    assert stored.tolist() == seen.step["queue_label"]


@parametrize(f"{FOLDER}/step_r101*")
def test_stage_1_of_the_published_network(record, monkeypatch):
    """With parameters of the encoder updated once for every module that holds them.

    BatchNorm in train mode through 101 layers: the published code itself moves by up to 2.5 % of a gradient with other kernels.
    """

    def fill(record: Record, network, seed: int) -> None:
        fill_by_recipe(Published(network), seed=seed, mult=record.info["recipe"]["mult"])

    segmentor = published_segmentor(record.info["num_classes"])
    segmentor["decode_head"] |= {"dropout_ratio": 0.0, "loss_decode": {"avg_non_ignore": True}}
    method = build_stage_1(record, segmentor, fill, monkeypatch)
    head = {"lr_mult": 5.0}
    paramwise = {"custom_keys": {"decode_head": head, "prototypes": head}, "published_quirks": True}
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    for seen in run(record, method, stage_batch, monkeypatch, paramwise):
        check_losses(record, seen)
        check_memory(seen)
        check_state(record, seen, gradient=0.03, rtol=1e-5, atol=4e-6)
        for name, times in (seen.step["effective_update_over_lr_grad"] or {}).items():
            moved = (before[ours(name)] - method.state_dict()[ours(name)]) / seen.step["lrs"][0]
            share = (moved * seen.gradients[ours(name)]).sum() / seen.gradients[ours(name)].square().sum()
            assert share.item() == pytest.approx(times, rel=1e-3)


def distillation_batch(record: Record, number: int) -> UDABatch:
    seed, key = first_seed(record) + 100 * number, f"s{number}."
    label = cpsl.labels(record, f"{key}source_label")
    size = (2, 3, *label.shape[1:])
    return UDABatch(
        rnd(seed, *size),
        label,
        rnd(seed + 3, *size),
        target_label=cpsl.labels(record, f"{key}target_lp"),
        target_strong=rnd(seed + 4, *size),
        target_geometry=geometries_of(record.info["steps"][number]["strong"]),
        source_classes=shown_classes(label),
    )


@parametrize(f"{FOLDER}/distill_step*")
@pytest.mark.parametrize("kind", ["published", "kl"])
def test_distillation(record, kind, monkeypatch):
    """The divergence that was meant is a number of the record; everything else is of what the code computes."""
    opt, recipe = record.info["opt"], record.info["recipe"]
    uda = {"type": "CPSLDistillation", "distilled_from": "stage_1.pth", "distillation": kind, "lambda_distillation": opt["distillation"]}
    method = MODELS.build({**uda, "segmentor": cpsl.segmentor(record.info["num_classes"])})
    cpsl.fill(record, method.model, seed=recipe["student"])
    cpsl.fill(record, method.distilled, seed=recipe["teacher"])
    given = {name: value.clone() for name, value in method.distilled.state_dict().items()}
    for seen in run(record, method.train(), distillation_batch, monkeypatch, {"custom_keys": {"decode_head": {"lr_mult": 10.0}}}):
        step, logs = seen.step, seen.logs
        name = {"published": "kd_as_in_code", "kl": "kl_teacher_student_per_pixel_mean"}[kind]
        assert logs["target.loss_distillation"].item() == pytest.approx(step[name], rel=1e-5)
        if kind == "kl":
            return
        assert logs["decode.loss_seg"].item() == pytest.approx(step["loss_source"], rel=1e-5)
        assert logs["target.loss_seg"].item() == pytest.approx(step["loss_ce_target"], rel=1e-5)
        rows = known(record.tensors[f"s{seen.number}.target_label"])
        assert torch.equal(teacher.nearest(logs.records["mixed_label"], rows.shape[1:]), rows)
        check_state(record, seen, gradient=2e-4, rtol=1e-5, atol=1e-6)
    assert not method.distilled.training
    assert all(torch.equal(value, given[key]) for key, value in method.distilled.state_dict().items())
