"""The spatial prior against the records of the published code (Wu & Liu, NeurIPS 2022)."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg.apis.preparing.passes import LabelOptions, hard_result
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.uda.pseudo_labels.spatial_prior import class_thresholds, spatial_prior
from tests.parity.records import parametrize

FOLDER = "methods/depth_distribution"


@parametrize(f"{FOLDER}/spatial_prior_*")
def test_small_maps(record):
    for name, case in record.info["cases"].items():
        found = spatial_prior(record.tensors[f"{name}.in"].numpy(), case["thresholds"])
        assert np.array_equal(found, record.tensors[f"{name}.out"].numpy()), name
        assert (found != 255).sum() == case["kept"]


@parametrize(f"{FOLDER}/pseudo_labels_*")
def test_from_logits_to_labels(record):
    """Enlarged to the network's input with aligned corners, thresholded by confidence, then by size."""
    config, counts = record.info["config"], record.info["scalars"]
    logits = resize(record.tensors["logits"].float()[None], config["input_wh"][::-1], True)[0]
    label, finite = hard_result(logits.softmax(dim=0), LabelOptions(threshold=config["confidence"]))
    assert finite and int((label != 255).sum()) == counts["confident"]
    found = spatial_prior(label.numpy(), config["thresholds"])
    expected = record.tensors["labels"].numpy()
    step = found.shape[0] // expected.shape[0]
    assert np.array_equal(found[::step, ::step], expected)
    assert (found != 255).sum() == counts["kept"]
    if "kept_per_class" in counts:
        assert np.bincount(found[found != 255], minlength=config["num_classes"]).tolist() == counts["kept_per_class"]


NAMES = {"exp1": "16", "exp2,exp3": "7", "exp4,exp5": "7"}
"""Lists of thresholds -> weights that the frequencies of their classes follow from."""


@parametrize(f"{FOLDER}/thresholds*")
def test_thresholds(record):
    """The formula gives the numbers that it is recorded to; the lists of the code are those of counts that nobody recorded."""
    for key, expected in record.info["formula"].items():
        name, base, range_ = key.split()
        numbers = [int(part.split("=")[1]) for part in (base, range_)]
        listed = next(own for own in NAMES if own.split(",")[0] == name.split(",")[0])
        weights = np.array(record.info[f"weights_{NAMES[listed]}"])
        found = class_thresholds(1 / (len(weights) * weights), *numbers)
        assert found.tolist() == pytest.approx(expected, rel=1e-12)
        # A weight of three decimals says a frequency within half a thousandth of the weight.
        assert record.info["lists"][listed] == pytest.approx(found.tolist(), rel=3e-3, abs=1)


def test_the_frequencies_of_the_spec():
    """Shares of SYNTHIA's classes; the published list within the digits of the shares."""
    shares = [.190875, .199789, .303074, .002786, .002772, .010743, .000403, .001048,
              .106653, .070870, .043924, .004854, .041993, .015804, .002142, .002270]  # fmt: skip
    listed = [3165, 3311, 5000, 89, 89, 219, 50, 61, 1788, 1202, 762, 123, 730, 302, 78, 81]
    assert class_thresholds(shares, 50, 4950).tolist() == pytest.approx(listed, abs=1)
    # The published weights of the cross entropy are 1 / (K * share), of slightly other counts.
    weights = [.327, .313, .206, 22.427, 22.558, 5.811, 155.643, 59.528,
               .586, .882, 1.423, 12.871, 1.488, 3.955, 29.164, 27.563]  # fmt: skip
    assert (1 / (16 * np.array(shares))).tolist() == pytest.approx(weights, rel=4e-3)
