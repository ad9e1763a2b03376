"""The limits of a band, in closed form and by counting false alarms."""

import math

import numpy as np
import pytest
from scipy.stats import t

from mmseg.evaluation.bands.file import Band, BandCurve, read_band, shipped_band, write_band
from mmseg.evaluation.bands.making import LEVEL, is_evaluated, is_watched, limits, smoothed
from mmseg.evaluation.bands.watching import Watch
from mmseg.utils.errors import UserError

FACTOR = float(t.ppf((1 + LEVEL) / 2, 2)) * math.sqrt(4 / 3)
"""Of three seeds: t and the scatter of one more training."""


def test_what_is_watched():
    names = ("decode.loss_seg", "mix.confident_share", "mIoU", "IoU.road", "mIoU.thin", "Acc.road", "lr", "time", "decode.acc_seg")
    assert [name for name in names if is_watched(name)] == list(names[:4])
    assert [name for name in names if is_evaluated(name)] == ["mIoU", "IoU.road"]


def test_smoothed_is_the_mean_of_five():
    assert smoothed([1, 2, 3, 4, 5, 6, 17]).tolist() == [1, 1.5, 2, 2.5, 3, 4, 7]


def test_one_curve_has_its_prediction_interval():
    """Three seeds 1 apart at every point: s = 1."""
    mean, low, high = limits({"IoU.road": np.array([[49.0] * 4, [50.0] * 4, [51.0] * 4])})["IoU.road"]
    assert mean == pytest.approx([50] * 4) and high == pytest.approx([50 + FACTOR] * 4) and low == pytest.approx([50 - FACTOR] * 4)


def test_no_curve_is_steadier_than_its_like():
    """One curve without any scatter gets the root mean square of both; the other keeps its own, which is more."""
    found = limits({"IoU.a": np.full((3, 2), 50.0), "IoU.b": np.array([[48.0] * 2, [50.0] * 2, [52.0] * 2])})
    assert found["IoU.a"][2] - 50 == pytest.approx([FACTOR * math.sqrt(2)] * 2)
    assert found["IoU.b"][2] - 50 == pytest.approx([FACTOR * 2] * 2)


def test_losses_are_compared_by_their_relative_deviation():
    small = np.array([[0.9] * 3, [1.0] * 3, [1.1] * 3])
    found = limits({"a.loss": small, "b.loss": 100 * small, "confident_share": np.full((3, 3), 0.5)})
    assert found["a.loss"][2] - 1 == pytest.approx([FACTOR * 0.1] * 3)
    assert found["b.loss"][2] - 100 == pytest.approx([FACTOR * 10] * 3)
    assert found["confident_share"][1] == pytest.approx([0.5] * 3), "of its own kind"


def test_a_point_of_equal_seeds_is_pooled_with_its_neighbours():
    values = np.array([[0.0] * 5, [1.0] * 5, [2.0] * 5])
    values[:, 2] = 1.0
    _, low, high = limits({"IoU.a": values})["IoU.a"]
    assert (high - low).min() > FACTOR


# Files


def band_of(curves, evaluated=(400, 800, 1200, 1600, 2000), logged=tuple(range(50, 2001, 50))):
    found = limits(curves)
    entries = {name: BandCurve(evaluated if is_evaluated(name) else logged, *map(tuple, found[name])) for name in curves}
    return Band(config="toy", digest="1a2b3c4d", seeds=(0, 1, 2), curves=entries)


def test_a_file_gives_it_back(tmp_path):
    band = band_of({"IoU.road": np.array([[1.0] * 5, [2.0] * 5])})
    write_band(tmp_path / "band.json", band, {"command": "x"})
    assert read_band(tmp_path / "band.json") == band
    assert shipped_band("no digest") is None
    text = (tmp_path / "band.json").read_text()
    (tmp_path / "band.json").write_text(text.replace('"iterations": [400, ', '"iterations": ['))
    with pytest.raises(UserError, match=r"band\.json: the lists of IoU\.road have different lengths\. Make it again"):
        read_band(tmp_path / "band.json")
    (tmp_path / "band.json").write_text("{}")
    with pytest.raises(UserError, match=r"has the version {}.*Make it again with tools/prepare/band\.py\."):
        read_band(tmp_path / "band.json")


# Watching


