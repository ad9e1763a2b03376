"""Bad files: named, or skipped, counted and logged; a loader worker that dies tells what it was reading."""

import shutil

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmseg.datasets import CityscapesDataset, RunningIndexSampler, UDADataset
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.datasets.reading.encoded import Encoded
from mmseg.datasets.sampling import uda_dataset
from mmseg.registry import DATASETS
from mmseg.utils.errors import BadFileError, UserError
from tests.datasets.toy import crop, make_cityscapes, make_gta, source_config, target_config, write_png


@pytest.fixture
def folders(tmp_path):
    return make_gta(tmp_path / "gta"), make_cityscapes(tmp_path / "cityscapes", labels=True)


def build(folders, **options):
    crops = {"source_crop": crop(), "target_crop": crop()}
    return UDADataset(source=source_config(folders[0]), target=target_config(folders[1]), **crops, **options)


DAMAGES = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:60]), "is cut off (60 bytes)"),
    "empty": (lambda path: path.write_bytes(b""), "is empty (0 bytes)"),
    "text": (lambda path: path.write_bytes(b"<html>" + path.read_bytes()[-20:]), "is not a readable image"),
    "missing": (lambda path: (path.unlink(), (path.parent / "another").touch()), "No such file"),
    "other size": (lambda path: write_png(path, np.zeros((41, 80), np.uint8)), "Copy the matching pair again."),
    "colours": (lambda path: write_png(path, np.zeros((40, 80, 3), np.uint8)), "is an 8-bit RGB PNG, not one channel of ids"),
    "16 bits": (lambda path: write_png(path, np.full((40, 80), 256, np.uint16)), "holds the label 256"),
    "raw ids": (lambda path: write_png(path, np.full((40, 80), 33, np.uint8)), "holds the label 33"),
}
IMAGE_DAMAGES = ("cut", "empty", "text", "missing")
FIXES = ("Copy or download the file again.", "Put the file there", "Copy the matching pair", "Write the class ids", "Create it with: ")


def damaged(folders, pattern: str, damage: str, text: str, read) -> None:
    """Damages every file of a pattern, after the data set has listed them, and expects the first that is read to be named."""
    paths = [path for folder in folders for path in folder.glob(pattern)]
    assert paths
    for path in paths:
        DAMAGES[damage][0](path)
    with pytest.raises(BadFileError) as raised:
        read()
    message = str(raised.value)
    assert any(str(path) in message for path in paths) and text in message and "\n" not in message and any(fix in message for fix in FIXES)


@pytest.mark.parametrize("damage", DAMAGES)
def test_source_label(folders, damage):
    dataset = build(folders)
    damaged(folders, "labels/*TrainIds.png", damage, DAMAGES[damage][1], lambda: dataset[0])


@pytest.mark.parametrize("damage", [*IMAGE_DAMAGES, "other size"])
def test_source_image(folders, damage):
    dataset = build(folders)
    damaged(folders, "images/*.png", damage, DAMAGES[damage][1], lambda: dataset[0])


@pytest.mark.parametrize("damage", IMAGE_DAMAGES)
def test_target_image(folders, damage):
    dataset = build(folders)
    damaged(folders, "leftImg8bit/train/*/*.png", damage, DAMAGES[damage][1], lambda: dataset[0])


@pytest.mark.parametrize("pattern", ["leftImg8bit/val/*/*.png", "gtFine/val/*/*.png"])
@pytest.mark.parametrize("damage", IMAGE_DAMAGES)
def test_validation_file(folders, pattern, damage):
    dataset = CityscapesDataset(data_root=str(folders[1]), img_dir="leftImg8bit/val", ann_dir="gtFine/val")
    damaged(folders, pattern, damage, DAMAGES[damage][1], lambda: dataset[0])


# Skipping


def same(one: dict, other: dict) -> bool:
    return all(torch.equal(one[domain][key], other[domain][key]) for domain in ("source", "target") for key in one[domain])


def test_good_samples_are_as_without_the_option(folders):
    plain, skipping = build(folders), build(folders, on_bad_sample="skip")
    for index in range(4):
        assert same(plain[index], skipping[index])
        assert "skipped" not in plain[index] and skipping[index]["skipped"] == 0


