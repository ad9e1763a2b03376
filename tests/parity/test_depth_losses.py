"""Losses of depth distribution against the records, and its schedule."""

from __future__ import annotations

import pytest
import torch

from mmseg.models.losses.berhu import berhu
from mmseg.registry import MODELS
from tests.parity import depth_records as depth
from tests.parity.records import assert_close, one, parametrize


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
