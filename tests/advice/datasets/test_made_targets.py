"""Advice about pseudo-labels as labels of the target."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.datasets import UDADataset
from mmseg.utils.products.header import HEADER
from mmseg.utils.products.soft_maps import read_levels, write_soft_map
from tests.advice.following import advice
from tests.advice.labelling import CLASSES, SIZE, Labelling


@pytest.fixture
def labelling(tmp_path, call) -> Labelling:
    return Labelling(tmp_path, call)


def sample(labelling: Labelling, **options: Path):
    """Loads a sample of a training whose target has labels that were made."""
    target = {"type": "FolderDataset", "images": str(labelling.images), "classes": list(CLASSES)}
    crop = {"img_scale": SIZE[::-1], "crop_size": (32, 32)}
    given = {"source": {**target, "labels": str(labelling.labels)}, "target": target, "source_crop": crop, "target_crop": crop}
    return lambda: UDADataset(**given, **{name: str(folder) for name, folder in options.items()})[0]["target"]


def test_the_other_kind(labelling):
    hard, soft = labelling.make("pseudo-labels", labelling.root / "hard"), labelling.root / "soft"
    _, command = advice(
        "{} holds labels, and soft maps are needed. Make them in another folder, with --soft: {}",
        sample(labelling, target_soft_labels=hard),
    )
    labelling.run(f"{command.replace(str(hard), str(soft))} --soft")
    assert sample(labelling, target_soft_labels=soft)()["soft"].shape[0] == len(CLASSES)
    others = labelling.root / "others"
    (command,) = advice(
        "Make others in another folder, without --soft, --stride and --native: {}",
        sample(labelling, target_labels=soft),
    )
    labelling.run(command.replace(str(soft), str(others)).replace(" --soft", ""))
    assert sample(labelling, target_labels=others)()["label"].shape == (32, 32)


def again(labelling: Labelling, folder: Path, command: str) -> None:
    """Moves all maps elsewhere, and runs the command that the error names."""
    old = labelling.root / "old"
    old.mkdir()
    for path in folder.iterdir():
        if path.name != HEADER:
            path.rename(old / path.name)
    labelling.run(command)


@pytest.mark.parametrize("options", [["--stride", "2"], ["--native"]])
def test_soft_maps_of_another_size(labelling, options):
    soft = labelling.make("pseudo-labels", labelling.root / "soft", "--soft", *options)
    load = sample(labelling, target_soft_labels=soft)
    assert load()
    for path in soft.glob("*.npz"):
        write_soft_map(path, read_levels(path)[:, :, :9])
    *_, fix = advice("{} is a soft map of {} values, which is none of an image of {}. {}", load)
    again(labelling, soft, *advice("Move it elsewhere and make it again with: {}", load, file="made_targets.py"))
    assert fix.endswith("--soft " + " ".join(options)) and load()


def test_soft_maps_of_other_classes(labelling):
    soft = labelling.make("pseudo-labels", labelling.root / "soft", "--soft")
    load = sample(labelling, target_soft_labels=soft)
    for path in soft.glob("*.npz"):
        write_soft_map(path, read_levels(path)[:-1])
    *_, given, needed, _ = advice("{} holds {} classes, and {} are needed. {}", load)
    assert (given, needed) == ("4", "5")
    again(labelling, soft, *advice("Move it elsewhere and make it again with: {}", load, file="made_targets.py"))
    assert load()


def test_labels_of_another_size(labelling):
    hard = labelling.make("pseudo-labels", labelling.root / "hard")
    load = sample(labelling, target_labels=hard)
    for path in hard.glob("*.png"):
        cv2.imwrite(str(path), np.zeros((8, 8), np.uint8))
    again(labelling, hard, *advice("Move it elsewhere and make it again with: {}", load, file="made_targets.py"))
    assert load()["label"].shape == (32, 32) and json.loads((hard / HEADER).read_text())["complete"]
