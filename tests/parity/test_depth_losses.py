"""Losses and discriminator of depth distribution against the records."""

from __future__ import annotations

import pytest
import torch

from mmseg.models.losses.adversarial import SOURCE, TARGET, vanilla
from mmseg.models.losses.berhu import berhu
from mmseg.models.uda.discriminator import InformationDiscriminators
from mmseg.models.uda.pseudo_labels.prediction import Prediction
from mmseg.registry import MODELS
from tests.parity import depth_records as depth
from tests.parity.records import Record, assert_close, fill_by_recipe, one, parametrize
from tests.parity.test_label_shift import rnd


@parametrize(f"{depth.FOLDER}/berhu_*")
def test_berhu(record):
    """Where everything fits, the released code gives NaN; ours is 0."""
    prediction = record.tensors["pred"].requires_grad_()
    loss = berhu(prediction, record.tensors["target"].view(prediction.shape))
    loss.backward()
    if record.info["scalars"]["loss"] == "NaN":
        assert loss == 0 and not prediction.grad.any()
        return
    assert loss.item() == pytest.approx(record.info["scalars"]["loss"], rel=1e-6)
    assert_close(record, "grad_pred", prediction.grad)


WEIGHTS = {1: "weights_16", 2: "weights_7", 3: "weights_7"}
"""Keys of the record of class weights, by the number of a published experiment; the others have none."""


@parametrize(f"{depth.FOLDER}/ce_*")
def test_cross_entropy(record):
    key = WEIGHTS.get(record.info["config"].get("expid")) if "selftrain" not in record.name else None
    weights = {"class_weight": one(f"{depth.FOLDER}/thresholds").info[key], "avg_class_weight": True} if key else {"avg_non_ignore": True}
    logits = record.tensors["logits"].requires_grad_()
    loss = MODELS.build({"type": "CrossEntropyLoss", **weights})(logits, record.tensors["label"].long())
    loss.backward()
    assert loss.item() == pytest.approx(record.info["scalars"]["loss"], rel=1e-5)
    assert_close(record, "grad_logits", logits.grad)


def test_no_labelled_pixel_costs_nothing():
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    loss = MODELS.build({"type": "CrossEntropyLoss", "class_weight": [1.0, 2.0, 3.0], "avg_class_weight": True})
    value = loss(logits, torch.full((1, 2, 2), 255))
    value.backward()
    assert value == 0 and not logits.grad.any()


LAYERS = ("0", "2", "4", "6", "8")
"""Of the discriminator, in the published order."""


def discriminators(record: Record | None, classes: int) -> InformationDiscriminators:
    """That of one level, with the recorded weights."""
    made = InformationDiscriminators(levels=["main"], num_classes=classes, density=True)
    if record is not None:
        recipe = record.info["recipe"]
        fill_by_recipe(published(made), seed=recipe["seed"], mult=recipe["mult"], prefix=recipe["prefix"])
    return made


def published(made: InformationDiscriminators) -> torch.nn.ModuleDict:
    return torch.nn.ModuleDict(dict(zip(LAYERS, made["main"].children(), strict=True)))


@parametrize(f"{depth.FOLDER}/discriminator_*")
def test_discriminator(record):
    """What it looks at, what it answers, and what its answer costs the network."""
    classes, (height, width), seed = (record.info["config"][key] for key in ("num_classes", "hw", "seed"))
    logits = (rnd(seed + 1, 1, classes, height, width) * 2).requires_grad_()
    density = (rnd(seed + 2, 1, 1, height, width) * 20 + 30).requires_grad_()
    made = discriminators(record, classes)
    seen = made.looks_at(Prediction({"main": logits}, (height, width), None, True, density))
    answer = made(seen)["main"]
    assert_close(record, "d_input_sub", seen["main"][:, :, ::2, 1::2])
    assert_close(record, "d_out", answer)
    loss = vanilla(answer, SOURCE)
    assert loss.item() == pytest.approx(record.info["scalars"]["bce_source_label0"], rel=1e-5)
    assert vanilla(answer, TARGET).item() == pytest.approx(record.info["scalars"]["bce_target_label1"], rel=1e-5)
    loss.backward()
    assert_close(record, "grad_logits_label0_sub", logits.grad[:, :, 1::2, ::2], atol=1e-8)
    assert_close(record, "grad_density_label0", density.grad, atol=1e-8)


@parametrize(f"{depth.FOLDER}/manifest_discriminator_*")
def test_keys_of_the_discriminator(record):
    state = published(discriminators(None, record.info["entries"][0][1][1])).state_dict()
    assert [[key, list(value.shape)] for key, value in state.items()] == [entry[:2] for entry in record.info["entries"]]
    assert sum(value.numel() for value in state.values()) == record.info["n_params"]


def test_self_information_alone():
    """p uniform over four classes: 1/4 for each, times a density of 2."""
    prediction = Prediction({"main": torch.zeros(1, 4, 2, 2)}, (2, 2), None, True, torch.full((1, 1, 2, 2), 2.0))
    for density, expected in ((True, 0.5), (False, 0.25)):
        made = InformationDiscriminators(levels=["main"], num_classes=4, density=density)
        assert torch.allclose(made.looks_at(prediction)["main"], torch.tensor(expected))
