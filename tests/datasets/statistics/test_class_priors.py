"""Class priors and their correction in closed form, and files of priors that are no use."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
import torch

from mmseg.datasets.statistics.class_priors import FLOOR, image_scores, log_ratio, normalised, read_priors, shown_in_target, source_counts
from mmseg.utils.errors import UserError
from tests.tiny import ROOT
from tests.utils.products.test_mutations import changed_content

SHIPPED = sorted((ROOT / "configs" / "label_shift" / "priors").glob("*.json"))


def test_images_count_with_more_pixels_than_the_minimum():
    pixels = np.array([[10, 2], [5, 0]])
    assert normalised(source_counts(pixels, 3)).tolist() == [1, FLOOR]
    assert normalised(source_counts(pixels, 1)).tolist() == pytest.approx([2 / 3, 1 / 3])
    assert source_counts(pixels, 2).tolist() == [2, 0]  # exactly as many do not count


def of_probabilities(probabilities: torch.Tensor) -> torch.Tensor:
    return image_scores(probabilities.log()[None])[0]


def test_a_score_is_the_log_of_the_mean_of_exponentials():
    constant = torch.full((2, 3, 4), 0.3)
    constant[1] = 0.7
    assert of_probabilities(constant).tolist() == pytest.approx([0.3, 0.7])
    half = torch.zeros(2, 2, 4)
    half[0, 0], half[1, 1] = 1, 1
    assert of_probabilities(half)[0].item() == pytest.approx(math.log((1 + math.e) / 2), abs=1e-6) == pytest.approx(0.620115, abs=1e-6)
    logits = torch.randn(3, 5, 8, 8)
    assert (image_scores(logits) >= logits.softmax(1).mean((2, 3)) - 1e-6).all()


def test_a_score_has_to_be_above_the_share_of_pixels():
    shown = shown_in_target(torch.tensor([[0.25, 0.5]]), [0.25, 0.4])
    assert shown.tolist() == [[False, True]]


def test_the_correction_of_two_classes():
    """p = (.6, .4) becomes (.0857, .9143); rectification has the inverse on its output."""
    shift = torch.from_numpy(log_ratio([8, 2], [2, 8]))
    z = torch.tensor([0.6, 0.4], dtype=torch.float64).log()
    assert (z + shift).softmax(0).tolist() == pytest.approx([0.085714, 0.914286], abs=1e-6)
    rectified = (z - shift).softmax(0)
    assert rectified.tolist() == pytest.approx([0.96, 0.04])
    assert (-rectified.log()).tolist() == pytest.approx([0.040822, 3.218876], abs=1e-6)
    assert ((z - shift) + shift).softmax(0).tolist() == pytest.approx([0.6, 0.4])


def test_equal_priors_and_constants_change_nothing():
    assert log_ratio([3, 1], [6, 2]).tolist() == pytest.approx([0, 0])
    z, ratio = torch.randn(5, dtype=torch.float64), torch.rand(5, dtype=torch.float64) + 0.1
    product = z.softmax(0) * ratio
    assert torch.allclose((z + ratio.log()).softmax(0), product / product.sum(), atol=1e-6)
    assert torch.allclose((z + ratio.log() + 3).softmax(0), (z + ratio.log()).softmax(0))


def test_the_threshold_of_bayes_moves_with_the_priors():
    """N(0, 1) against N(2, 1): the correction maps the source's threshold onto the target's."""
    source, target = (np.array(shares) for shares in ((8, 2), (2, 8)))
    points = np.linspace(-1, 4, 500001)
    logits = np.stack([-(points**2) / 2, -((points - 2) ** 2) / 2], axis=1) + np.log(source / 10)
    thresholds = [points[np.argmax(values[:, 1] > values[:, 0])] for values in (logits, logits + log_ratio(source, target))]
    assert thresholds == pytest.approx([1.693147, 0.306853], abs=2e-5)


def test_counts_of_zero():
    """A class that the target never shows gets the floor; of one that the source never shows nothing is known."""
    ratio = log_ratio([5, 5, 0], [9, 0, 1])
    assert ratio.tolist() == pytest.approx([math.log(0.9 / 0.5), math.log(FLOOR / 0.5), 0])


# Files


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_published_counts(path):
    priors = read_priors(path, num_classes=19 if path.stem.startswith("gta") else 16)
    assert priors.note is None and sum(priors.pixel_frequency) == pytest.approx(1)
    assert "Undoing_UDA" in json.loads(path.read_text())["origin"]
    sums = {"gta2cs": 263686, "syn2cs": 102858}, {"gta2cs_original_head": 22163, "gta2cs_modified_head": 20942}
    assert sum(priors.source) == sums[0][path.stem[:6]]
    assert sum(priors.target) == sums[1].get(path.stem, sum(priors.target))


def test_there_are_rows_for_both_tasks_and_heads():
    assert [path.stem for path in SHIPPED] == [f"{task}_{head}_head" for task in ("gta2cs", "syn2cs") for head in ("modified", "original")]


def changed(tmp_path, **changes):
    content = json.loads(SHIPPED[0].read_text())
    for key, value in changes.items():
        (content[key].update(value) if isinstance(value, dict) else content.update({key: value}))
    path = tmp_path / "priors.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"num_classes": 16}, "holds the priors of 19 classes, but the network has 16"),
        ({}, {"classes": ["road"] * 16}, "made for other classes: 19, and 16 are needed"),
        ({"target": {"counts": [1] * 18}}, {}, "target.counts holds 18 numbers for 19 classes"),
        ({"source": {"counts": [0] * 19}}, {}, "source.counts holds nothing but zeros"),
        ({"source": {"counts": [-1] * 19}}, {}, "which should be"),
        ({"kind": "pseudo-labels"}, {}, "a product of the kind 'pseudo-labels'"),
        ({"complete": False}, {}, "is not complete"),
    ],
    ids=str,
)
def test_a_file_that_does_not_fit_is_one_line(tmp_path, changes, options, words):
    path = changed(tmp_path, **changes)
    with pytest.raises(UserError, match=words) as error:
        read_priors(path, **options)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_zeros_are_named(tmp_path):
    counts = [1] * 19
    path = changed(tmp_path, source={"counts": [*counts[:-1], 0]}, target={"counts": [0, *counts[1:]]})
    note = read_priors(path).note
    assert "no image of the source shows bicycle: not corrected" in note
    assert "no image of the target shows road: taken for a share of 1e-08" in note


def test_files_that_were_changed_at_random(tmp_path):
    """One line, or a correction of finite numbers."""
    path, refused = tmp_path / "priors.json", 0
    for number in range(150):
        path.write_bytes(changed_content(random.Random(f"{number}"), SHIPPED[0].read_bytes()))
        try:
            priors = read_priors(path)
        except UserError as error:
            assert "\n" not in str(error)
            refused += 1
        else:
            assert len(priors.log_ratio) == len(priors.classes) and priors.log_ratio.isfinite().all()
    assert 50 < refused < 150
