"""Advice about labels that people give: what goes out, what comes back, and for which training."""

import json
import shutil
from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.apis.annotating.export import export
from mmseg.apis.annotating.importing import import_labels
from mmseg.apis.annotating.waiting import find_round
from mmseg.apis.training.train import train
from mmseg.datasets.annotating.oracle import ASKED
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.utils.errors import Waiting
from tests import annotated
from tests.advice.following import advice


@pytest.fixture
def out(waiting, tmp_path):
    """An exported round in which people have labelled everything as class 0."""
    export(find_round(waiting, None), tmp_path / "out")
    for path in (tmp_path / "out/labels").rglob("*.png"):
        save(path, np.where(read_label_ids(path) == ASKED, np.uint8(0), np.uint8(255)))
    return tmp_path / "out"


@pytest.fixture
def path(out):
    """One of its labels."""
    return sorted((out / "labels").rglob("*.png"))[0]


def save(path, label):
    Image.fromarray(label.astype(np.uint8)).save(path)


def bring(run, out):
    """Imports everything."""
    assert import_labels(find_round(run, None), out) == []


def test_a_folder_that_is_used(waiting, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used/file").touch()
    advice("--out {} holds something already. Choose a new folder.", lambda: export(find_round(waiting, None), tmp_path / "used"))
    assert export(find_round(waiting, None), tmp_path / "new") == 4


def test_no_training(waiting, tmp_path):
    (tmp_path / "empty").mkdir()
    advice("is no folder of a training. Give the one that waits for labels.", lambda: find_round(tmp_path / "empty", None))
    assert find_round(waiting, None).folder.number == 1


def test_no_round_that_waits(tiny_data, trained, tmp_path, monkeypatch, waiting):
    """A finished training without rounds; one with people waits."""
    advice("{} has {} ({}). Train it with oracle='people' until it waits.", lambda: find_round(trained, None))
    with pytest.raises(Waiting):
        train(annotated.config(tiny_data, {"oracle": "people"}), tmp_path / "run_with_people")
    assert find_round(tmp_path / "run_with_people", None).folder.number == 1


def moved_data(tiny_data, run, tmp_path):
    """The run with a copy of its data that may be broken."""
    shutil.copytree(tiny_data, tmp_path / "data")
    config = run / "config.py"
    config.write_text(config.read_text().replace(str(tiny_data), str(tmp_path / "data")))
    return sorted((tmp_path / "data/cityscapes/leftImg8bit/train").rglob("*.png"))


def test_other_images(waiting, tiny_data, tmp_path):
    image = moved_data(tiny_data, waiting, tmp_path)[0]
    kept = image.rename(tmp_path / "kept.png")
    advice("{} is about other images than {} has now. Put back those of the training.", lambda: find_round(waiting, None))
    kept.rename(image)
    assert export(find_round(waiting, None), tmp_path / "out") == 4


def test_an_image_of_another_size(waiting, tiny_data, tmp_path):
    image = moved_data(tiny_data, waiting, tmp_path)[2]
    kept = shutil.copy(image, tmp_path / "kept.png")
    cv2.imwrite(str(image), cv2.imread(str(image))[:-1])
    (name,) = advice(
        "{} has another size than when it was asked about. Put back the image of the training.",
        lambda: export(find_round(waiting, None), tmp_path / "broken"),
    )
    shutil.copy(kept, name)
    assert export(find_round(waiting, None), tmp_path / "out") == 4


def test_a_round_that_is_finished(waiting, out, tiny_data, tmp_path):
    bring(waiting, out)
    advice("{} {}. Train in another folder to label anew.", lambda: import_labels(find_round(waiting, 1), out))
    with pytest.raises(Waiting):
        train(annotated.config(tiny_data, {"oracle": "people"}), tmp_path / "run_anew")
    assert len(import_labels(find_round(tmp_path / "run_anew", None), out)) == 0  # an untrained network asks for the same


def test_a_label_of_no_image(waiting, out, path, tmp_path):
    renamed = path.rename(path.with_name("my_label.png"))
    for given, text in (
        (out, "my_label.png belongs to no image"),
        (tmp_path / "other", "is no folder"),
        (waiting / "annotations", "holds no PNG"),
    ):
        (what,) = advice("{}. Give the exported folder, and keep its names.", partial(import_labels, find_round(waiting, None), given))
        assert text in what
    renamed.rename(path)
    bring(waiting, out)


def test_a_label_of_another_size(waiting, out, path, tmp_path):
    save(path, read_label_ids(path)[:-1])

    def bring_wrong():
        bring(waiting, out)

    advice("{} has {} pixels, its image has {}. {}", bring_wrong)
    advice("Export the round again and draw on its template.", bring_wrong)
    export(find_round(waiting, None), tmp_path / "again")
    template = read_label_ids(tmp_path / "again/labels" / path.relative_to(out / "labels"))
    save(path, np.where(template == ASKED, 0, 255))
    bring(waiting, out)


def test_an_id_that_is_no_class(waiting, out, path):
    label = read_label_ids(path)
    save(path, np.where(label == 0, 19, label))
    _, wrong, last = advice(
        "{} holds the id {}, which is no class. Use train ids from 0 to {}, and 255 for what no class fits.",
        lambda: import_labels(find_round(waiting, None), out),
    )
    save(path, np.where(label == 0, int(last), label))
    assert wrong == "19"
    bring(waiting, out)


def test_labels_outside(waiting, out, path):
    label = read_label_ids(path)
    save(path, np.zeros_like(label))
    advice(
        "Draw inside the regions alone, and leave all else as the template has it.", lambda: import_labels(find_round(waiting, None), out)
    )
    save(path, label)
    bring(waiting, out)


def test_pixels_that_are_left(waiting, out, path):
    label = read_label_ids(path).copy()
    place = tuple(np.argwhere(label == 0)[0])
    label[place] = ASKED
    save(path, label)
    *_, last = advice(
        "the first at {}. Give each a train id from 0 to {}, or 255 where no class fits.",
        lambda: import_labels(find_round(waiting, None), out),
    )
    label[place] = int(last)
    save(path, label)
    bring(waiting, out)


def test_picks_outside_of_their_image(waiting, out, tmp_path):
    """The file is restored, or all is moved elsewhere and another training asks."""
    found = find_round(waiting, None)
    file = found.folder.picks_file(found.stems[0])
    kept = file.read_text()
    file.write_text(json.dumps({**json.loads(kept), "size": [4, 4]}))
    advice("{} has picks outside of its image, or no size of it. {}", lambda: import_labels(find_round(waiting, None), out))
    file.write_text(kept)
    bring(waiting, out)
