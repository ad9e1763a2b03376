"""The first prototypes of CPSL against the records of the published code."""

from __future__ import annotations

import pytest
import torch

from mmseg.apis.preparing.prototypes import Gathered, class_sums
from mmseg.models.uda.self_labelling.prototypes import PrototypeBank
from tests.parity.cpsl_records import CHANNELS, FOLDER
from tests.parity.records import assert_close, parametrize
from tests.parity.test_label_shift import rnd


@parametrize(f"{FOLDER}/prototype_init*")
def test_first_prototypes(record):
    """Images of all batches in their order; a sum is of the raw features of the pixels that are predicted as a class."""
    info = record.info
    first, step = (int(text) for text in info["inputs"].split("rnd(")[1].split(",")[0].replace("*i", "").split("+"))
    classes = info["num_classes"]
    gathered = Gathered(torch.zeros(classes, CHANNELS), torch.zeros(classes), torch.zeros(classes, dtype=torch.int64))
    for number in range(info["n_batches"]):
        logits = record.tensors[f"out{number}"]
        features = rnd(first + step * number, len(logits), CHANNELS, *logits.shape[2:])
        for image, (embedding, label) in enumerate(zip(features, logits.argmax(dim=1), strict=True)):
            sums, pixels = class_sums(embedding, label, classes)
            assert pixels.tolist() == info["ids_and_counts"][number]["pixel_counts"][image]
            gathered.add(sums, pixels)
    assert gathered.counts.tolist() == record.tensors["objective_vectors_num"].tolist()
    assert_close(record, "objective_vectors", gathered.vectors, atol=1e-6)
    bank = PrototypeBank(num_classes=classes, channels=CHANNELS)
    bank.start(gathered.vectors)
    assert_close(record, "prototypes", bank.vectors, atol=1e-6)
    assert bank.vectors.norm(dim=1).tolist() == pytest.approx([1] * classes)