def test_a_bad_sample_is_replaced_counted_and_logged_once(folders, monkeypatch):
    lines = []
    monkeypatch.setattr(uda_dataset, "print_log", lambda text, **_: lines.append(text))
    good, (bad, *_) = [build(folders)[index] for index in range(24)], sorted((folders[0] / "images").iterdir())
    bad.write_bytes(b"")
    dataset = build(folders, on_bad_sample="skip")
    found = [dataset[index] for index in range(24)]
    for index, sample in enumerate(found):
        was_bad = int(good[index]["source"]["image"][0, 0, 0]) == 1  # red is the number of the image
        assert (sample["skipped"] > 0) == was_bad and sample["index"] == index
        assert int(sample["source"]["image"][0, 0, 0]) != 1
        assert was_bad or same(sample, good[index])
        assert same(sample, build(folders, on_bad_sample="skip")[index])  # a function of seed and number
    assert sum(line == f"Skipped: {bad} is empty (0 bytes). Copy or download the file again." for line in lines[:1]) == 1
    assert sum(sample["skipped"] > 0 for sample in found) == 4  # every file once per epoch of six


def test_each_file_is_logged_once(folders, monkeypatch):
    lines = []
    monkeypatch.setattr(uda_dataset, "print_log", lambda text, **_: lines.append(text))
    dataset = build(folders, on_bad_sample="skip")
    (folders[0] / "images/00001.png").write_bytes(b"")
    for index in range(24):
        dataset[index]
    assert len(lines) == 1


def test_the_count_reaches_the_main_process(folders):
    (folders[0] / "images/00001.png").write_bytes(b"")
    dataset = build(folders, on_bad_sample="skip")
    loader = DataLoader(dataset, 6, sampler=RunningIndexSampler(dataset=dataset), num_workers=1)
    assert (next(iter(loader))["skipped"] > 0).sum() == 1


def test_too_many_bad_samples_end_it(folders):
    dataset = build(folders, on_bad_sample="skip")
    for path in folders[1].glob("leftImg8bit/train/*/*.png"):
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"5 samples in a row are bad.*check_data.py.* is empty \(0 bytes\)\. Copy or"):
        dataset[0]


@pytest.mark.parametrize("gone", ["images", "labels", "leftImg8bit/train"])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("choice", ["raise", "skip"])
def test_a_folder_that_vanishes(folders, gone, left, choice):
    """A disk that is no longer mounted leaves an empty folder, or none; other sources would stand in for it for ever."""
    others = {"type": "SeveralDatasets", "datasets": [source_config(folders[0]), source_config(make_gta(folders[0].parent / "other"))]}
    dataset = UDADataset(
        source=others, target=target_config(folders[1]), source_crop=crop(), target_crop=crop(), on_bad_sample=choice, seed=1
    )
    folder = next(place / gone for place in folders if (place / gone).is_dir())
    shutil.move(folder, folder.parent / "away")
    if left:
        folder.mkdir()
    with pytest.raises(UserError, match=rf"^{folder} has been moved or emptied, or its disk is no longer mounted\. Move it back") as raised:
        for index in range(12):
            dataset[index]
    assert not isinstance(raised.value, BadFileError)


@pytest.mark.parametrize("gone", ["leftImg8bit/train", "gtFine/train"])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_folder_that_vanishes_in_an_evaluation(folders, gone, workers):
    data = DATASETS.build({**target_config(folders[1]), "ann_dir": "gtFine/train"})
    batches = iter(SteadyLoader(data, batch_size=None, num_workers=workers))
    next(batches)
    shutil.move(folders[1] / gone, folders[1] / "away")
    with pytest.raises(
        UserError, match=rf"^{folders[1] / gone} has been moved or emptied, or its disk is no longer mounted\. Move it back"
    ):
        list(batches)


def test_other_mistakes_are_not_skipped(folders):
    dataset = build(folders, on_bad_sample="skip", crop_pseudo_margins=[20, 20, 0, 0])
    with pytest.raises(UserError, match="smaller margins"):
        dataset[0]


def test_unknown_choice(folders):
    with pytest.raises(UserError, match=r"on_bad_sample='ignore'\. Use 'raise' or 'skip'\."):
        build(folders, on_bad_sample="ignore")


# Workers that die


def test_files_of_a_sample(folders, monkeypatch):
    dataset = build(folders)
    read = []
    original = Encoded.color
    monkeypatch.setattr(Encoded, "color", lambda file: read.append(file.path) or original(file))
    for index in range(5):
        dataset[index]
        image, label, target = dataset.files(index)
        assert read[-2:] == [image, target] and label.stem.startswith(image.stem)


def test_a_copy_of_the_data_serves_as_well(folders, tmp_path):
    """Samples do not depend on where the files lie."""
    copy = tuple(shutil.copytree(folder, tmp_path / "copy" / folder.name) for folder in folders)
    assert same(build(folders)[3], build(copy)[3])
