"""tools/prepare/label_quality.py: precision and coverage, before and after the spatial prior, as users ask for them."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.apis.preparing.label_quality import LabelQuality, compare
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.models.uda.pseudo_labels.spatial_prior import class_thresholds, spatial_prior
from mmseg.utils.products.mixture_file import write_mixtures
from tests.advice.labelling import CLASSES, SIZE, Labelling
from tests.utils.products.test_mixture_file import HEADER, MADE
from tools.prepare import label_quality, pseudo_labels


def test_precision_and_coverage():
    truth = np.array([[0, 0, 1, 1, 255, 0]], np.uint8)
    made = np.array([[0, 1, 1, 255, 0, 255]], np.uint8)
    pixels = compare(made, truth, 3)
    assert pixels.tolist() == [[1, 1, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0]]
    quality = LabelQuality(np.stack([pixels, pixels]))
    assert quality.precision == pytest.approx(2 / 3) and quality.coverage == pytest.approx(3 / 5)
    assert quality.class_precision == pytest.approx([1, 1 / 2, math.nan], nan_ok=True)
    assert quality.class_coverage == pytest.approx([2 / 3, 1 / 2, math.nan], nan_ok=True)
    assert quality.covered().tolist() == [3, 3]
    assert quality.as_dict(["a", "b", "c"])["classes"]["precision"] == {"a": 1, "b": 0.5, "c": None}


def test_nothing_is_labelled():
    quality = LabelQuality(compare(np.full((1, 2), 255, np.uint8), np.zeros((1, 2), np.uint8), 2)[None])
    assert math.isnan(quality.precision) and quality.coverage == 0 and quality.as_dict(["a", "b"])["precision"] is None


def test_the_spatial_prior_leaves_what_is_right():
    """A noisy prediction of two halves: specks are wrong, and dropping them makes the rest righter and less."""
    draw = np.random.default_rng(0)
    truth = np.repeat([[0] * 30 + [1] * 30], 40, axis=0).astype(np.uint8)
    noisy = np.where(draw.random(truth.shape) < 0.1, 1 - truth, truth)
    before, after = (LabelQuality(compare(made, truth, 2)[None]) for made in (noisy, spatial_prior(noisy, (20, 20))))
    assert after.precision > before.precision + 0.03 and after.coverage < before.coverage == 1


LABELS = "val_dataloader['dataset']['labels'] = "
"""The line of the config after which the images of its evaluation have labels."""


@pytest.fixture
def labelling(tmp_path, works) -> Labelling:
    made = Labelling(tmp_path, works)
    made.config.write_text(made.config.read_text() + f"{LABELS}'{made.labels}'\n")
    return made


def make(labelling: Labelling, name: str, *options: str) -> Path:
    out = labelling.root / name
    labelling.call(pseudo_labels.main, labelling.config, labelling.checkpoint, "--out", out, "--split", "val", "--device", "cpu", *options)
    return out


def ids(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: read_label_ids(path) for path in sorted(folder.glob("*.png"))}


def test_before_and_after(labelling, works):
    before, after = make(labelling, "before"), make(labelling, "after", "--spatial-prior", "60")
    for name, label in ids(before).items():
        assert np.array_equal(ids(after)[name], spatial_prior(label, [60] * 5))
    report, picture = labelling.root / "report.json", labelling.root / "picture.png"
    printed = works(label_quality.main, labelling.config, before, after, "--out", report, "--picture", picture)
    content = json.loads(report.read_text())
    assert content["images"] == 2 and list(content["folders"]) == [str(before), str(after)]
    truths = {path.name: read_label_ids(path) for path in labelling.labels.glob("*.png")}
    for folder in (before, after):
        label, truth = (np.stack([found[name] for name in sorted(truths)]) for found in (ids(folder), truths))
        given = label != 255
        figures = content["folders"][str(folder)]
        assert figures["precision"] == pytest.approx((label == truth)[given].mean()) and figures["coverage"] == pytest.approx(given.mean())
        assert f"{folder}: precision {(label == truth)[given].mean():.2%}, coverage {given.mean():.2%}" in printed
        assert set(figures["classes"]["precision"]) == set(CLASSES)
    assert 0 < content["folders"][str(after)]["coverage"] < 1 == content["folders"][str(before)]["coverage"]
    assert cv2.imread(str(picture)).shape[0] > 2 * 256


def test_images_that_are_padded(labelling, works):
    """Their labels are compared as large as the network sees them, black and unknown where nothing is."""
    labelling.config.write_text(
        labelling.config.read_text()
        + "val_dataloader['dataset'] = dict(val_dataloader['dataset'], test_scale=(120, 60), test_keep_ratio='pad')\n"
    )
    report = labelling.root / "report.json"
    out = make(labelling, "out", "--spatial-prior", "60")
    works(label_quality.main, labelling.config, out, "--out", report, "--picture", labelling.root / "picture.png")
    (figures,) = json.loads(report.read_text())["folders"].values()
    assert all(label.shape == (60, 120) for label in ids(out).values()) and 0 < figures["precision"] < 1


def test_areas_from_the_frequencies_of_the_source(labelling):
    """Between BASE and BASE + RANGE; in proportion to the image where their size is given."""
    frequencies = dict(zip(CLASSES, (0.5, 0.1, 0.2, 0.15, 0.05), strict=True))
    arrays = [values.repeat(3, *([1] * (values.ndim - 1)))[:5] for values in (MADE.means, MADE.variances, MADE.weights)]
    header = {**HEADER, "classes": list(CLASSES), "frequencies": frequencies}
    write_mixtures(labelling.root / "mixtures.npz", type(MADE)(*arrays, units="raw", grid=(4, 4)), header)
    options = ("--spatial-prior", "20", "400", "--frequencies", str(labelling.root / "mixtures.npz"))
    areas = class_thresholds(list(frequencies.values()), 20, 400)
    for name, more, scale in (("a", (), 1), ("b", ("--spatial-prior-size", str(SIZE[1] * 2), str(SIZE[0])), 0.5)):
        folder = make(labelling, name, *options, *more)
        for image, label in ids(make(labelling, "plain")).items():
            assert np.array_equal(ids(folder)[image], spatial_prior(label, areas * scale))


def test_what_is_done_stays_and_other_areas_are_other_labels(labelling, fails):
    folder = make(labelling, "out", "--spatial-prior", "60")
    (folder / "1.png").unlink()
    kept = (folder / "0.png").stat().st_mtime_ns
    make(labelling, "out", "--spatial-prior", "60")
    assert (folder / "1.png").is_file() and (folder / "0.png").stat().st_mtime_ns == kept
    arguments = (labelling.config, labelling.checkpoint, "--out", folder, "--split", "val", "--device", "cpu")
    assert "holds pseudo-labels of other options (spatial_prior" in fails(pseudo_labels.main, *arguments, "--spatial-prior", "50")
    assert "holds pseudo-labels of other options (spatial_prior" in fails(pseudo_labels.main, *arguments)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--spatial-prior", "1", "2"), "--spatial-prior: 2 smallest components are given, but the network has 5 classes."),
        (("--spatial-prior", "-1"), "--spatial-prior and --spatial-prior-size count pixels."),
        (("--spatial-prior", "5", "--spatial-prior-size", "0", "4"), "--spatial-prior and --spatial-prior-size count pixels."),
        (("--spatial-prior", "5", "--soft"), "--spatial-prior counts the pixels of hard labels"),
        (("--spatial-prior", "5", "--class-quantile", "0.5"), "--spatial-prior counts the pixels of hard labels"),
        (("--frequencies", "a.npz"), "--frequencies is of --spatial-prior."),
        (("--spatial-prior-size", "4", "4"), "--spatial-prior-size is of --spatial-prior."),
        (("--spatial-prior", "5", "--frequencies", "a.npz"), "--frequencies needs two areas, and --spatial-prior has 1."),
        (("--spatial-prior", "5", "6", "--frequencies", "a.npz"), "a.npz does not exist."),
    ],
)
def test_one_line_about_bad_options(labelling, fails, options, said):
    out = labelling.root / "out"
    line = fails(pseudo_labels.main, labelling.config, labelling.checkpoint, "--out", out, "--split", "val", "--device", "cpu", *options)
    assert said in line and not out.exists()


def test_one_line_about_bad_folders(labelling, fails, tmp_path):
    folder = make(labelling, "out")
    assert "does not exist" in fails(label_quality.main, labelling.config, tmp_path / "nothing")
    shutil.copytree(folder, tmp_path / "broken")
    cv2.imwrite(str(tmp_path / "broken/1.png"), np.zeros((4, 4), np.uint8))
    assert "broken/1.png" in fails(label_quality.main, labelling.config, folder, tmp_path / "broken")
    soft = make(labelling, "soft", "--soft")
    assert "holds soft maps" in fails(label_quality.main, labelling.config, folder, soft)
    assert "figures are written as JSON" in fails(label_quality.main, labelling.config, folder, "--out", "a.txt")
    assert "the picture is a PNG" in fails(label_quality.main, labelling.config, folder, "--picture", "a.txt")


def test_images_without_labels(labelling, fails):
    folder = make(labelling, "out")
    labelling.config.write_text(labelling.config.read_text().partition(LABELS)[0])
    assert "--split val: the images have no labels to compare with." in fails(label_quality.main, labelling.config, folder)
