"""Archives for test servers: what is written, and what the offline check finds, file by file."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg.apis.evaluating.submission import (
    BENCHMARKS,
    archive_problems,
    check_archive,
    expected_sizes,
    submission_writer,
    write_archive,
    written_files,
)
from mmseg.apis.predicting.writers import result_files
from mmseg.datasets.classes.names import CLASSES, LABEL_IDS, PALETTE
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.evaluation.trust.counts import confidence_counts
from mmseg.evaluation.trust.measures import trust_scores
from mmseg.utils.errors import UserError

INFO = {"classes": CLASSES, "palette": PALETTE, "label_ids": LABEL_IDS}
NAMES = ("rain/test/a_rgb_anon", "snow/test/b_rgb_anon")
GOOD = np.arange(32, dtype=np.uint8).reshape(4, 8) % 19


@pytest.fixture
def images(tmp_path):
    """Two test images of 8x4 pixels in the folders of ACDC."""
    for name in NAMES:
        path = tmp_path / "images" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 8, 3), np.uint8)).save(path)
    return tmp_path / "images"


def archive(tmp_path, files: dict):
    """A zip file of arrays, pictures or bytes."""
    path = tmp_path / "sent.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            if isinstance(content, bytes):
                packed.writestr(name, content)
                continue
            (content if isinstance(content, Image.Image) else Image.fromarray(content)).save(tmp_path / "one.png")
            packed.write(tmp_path / "one.png", name)
    return path


def problems(path, images, name="acdc"):
    benchmark = BENCHMARKS[name]
    with zipfile.ZipFile(path) as packed:
        return archive_problems(packed, benchmark, expected_sizes(benchmark, images))


@pytest.mark.parametrize(
    ("name", "mode", "values"), [("cityscapes", "P", LABEL_IDS), ("acdc", "L", range(19)), ("dark_zurich", "L", range(19))]
)
def test_what_is_written_passes(tmp_path, images, name, mode, values):
    suffix = BENCHMARKS[name].image_suffix
    for image in sorted(images.rglob("*.png")):
        image.rename(str(image).replace("_rgb_anon.png", suffix))
    paths = sorted(images.rglob("*.png"))
    files = {str(path): tmp_path / "format" / path.name for path in paths}
    write = submission_writer(name, files, INFO)
    for path in paths:
        write(str(path), GOOD, None)
    (tmp_path / "format" / "older.png").write_bytes(b"")  # of another run
    write_archive(tmp_path / "sent.zip", files.values())
    assert problems(tmp_path / "sent.zip", images, name) == []
    with zipfile.ZipFile(tmp_path / "sent.zip") as packed:
        assert packed.namelist() == [path.name for path in sorted(paths, key=lambda path: path.name)]
        picture = Image.open(packed.open(paths[0].name))
        assert picture.mode == mode and np.array_equal(np.asarray(picture), np.array(values)[GOOD])


def test_every_mistake_is_named_by_file(tmp_path, images):
    files = {"a_rgb_anon.png": GOOD, "b_rgb_anon.png": GOOD}
    sixteen = Image.fromarray(GOOD.astype(np.uint16))
    cases = [
        ({}, []),
        ({"a_rgb_anon.png": np.full((4, 8), 19, np.uint8)}, ["a_rgb_anon.png: holds 19, not a train id (0..18)"]),
        ({"a_rgb_anon.png": GOOD[:, :4]}, ["a_rgb_anon.png: 4x4 pixels, its image 8x4"]),
        ({"a_rgb_anon.png": np.dstack([GOOD] * 3)}, ["a_rgb_anon.png: not 8 bits in a single channel (mode RGB)"]),
        ({"a_rgb_anon.png": sixteen}, ["a_rgb_anon.png: not 8 bits in a single channel (mode I;16)"]),
        ({"a_rgb_anon.png": b"nothing"}, ["a_rgb_anon.png: not a readable PNG"]),
        ({"c_rgb_anon.png": GOOD}, ["c_rgb_anon.png: no test image has this name"]),
        ({"x/a_rgb_anon.png": GOOD}, ["a_rgb_anon.png: 2 times in the archive (a_rgb_anon.png, x/a_rgb_anon.png)"]),
    ]
    for changes, expected in cases:
        assert problems(archive(tmp_path, files | changes), images) == expected, expected
    assert problems(archive(tmp_path, {"b_rgb_anon.png": GOOD}), images) == ["a_rgb_anon.png: missing"]


def test_train_ids_are_no_label_ids(tmp_path, images):
    with zipfile.ZipFile(archive(tmp_path, {"a_rgb_anon.png": GOOD, "b_rgb_anon.png": GOOD})) as packed:
        found = archive_problems(packed, BENCHMARKS["cityscapes"], {"a_rgb_anon.png": (8, 4), "b_rgb_anon.png": (8, 4)})
    assert found[0] == "a_rgb_anon.png: holds 0, 1, 2, 3, 4, …, not a label id of an evaluated class" and len(found) == 2


def test_a_truncated_prediction(tmp_path, images):
    Image.fromarray(np.random.default_rng(0).integers(0, 19, (4, 8), np.uint8)).save(tmp_path / "whole.png")
    content = (tmp_path / "whole.png").read_bytes()
    path = archive(tmp_path, {"a_rgb_anon.png": content[: len(content) // 2], "b_rgb_anon.png": GOOD})
    assert problems(path, images) == ["a_rgb_anon.png: not a readable PNG"]


def test_the_number_of_images_is_known(tmp_path, images):
    path = archive(tmp_path, {"a_rgb_anon.png": GOOD, "b_rgb_anon.png": GOOD})
    assert check_archive(path, BENCHMARKS["acdc"], images) == [f"{images}: 2 images, but the test split of ACDC has 2000"]
    assert check_archive(path, replace(BENCHMARKS["acdc"], images=2), images) == []
    counts = {"cityscapes": 1525, "acdc": 2000, "dark_zurich": 151, "bravo": None}
    assert {name: benchmark.images for name, benchmark in BENCHMARKS.items()} == counts


def test_no_archive(tmp_path, images):
    (tmp_path / "text.zip").write_text("text")
    for name, text in (("missing.zip", "does not exist"), ("text.zip", "cannot be read as a zip archive")):
        with pytest.raises(UserError, match=text):
            check_archive(tmp_path / name, BENCHMARKS["acdc"], images)


def test_no_images(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match=r"no file below it ends with '_rgb_anon.png'. Give the folder with the test images of ACDC"):
            check_archive(tmp_path / "sent.zip", BENCHMARKS["acdc"], folder)


def test_other_classes_than_those_of_the_benchmark(tmp_path):
    with pytest.raises(UserError, match="ACDC evaluates the 19 Cityscapes classes, the data have 2 others"):
        submission_writer("acdc", tmp_path, {"classes": ("a", "b"), "palette": PALETTE[:2], "label_ids": (0, 1)})


def test_two_test_images_of_one_name(images):
    (images / "copy").mkdir()
    (images / "rain/test/a_rgb_anon.png").rename(images / "copy/b_rgb_anon.png")
    with pytest.raises(UserError, match=r"one prediction, b_rgb_anon\.png, for copy/b_rgb_anon\.png and snow/test/b_rgb_anon\.png\. Give"):
        expected_sizes(BENCHMARKS["acdc"], images)


# BRAVO: two files of each image, in its folders


@pytest.fixture
def sure(tmp_path, images):
    """What is written of the two images: the archive, predictions and confidences [H, W] by path."""
    rng = np.random.default_rng(0)
    paths = sorted(images.rglob("*.png"))
    files = result_files(tmp_path / "format", ImageFiles(images, tuple(str(path.relative_to(images)) for path in paths)))
    write = submission_writer("bravo", files, INFO)
    given = {str(path): (GOOD, rng.uniform(1 / 19, 1, (4, 8)).astype(np.float32)) for path in paths}
    for path, (prediction, confidence) in given.items():
        write(path, prediction, confidence)
    write_archive(tmp_path / "sent.zip", written_files(BENCHMARKS["bravo"], files), tmp_path / "format")
    return tmp_path / "sent.zip", given


def changed(tmp_path, sent, changes: dict):
    """The archive with other files in it; None leaves one out."""
    with zipfile.ZipFile(sent) as packed:
        content = {name: packed.read(name) for name in packed.namelist()} | changes
    return archive(tmp_path, {name: value for name, value in content.items() if value is not None})


def test_two_files_of_each_image(sure, images):
    sent, given = sure
    assert check_archive(sent, BENCHMARKS["bravo"], images) == []
    with zipfile.ZipFile(sent) as packed:
        assert packed.namelist() == [f"{name}_{kind}.png" for name in NAMES for kind in ("conf", "pred")]
        predicted, confident = (Image.open(packed.open(f"{NAMES[0]}_{kind}.png")) for kind in ("pred", "conf"))
        assert predicted.mode == "L" and np.array_equal(np.asarray(predicted), GOOD)
        levels = np.asarray(confident)
        assert confident.mode == "I;16" and np.abs(levels / 65535 - given[str(images / f"{NAMES[0]}.png")][1]).max() <= 0.5001 / 65535


def test_the_files_have_the_measures_that_were_printed(sure, images):
    """Counts of the confidences themselves, and of those in the files: the same to the last pixel, and so is all that follows."""
    sent, given = sure
    label = torch.from_numpy(np.random.default_rng(1).integers(0, 19, (4, 8)))
    label[0, :3] = 255
    printed, read = 0, 0
    for path, (prediction, confidence) in given.items():
        printed = printed + confidence_counts(torch.from_numpy(prediction), label, torch.from_numpy(confidence), 255)
        base = Path(path).relative_to(images).with_suffix("")
        with zipfile.ZipFile(sent) as packed:
            files = (np.asarray(Image.open(packed.open(f"{base}_{kind}.png"))) for kind in ("pred", "conf"))
            found, level = (torch.from_numpy(file.astype(np.int64)) for file in files)
        read = read + confidence_counts(found, label, level / 65535, 255)
    assert np.array_equal(printed, read) and printed.sum() == 2 * 29
    assert repr(trust_scores(printed, 50.0)) == repr(trust_scores(read, 50.0))  # undefined ones are NaN


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("conf", None, "a_rgb_anon_conf.png: missing"),
        ("pred", None, "a_rgb_anon_pred.png: missing"),
        ("conf", np.full((4, 4), 60000, np.uint16), "a_rgb_anon_conf.png: 4x4 pixels, its image 8x4"),
        ("conf", np.full((4, 8), 200, np.uint8), "a_rgb_anon_conf.png: not 16 bits in a single channel (mode L)"),
        ("pred", np.full((4, 8), 2, np.uint16), "a_rgb_anon_pred.png: not 8 bits in a single channel (mode I;16)"),
        ("pred", np.full((4, 8), 19, np.uint8), "a_rgb_anon_pred.png: holds 19, not a train id (0..18)"),
        (
            "conf",
            np.full((4, 8), 255, np.uint16),
            "a_rgb_anon_conf.png: holds 255, and the likeliest of 19 classes has 3449 of 65535 at least",
        ),
        ("conf", b"nothing", "a_rgb_anon_conf.png: not a readable PNG"),
    ],
)
def test_mistakes_of_two_files(sure, images, tmp_path, kind, content, said):
    sent = changed(tmp_path, sure[0], {f"rain/test/a_rgb_anon_{kind}.png": content})
    assert check_archive(sent, BENCHMARKS["bravo"], images) == [f"rain/test/{said}"]


def test_files_in_other_folders_belong_to_no_image(sure, images, tmp_path):
    sent = changed(tmp_path, sure[0], {"a_rgb_anon_pred.png": GOOD})
    assert check_archive(sent, BENCHMARKS["bravo"], images) == ["a_rgb_anon_pred.png: no test image has this name"]
