"""What a training says at its start about classes that no source label shows."""

import numpy as np
import pytest

from mmseg.datasets import UDADataset
from mmseg.datasets.sampling import source_classes
from mmseg.datasets.sampling.source_classes import source_note
from mmseg.utils.errors import BadFileError, UserError
from tests.datasets.toy import crop, write_png

SAMPLING = {"min_pixels": 1, "class_temp": 0.1, "min_crop_ratio": 0.5}


@pytest.fixture
def source(tmp_path) -> dict:
    """Four labels with the ids 0 and 1."""
    for number in range(4):
        write_png(tmp_path / f"images/{number}.png", np.zeros((40, 80, 3), np.uint8))
        write_png(tmp_path / f"labels/{number}.png", np.repeat(np.uint8([[0, 1]]), 40, axis=0).repeat(40, axis=1))
    return {"type": "FolderDataset", "images": str(tmp_path / "images"), "labels": str(tmp_path / "labels"), "classes": ["sky", "sea"]}


def note(source: dict, **options) -> str | None:
    return source_note(UDADataset(source=source, source_crop=crop(), **options))


WITH_AND_WITHOUT = pytest.mark.parametrize("options", [{}, {"rare_class_sampling": SAMPLING}], ids=["plain", "rare classes"])


@WITH_AND_WITHOUT
def test_all_classes_occur(source, options):
    assert note(source, **options) is None


@WITH_AND_WITHOUT
def test_a_class_that_no_label_shows(source, options):
    text = note({**source, "classes": ["sky", "sea", "sand"]}, **options)
    assert text == f"No label of the source {source['labels']} has a pixel of: sand. No network learns these classes from it."


def test_a_class_that_the_data_cannot_have_is_no_news(source):
    assert note({**source, "classes": ["sky", "sea", "sand"], "label_map": {0: "sky", 1: "sea"}}) is None


@WITH_AND_WITHOUT
def test_everything_is_ignored(source, options):
    with pytest.raises(UserError, match=r"has a pixel of a class, all of them are ignored\. Correct label_map, ignore or classes") as error:
        note({**source, "label_map": {7: "sky", 8: "sea"}, "ignore": [0, 1]}, **options)
    assert "\n" not in str(error.value)


def test_of_many_labels_only_what_is_needed_is_read(source, monkeypatch):
    monkeypatch.setattr(source_classes, "LOOKS", 3)
    read = []
    original = source_classes.read_encoded
    monkeypatch.setattr(source_classes, "read_encoded", lambda path: read.append(path) or original(path))
    assert note({**source, "classes": ["sky", "sea", "sand"]}) is None and len(read) == 1


@pytest.mark.parametrize("broken", [["0"], ["0", "1", "2", "3"]], ids=["one", "all"])
def test_broken_labels_are_no_ignored_ones(source, tmp_path, broken):
    for name in broken:
        (tmp_path / f"labels/{name}.png").write_bytes(b"")
    assert note(source, on_bad_sample="skip") is None
    with pytest.raises(BadFileError, match=r"0\.png is empty"):
        note(source)


def test_several_sources_show_their_classes_together(source, tmp_path):
    sea = {**source, "label_map": {1: "sea"}, "ignore": [0]}
    sky = {**source, "label_map": {0: "sky"}, "ignore": [1]}
    assert note({"type": "SeveralDatasets", "datasets": [sea, sky]}) is None
