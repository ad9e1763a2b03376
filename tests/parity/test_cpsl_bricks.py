"""Bricks of CPSL against the records of the published code, and of the formulas of the paper that the code lacks."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import Tensor

from mmseg.models.losses.pixel_contrast import pixel_contrast
from mmseg.models.losses.symmetric_cross_entropy import mean_cross_entropy, reverse_cross_entropy, symmetric_cross_entropy
from mmseg.models.uda.augmentation.cutmix import draw_cutmix_box
from mmseg.models.uda.self_labelling.class_balance import class_counts, moving_marginal
from mmseg.models.uda.self_labelling.prototypes import prototype_logits, running_mean
from mmseg.models.uda.self_labelling.rectification import rectify
from mmseg.models.uda.self_labelling.sinkhorn import balanced_assignment
from tests.parity.records import Record, assert_close, parametrize
from tests.parity.test_label_shift import rnd

FOLDER = "methods/cpsl"


def known(label: Tensor) -> Tensor:
    """Labels of the records, whose 250 is unknown, as ours."""
    return torch.where(label.long() == 250, 255, label.long())


@parametrize(f"{FOLDER}/sinkhorn*", exclude=f"{FOLDER.split('/')[1]}/sinkhorn_closed_form*")
def test_assignment(record):
    compared = 0
    for case in record.info["cases"]:
        options = {"epsilon": case["epsilon"], "iterations": case["iterations"]}
        ours = balanced_assignment(record.tensors["scores"], torch.tensor(case["r"]), **options)
        assert torch.isfinite(ours).all()
        if not case["has_nan"]:
            assert_close(record, f"Q{case['index']}", ours)
            compared += 1
    assert compared


@parametrize(f"{FOLDER}/sinkhorn_closed_form*")
def test_assignment_of_tiny_cases(record):
    for case in record.info["cases"]:
        options = {"epsilon": case["epsilon"], "iterations": case["iterations"]}
        ours = balanced_assignment(torch.tensor(case["scores"]), torch.tensor(case["r"]), **options)
        assert_close(record, "Q", ours, expected=torch.tensor(case["Q"]), atol=2e-6)
        assert ours.mean(0).tolist() == pytest.approx(case["class_mean"], abs=2e-6)


@parametrize(f"{FOLDER}/prototype_update*")
def test_running_mean(record):
    first = int(record.info["vectors"].split("rnd(")[1].split("+")[0])
    for case in record.info["cases"]:
        tag, start = case["tag"], record.tensors[f"{case['tag']}.start"]
        means, counts = start.clone(), torch.full((len(start),), float(case["start_count"]))
        options = {} if case["mode"] == "mean" else {"momentum": case["momentum"], **({} if case["start_mean"] else {"first": 0})}
        for number, expected in enumerate([*case["counts_after"], case["count_after_zero_vector"]]):
            last = number == len(case["counts_after"])
            vector = torch.zeros(start.shape[1]) if last else rnd(first + number, start.shape[1], 1, 1).flatten()
            row = number % len(start)
            means[row], counts[row] = running_mean(means[row], counts[row], vector, **options)
            assert counts.tolist() == expected, tag
        assert_close(record, f"{tag}.end", means, rtol=1e-5, atol=1e-6)


def crops_of(features: Tensor, weak: dict) -> Tensor:
    """The crops of a map of whole images as a record describes them, a fourth of the size of the images."""
    crops = []
    for feature, size, crop, flip in zip(features, weak["sizes_hw"], weak["crops_y1y2x1x2"], weak["flips"], strict=True):
        scaled = torch.nn.functional.interpolate(feature[None], size=[int(side / 4) for side in size], mode="bilinear", align_corners=True)
        height, width = ((crop[1] - crop[0]) // 4, (crop[3] - crop[2]) // 4)
        part = scaled[0, :, int(crop[0] / 4) : int(crop[0] / 4) + height, int(crop[2] / 4) : int(crop[2] / 4) + width]
        crops.append(part.flip(2) if flip else part)
    return torch.stack(crops)


@parametrize(f"{FOLDER}/prototype_weight*")
def test_rectification(record):
    inputs = {name: [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)] for name, text in record.info["inputs"].items()}
    seed, classes, channels = map(int, inputs["prototypes_ema"])
    prototypes = rnd(seed, classes, channels)
    seed, low, high, *shape = map(int, inputs["class_map"])
    class_map = torch.from_numpy(np.random.RandomState(seed).randint(low, high, shape))
    seed, *shape = map(int, inputs["feat"][:5])
    features = rnd(seed, *shape) + np.float32(inputs["feat"][5]) * prototypes[class_map].permute(0, 3, 1, 2)
    weights = prototype_logits(crops_of(features, record.info["weak"]), prototypes, record.info["temperature"]).softmax(dim=1)
    assert_close(record, "weight", weights)
    labels, confidence = rectify(record.tensors["p_st"], weights)
    assert torch.equal(labels, record.tensors["label"][:, 0].long())
    assert_close(record, "conf", confidence[:, None])


@parametrize(f"{FOLDER}/losses*")
def test_losses(record):
    results, label = record.info["results"], known(record.tensors["label"])
    alpha, beta = record.info["alpha"], record.info["beta"]

    def symmetric(logits: Tensor, label: Tensor) -> Tensor:
        return symmetric_cross_entropy(logits, label, alpha, beta)

    for name, loss in {"ce": mean_cross_entropy, "rce": reverse_cross_entropy, "symmetric": symmetric}.items():
        logits = record.tensors["logits"].clone().requires_grad_()
        value = loss(logits, label)
        value.backward()
        assert value.item() == pytest.approx(results[name], rel=1e-5)
        assert_close(record, f"grad_{name}", logits.grad, atol=1e-8)
    assert reverse_cross_entropy(record.tensors["logits"], torch.full_like(label, 255)).item() == results["rce_all_ignored"] == 0


@parametrize(f"{FOLDER}/contrastive*")
def test_contrast(record):
    tensors = record.tensors
    raw = tensors["anchor_raw"].clone().requires_grad_()
    anchors, labels = torch.nn.functional.normalize(raw, dim=1), tensors["anchor_label"][:, 0]
    memory_labels = tensors["queue_label"][:, 0].long()
    loss = pixel_contrast(anchors, labels, tensors["queue"], memory_labels, record.info["temperature"])
    loss.backward()
    assert loss.item() == pytest.approx(record.info["loss"], rel=1e-5)
    assert_close(record, "grad_anchor_raw", raw.grad, atol=1e-8)


@parametrize(f"{FOLDER}/cutmix_*")
def test_cutmix_box(record):
    height, width = record.info["mask_shape_hw"]
    for case in record.info["boxes"]:
        rng = np.random.RandomState(case["np_seed"])
        rng.uniform()  # the published share of the area is a draw from 0.5 to 0.5
        box = draw_cutmix_box(rng, height, width)
        assert [box.y1, box.x1, box.y2, box.x2] == case["box_y0x0y1x1"]
        assert box.height * box.width / (height * width) == pytest.approx(case["area_share"])


@parametrize(f"{FOLDER}/formula_*")
def test_formulas_of_the_paper(record: Record):
    marginals, shares = record.tensors["delta_pseudo"], record.tensors["delta_n"]
    for number, share in enumerate(shares):
        moved = moving_marginal(marginals[number], share, record.info["alpha_used"])
        assert_close(record, "delta_pseudo", moved, expected=marginals[number + 1], rtol=0, atol=1e-12)
        counts = class_counts(share, record.info["M"])
        assert counts.tolist() == record.info["rounded_counts"][number]
        assert counts.sum() == record.info["rounded_sums"][number]
