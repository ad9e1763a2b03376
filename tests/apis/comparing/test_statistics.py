"""The closed forms of a comparison."""

import math

import numpy as np
import pytest
from scipy.stats import norm, t

from mmseg.apis.comparing.statistics import compare, over_images_and_seeds, over_seeds, resampled, seeds_needed
from mmseg.evaluation.image_counts import of_confusions

CLASSES = ("sky", "grass")


def image_counts(right, images=40, seed=None):
    """Two classes of 1000 pixels in each image, of which a share ``right`` is found; with a seed, another share in each image."""
    shares = np.full(images, right) if seed is None else right + np.random.default_rng(seed).uniform(-0.1, 0.1, images)
    hits = np.round(1000 * shares).astype(int)
    return of_confusions([np.array([[hit, 1000 - hit], [1000 - hit, hit]]) for hit in hits], CLASSES)


def test_identical_rows():
    values, counts = {0: 40.0, 1: 42.0, 2: 41.0}, [image_counts(0.7, seed=seed) for seed in range(3)]
    same = compare(values, values, list(zip(counts, counts, strict=True)))
    assert (same.difference, same.deviation, same.interval, same.images) == (0, 0, (0, 0), 40)
    assert not same.evidence


def test_a_constant_shift():
    first = {0: 40.0, 1: 44.0, 2: 41.0}
    shifted = compare(first, {seed: value + 1.5 for seed, value in first.items()})
    assert shifted.difference == pytest.approx(1.5) and shifted.interval == pytest.approx((1.5, 1.5)) and shifted.evidence
    assert shifted.needed == 2 and shifted.images is None
    turned = compare({seed: value + 1.5 for seed, value in first.items()}, first)
    assert turned.difference == pytest.approx(-1.5) and turned.evidence


def test_without_images_it_is_the_paired_t_interval():
    """d = 1, 2, 6: mean 3, deviation sqrt(7); t(0.975, 2) = 4.3027."""
    half = 4.302653 * math.sqrt(7 / 3)
    found = compare({0: 0.0, 1: 0.0, 2: 0.0}, {2: 6.0, 0: 1.0, 1: 2.0})
    assert found.interval == pytest.approx((3 - half, 3 + half), rel=1e-6)
    assert found.deviation == pytest.approx(math.sqrt(7)) and not found.evidence


def test_images_that_are_all_alike_leave_the_paired_t_interval():
    pairs = [(image_counts(0.6), image_counts(right)) for right in (0.7, 0.72, 0.69)]
    values = [second.all - first.all for first, second in pairs]
    assert over_images_and_seeds(resampled(pairs)) == pytest.approx(over_seeds(values), rel=1e-3)


def test_seeds_that_are_all_alike_leave_the_bootstrap_over_images():
    """All labels are of one class, so that the mIoU is a mean over images, and the bootstrap's deviation that of a mean."""
    hits = np.random.default_rng(0).integers(500, 1000, 200)
    counts = [
        of_confusions([np.array([[hit, 1000 - hit], [0, 0]]) for hit in given], CLASSES, ["grass"]) for given in (np.full(200, 500), hits)
    ]
    low, high = over_images_and_seeds(resampled([tuple(counts)] * 3))
    mean, error = 100 * (hits.mean() - 500) / 1000, 100 * hits.std() / 1000 / math.sqrt(200)
    z = norm.ppf(0.975)
    assert (low, high) == pytest.approx((mean - z * error, mean + z * error), abs=0.1 * error)
    alone = compare({4: counts[0].all}, {4: counts[1].all}, [tuple(counts)])
    assert alone.interval == pytest.approx((low, high)) and alone.deviation is None and not alone.evidence


def test_images_are_drawn_in_pairs():
    """Two networks that err in the same images differ surely, though each of them is unsure."""
    first = image_counts(0.6, seed=1)
    better = of_confusions([np.array([[hit + 5, 995 - hit], [995 - hit, hit + 5]]) for hit in first.hits[:, 0]], CLASSES)
    low, high = over_images_and_seeds(resampled([(first, better)]))
    assert low > 0 and high - low < 0.1
    spread = np.ptp(np.quantile(first.mean_iou(np.random.default_rng(0).multinomial(40, [1 / 40] * 40, 1000)), [0.025, 0.975]))
    assert spread > 10 * (high - low)


def test_the_stream_is_deterministic():
    pairs = [(image_counts(0.6, seed=1), image_counts(0.7, seed=2))] * 2
    before = np.random.get_state()[1].copy()
    once, again = resampled(pairs), resampled(pairs)
    np.testing.assert_array_equal(once, again)
    assert once.shape == (10_000, 2) and over_images_and_seeds(once) == over_images_and_seeds(again)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(("deviation", "seeds"), [(0.5, 10), (1.0, 34), (0.625, 15)])
def test_seeds_needed_as_tables_of_paired_t_tests_have_them(deviation, seeds):
    """Effects of 1, 0.5 and 0.8 deviations: 10, 34 and 15 pairs."""
    assert seeds_needed(deviation) == seeds


def test_seeds_needed_is_the_formula():
    for deviation in (0.1, 0.3, 1.7, 6.0):
        count = seeds_needed(deviation)

        def enough(n, deviation=deviation):
            return ((t.ppf(0.975, n - 1) + t.ppf(0.8, n - 1)) * deviation / 0.5) ** 2 <= n

        assert enough(count) and (count == 2 or not enough(count - 1))
    known = (norm.ppf(0.975) + norm.ppf(0.8)) ** 2 * (6 / 0.5) ** 2
    assert known < seeds_needed(6.0) < known + 4 and seeds_needed(0.0) == 2
    assert seeds_needed(1.0, 2.0) == seeds_needed(0.25, 0.5)


def test_the_interval_holds_what_is_true_as_often_as_it_says():
    """1,000 comparisons of 3 seeds each; three seeds that are drawn again with replacement would hold it three times in four."""
    generator = np.random.default_rng(0)
    rounds = generator.normal(1, 2, (1000, 3))
    held = sum(low <= 1 <= high for low, high in (over_seeds(values.tolist()) for values in rounds))
    drawn = np.quantile([values[generator.integers(0, 3, (1000, 3))].mean(axis=1) for values in rounds], [0.025, 0.975], axis=1)
    assert 930 <= held <= 970 and 700 <= ((drawn[0] <= 1) & (drawn[1] >= 1)).sum() <= 800
