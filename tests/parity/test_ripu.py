"""Active learning (RIPU) against the records of the published code: scores, picks, budgets, and the losses of labelled pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.models.losses.consistency.local_consistency import discrepancy, local_consistency, semantic_boundary
from mmseg.models.losses.cross_entropy import CrossEntropyLoss
from mmseg.models.losses.negative_learning import negative_learning
from mmseg.models.uda.acquisition import scores
from mmseg.models.uda.acquisition.budgets import pixels_per_round, regions_per_round
from mmseg.models.uda.acquisition.selection import select, squares
from mmseg.models.uda.acquisition.strategies import PixelImpurity, RegionImpurity
from tests.parity.records import Record, assert_close, parametrize

FOLDER = "methods/ripu"


@parametrize(f"{FOLDER}/score_*")
def test_scores(record):
    logits, tensors = record.tensors["logits"], record.tensors
    radius = record.info["config"].get("radius_k", 32)
    entropies, prediction = scores.entropy_and_prediction(logits)
    impurity = scores.impurity(prediction, classes=len(logits), radius=radius)
    found = {
        "score": scores.region_score(logits, radius=radius),
        "impurity": impurity / scores.PUBLISHED_NORMALISER,
        "uncertainty": scores.uncertainty(entropies / scores.PUBLISHED_NORMALISER, radius),
        "pixel_entropy_nats": entropies,
        "impurity_nats": impurity,
        "pa_score": scores.pixel_score(logits, radius=radius),
    }
    recorded = found.keys() & tensors.keys()
    for name in recorded:
        assert_close(record, name, found[name], rtol=1e-5, atol=1e-7)
    assert recorded and ("pred" not in tensors or torch.equal(prediction, tensors["pred"]))


def acquisition_of(options: dict):
    if options["setting"] == "RA":
        return RegionImpurity(radius=options["radius_k"])
    return PixelImpurity(radius=options["radius_k"])


def enlarged(logits: Tensor, size) -> Tensor:
    return F.interpolate(logits[None], size=tuple(size), mode="bilinear", align_corners=True)[0]


@parametrize(f"{FOLDER}/select_*")
def test_selection(record):
    """Picks, their scores and the maps of all rounds; where the map is exhausted, ours ends and the published code takes a corner."""
    options, tensors = record.info["config"], record.tensors
    size, acquisition = tuple(options["annotation_size_hw"]), acquisition_of(options)
    assert acquisition.exclusion == options["exclusion_radius"]
    active, selected = torch.zeros(size, dtype=torch.bool), torch.zeros(size, dtype=torch.bool)
    label = torch.full(size, 255, dtype=torch.uint8)
    for info in record.info["rounds"]:
        recorded = {name.partition(".")[2]: value for name, value in tensors.items() if name.startswith(f"r{info['round']}.")}
        score = acquisition(enlarged(recorded["logits"], size), np.random.default_rng(0))
        at_start = score.masked_fill(active, float("-inf"))
        assert torch.equal(at_start.isinf(), recorded["score_at_start"].isinf())
        close = {"rtol": 1e-5, "atol": 1e-7}
        # Exclusion covers the map in the end: then there is nothing to compare.
        expected = recorded["score_at_start"].masked_fill(active, 0)
        assert_close(record, "score_at_start", at_start.masked_fill(active, 0), expected=expected, **close)

        picks = select(score, active, options["picks_per_round"], exclusion=acquisition.exclusion)
        assert len(picks) == info["n_picks"] - info["n_minus_inf_picks"]
        assert picks.tolist() == recorded["picks_hw"][: len(picks)].tolist()
        found = score[picks[:, 0], picks[:, 1]].tolist()
        assert found == pytest.approx(recorded["pick_scores"][: len(picks)].tolist(), rel=1e-5, abs=1e-7)

        active |= squares(picks, acquisition.exclusion, size)
        selected |= squares(picks, acquisition.radius, size)
        label = torch.where(selected, tensors["gt"], 255)
        corner = squares(torch.zeros(info["n_minus_inf_picks"], 2, dtype=torch.int64), acquisition.radius, size)
        excluded_corner = squares(torch.zeros(info["n_minus_inf_picks"], 2, dtype=torch.int64), acquisition.exclusion, size)
        assert torch.equal(active | excluded_corner, recorded["active"].bool())
        assert torch.equal(selected | corner, recorded["selected"].bool())
        assert torch.equal(torch.where(corner, tensors["gt"], label), recorded["mask"])


@parametrize(f"{FOLDER}/budgets*")
def test_budgets(record):
    for row in record.info["rows"]:
        if row["setting"] == "RA":
            rounds = round(row["total_pixels"] / (row["per_round"] * (2 * row["k"] + 1) ** 2))
            found = regions_per_round((row["H"], row["W"]), share=row["ratio"], rounds=rounds, radius=row["k"])
        else:
            found = pixels_per_round((1024, 2048), pixels=row["pixels"], rounds=5)
        assert found == row["per_round"], row


@parametrize(f"{FOLDER}/boundary_*")
def test_boundaries(record):
    names = [name.removesuffix(".label") for name in record.tensors if name.endswith(".label")]
    assert names
    for name in names:
        found = semantic_boundary(record.tensors[f"{name}.label"][None])[0]
        assert torch.equal(found, record.tensors[f"{name}.boundary"].bool()), name


@parametrize(f"{FOLDER}/lcr_*")
def test_local_consistency(record):
    """Where there is no boundary, the record is NaN and ours is 0; both have no gradient."""
    logits, label = record.tensors["logits"].clone().requires_grad_(), record.tensors["label"].long()
    kind = record.info["config"]["type"]
    assert torch.equal(semantic_boundary(label), record.tensors["boundary"].bool())
    assert_close(record, "discrepancy", discrepancy(logits.softmax(1), kind), atol=1e-6)
    loss = local_consistency(logits, label, kind=kind)
    loss.backward()
    check_loss(record, loss)
    assert_close(record, "grad_logits", logits.grad, atol=1e-8)


@parametrize(f"{FOLDER}/nl_*")
def test_negative_learning(record):
    """Where nothing is masked, the record is NaN and ours is 0 without a gradient."""
    logits = record.tensors["logits"].clone().requires_grad_()
    loss = negative_learning(logits, record.info["config"].get("threshold", 0.05))
    loss.backward()
    check_loss(record, loss)
    expected = torch.zeros_like(logits) if record.info["scalars"]["n_mask"] == 0 else None
    assert_close(record, "grad_logits", logits.grad, expected=expected, atol=1e-8)


def check_loss(record: Record, loss: Tensor) -> None:
    expected = record.info["scalars"]["loss"]
    assert loss.item() == (0 if expected == "NaN" else pytest.approx(expected, rel=1e-5))
    assert (expected == "NaN") == (record.info["scalars"]["n_mask"] == 0)


@parametrize(f"{FOLDER}/ce_*")
def test_cross_entropy_of_labelled_pixels(record):
    """The mean over labelled pixels is the loss that label shift adaptation has already."""
    logits = record.tensors["logits"].clone().requires_grad_()
    loss = CrossEntropyLoss(avg_non_ignore=True)(logits, record.tensors["label"].long())
    loss.backward()
    assert loss.item() == pytest.approx(record.info["scalars"]["loss"], rel=1e-5)
    assert_close(record, "grad_logits", logits.grad, atol=1e-8)
