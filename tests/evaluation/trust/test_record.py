"""Counts of a data set: conditions, and images that several processes repeat."""

import numpy as np
import pytest
import torch

from mmseg.evaluation.trust import record as record_module
from mmseg.evaluation.trust.record import ALL, TrustRecord

IGNORE = 255


def sample(right: bool, confidence: float, **more) -> dict:
    """An image of one pixel."""
    prediction, label = torch.tensor([[1]]), torch.tensor([[1 if right else 0]])
    return {"prediction": prediction, "label": label, "confidence": torch.tensor([[confidence]]), **more}


def test_conditions():
    record = TrustRecord(3, IGNORE)
    for each in (sample(True, 0.5, condition="fog"), sample(False, 0.75, condition="night"), sample(True, 1.0)):
        record.add(each)
    counts = record.gather()
    assert list(counts) == [ALL, "fog", "night"]
    assert [part.sum(axis=1).tolist() for part in counts.values()] == [[2, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]]
    assert np.array_equal(counts[ALL][1], counts["night"][1])


def test_no_image():
    assert not TrustRecord(0, IGNORE).gather()[ALL].any()


@pytest.mark.parametrize(("rank", "counted"), [(0, 2), (1, 1)])
def test_what_is_seen_again_does_not_count(rank, counted, monkeypatch):
    """Three images for two processes: the second one is given the first image at the end."""
    monkeypatch.setattr(record_module, "get_dist_info", lambda: (rank, 2))
    record = TrustRecord(3, IGNORE)
    record.add(sample(True, 0.5))
    record.add(sample(True, 0.5))
    assert record.gather()[ALL].sum() == counted
