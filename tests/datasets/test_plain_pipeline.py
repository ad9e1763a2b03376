"""Decisions on the label and one decoding change nothing: samples and their distribution are those of the plain pipeline."""

from collections import Counter

import numpy as np
import pytest
import torch

from mmseg.datasets import UDADataset
from mmseg.models.data_preprocessor import SegDataPreprocessor
from tests.datasets.toy import crop, make_cityscapes, make_gta, position_label, source_config, target_config
from tools.benchmarks.plain.pipeline import PlainPipeline

RARE = {"min_pixels": 20, "class_temp": 0.05, "min_crop_ratio": 0.5}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    return make_gta(root / "gta"), make_cityscapes(root / "cityscapes")


def build(folders, scale=(80, 40), **options):
    crops = {"img_scale": scale, "crop_size": (16, 16)}
    defaults = {"source_crop": {**crops, "cat_max_ratio": 0.75}, "target_crop": crops, "crop_pseudo_margins": [2, 4, 1, 3]}
    domains = {"source": source_config(folders[0]), "target": target_config(folders[1])}
    return UDADataset(**{**domains, **defaults, **options})


@pytest.mark.parametrize("rare", [None, RARE], ids=["plain", "rare classes"])
@pytest.mark.parametrize("scale", [(80, 40), (107, 53), (160, 80), (60, 30), (40, 20)])
def test_samples_are_equal(folders, scale, rare):
    """With the same random streams: labels and masks exactly, images within one grey level."""
    ours = build(folders, scale, rare_class_sampling=rare)
    plain, normalise = PlainPipeline(ours), SegDataPreprocessor()
    for index in range(12):
        one, other = ours[index], plain[index]
        assert torch.equal(one["source"]["label"].long(), other["source"]["label"])
        assert torch.equal(one["target"]["valid"].long(), other["target"]["valid"])
        for domain in ("source", "target"):
            difference = (normalise.image(one[domain]["image"]) - other[domain]["image"]).abs() * normalise.std
            assert difference.max() < 1.01


def test_padded_and_distorted_samples_are_equal(folders):
    """Without flips: ours mirrors after the distortion, and OpenCV does not round HSV alike everywhere in a row."""
    crops = crop(48, pad=True)
    ours = build(folders, source_crop={**crops, "photo_metric_distortion": True, "flip_prob": 0.0}, target_crop=crops)
    plain, normalise = PlainPipeline(ours), SegDataPreprocessor()
    for index in range(8):
        one, other = ours[index], plain[index]
        batch = {"image": one["source"]["image"][None], "size": one["source"]["size"][None]}
        torch.testing.assert_close(normalise.crops(batch)[0], other["source"]["image"], rtol=0, atol=1e-5)
        assert torch.equal(one["source"]["label"].long(), other["source"]["label"])
        assert torch.equal(one["target"]["valid"].long(), other["target"]["valid"])


def shares(counts: Counter) -> dict:
    total = sum(counts.values())
    return {key: count / total for key, count in counts.items()}


def test_distribution_is_that_of_independent_draws(folders):
    """Files, flips, places and rare pixels of 1000 samples, against a reference with a generator of its own.

    The seeds are fixed. The tolerance is more than four standard deviations of the difference of two such shares.
    """
    dataset = build(folders, rare_class_sampling=RARE, target=None, target_crop=None, crop_pseudo_margins=None)
    table, labels = dataset.table, {number: position_label(number) for number in range(1, 7)}
    ours, reference = Counter(), Counter()
    for index in range(1000):
        image = dataset[index]["source"]["image"].numpy()
        ours.update(facts(int(image[0, 0, 0]), int(image[2].min()), int(image[1].min()), image[1, 0, 0] > image[1, 0, -1], labels))
    rng = np.random.default_rng(7)
    for _ in range(1000):
        reference.update(facts(*reference_draw(rng, table, labels), labels))
    for kind in {key[0] for key in reference}:
        one = shares(Counter({key: count for key, count in ours.items() if key[0] == kind}))
        other = shares(Counter({key: count for key, count in reference.items() if key[0] == kind}))
        assert max(abs(one.get(key, 0) - other.get(key, 0)) for key in one.keys() | other.keys()) < 0.09, (kind, one, other)


def facts(number: int, top: int, left: int, flipped: bool, labels: dict) -> list[tuple]:
    """What is counted of a sample; places in bins of 8 rows and 16 columns."""
    pixels = int((labels[number][top : top + 16, left : left + 16] == 16).sum())
    return [("file", number), ("row", top // 8), ("column", left // 16), ("flip", bool(flipped)), ("rare", min(pixels, 11) // 6)]


def reference_draw(rng: np.random.Generator, table, labels: dict) -> tuple:
    """The published rules in the shortest words: class, file, then crops until no class dominates and the rare one shows."""
    rare_class = rng.choice(table.classes, p=table.probabilities / table.probabilities.sum())
    number = int(rng.choice(table.files[int(rare_class)])) + 1
    for _ in range(11):
        for _ in range(11):
            top, left = rng.integers(0, 40 - 16 + 1), rng.integers(0, 80 - 16 + 1)
            part = labels[number][top : top + 16, left : left + 16]
            counts = np.bincount(part[part != 255], minlength=19)
            if (counts > 0).sum() > 1 and counts.max() < 0.75 * counts.sum():
                break
        if (part == rare_class).sum() > RARE["min_pixels"] * RARE["min_crop_ratio"]:
            break
    return number, int(top), int(left), rng.random() < 0.5