def watch_of(name="IoU.road", points=(400, 800, 1200, 1600, 2000), low=40.0, high=50.0):
    count = len(points)
    curve = BandCurve(points, (45.0,) * count, (low,) * count, (high,) * count)
    return Watch(Band(config="toy", digest="d", seeds=(0, 1), curves={name: curve}))


def test_an_evaluation_outside_is_named_when_it_stays_there():
    watch = watch_of()
    seen = [
        watch.see(iteration, {"IoU.road": value})
        for iteration, value in zip((400, 800, 1200, 1600, 2000), (39, 41, 30, 31, 2), strict=True)
    ]
    assert seen[:3] == [[], [], []] and seen[4] == [], "named once"
    (left,) = seen[3]
    assert (left.name, left.since, left.value) == ("IoU.road", 1200, 31)
    assert str(left) == "IoU.road since iteration 1200 (now 31, expected 40 to 50)"


def test_logged_values_are_averaged_and_have_to_stay_longer():
    points = tuple(range(1, 31))
    watch = watch_of("a.loss", points)
    values = [45.0] * 10 + [80.0] + [45.0] * 10  # one value moves five averages
    assert not any(watch.see(iteration, {"a.loss": value}) for iteration, value in zip(points, values, strict=False) if iteration < 15)
    watch = watch_of("a.loss", points)
    found = [left for iteration in points for left in watch.see(iteration, {"a.loss": 45.0 if iteration < 10 else 60.0})]
    assert [left.since for left in found] == [11], "the first average above 50 is that of 45, 45, 45, 60, 60 at 11"


def test_what_is_not_finite_is_outside_and_what_is_absent_is_passed_over():
    watch = watch_of()
    assert watch.see(400, {"IoU.road": float("nan"), "IoU.other": 3.0}) == [] == watch.see(401, {"IoU.road": 1.0})
    assert watch.see(800, {"IoU.road": None}) == []
    assert watch.see(1200, {"IoU.road": float("nan")})[0].since == 400


def curves_of(generator, sigmas):
    """A made-up training: losses with noise of their own, and 20 IoUs whose scatter over seeds is anything from 0.4 to 6 points."""

    def wander(points, memory):
        steps = generator.normal(size=points)
        for place in range(1, points):
            steps[place] = memory * steps[place - 1] + math.sqrt(1 - memory**2) * steps[place]
        return steps

    losses = {f"{place}.loss": 2 * np.exp(0.03 * wander(40, 0.9) + 0.08 * generator.normal(size=40)) for place in range(6)}
    share = {"mix.confident_share": 0.6 + 0.03 * wander(40, 0.9) + 0.03 * generator.normal(size=40)}
    return losses | share | {f"IoU.{place}": 40 + sigma * wander(5, 0.7) for place, sigma in enumerate(sigmas)}


def departures(band, curves):
    watch, named = Watch(band), []
    for iteration in sorted({*range(50, 2001, 50)}):
        place, evaluated = iteration // 50 - 1, iteration // 400 - 1
        values = {name: series[place] for name, series in curves.items() if not is_evaluated(name)}
        if iteration % 400 == 0:
            values |= {name: series[evaluated] for name, series in curves.items() if is_evaluated(name)}
        named += watch.see(iteration, values)
    return named


def test_how_often_it_is_left_by_chance_and_by_a_fault():
    """Three seeds and 27 curves: hardly ever by the same training, nearly always by one that loses half of a loss or a class of 40 %."""
    generator, alarms, found, trials = np.random.default_rng(0), 0, 0, 40
    for _ in range(trials):
        sigmas = 1.5 * np.exp(0.7 * generator.normal(size=20))
        runs = [curves_of(generator, sigmas) for _ in range(3)]
        band = band_of({name: np.stack([run[name] if is_evaluated(name) else smoothed(run[name]) for run in runs]) for name in runs[0]})
        fresh = curves_of(generator, sigmas)
        alarms += bool(departures(band, fresh))
        faulty = {**fresh, "0.loss": np.where(np.arange(40) < 20, 1, 3) * fresh["0.loss"], "IoU.3": fresh["IoU.3"] * [1, 1, 0, 0, 0]}
        named = {left.name: left.since for left in departures(band, faulty)}
        found += 1000 < named.get("0.loss", 0) <= 1200 and named.get("IoU.3") == 1200
    assert alarms <= 0.05 * trials and found >= 0.8 * trials, (alarms, found)
