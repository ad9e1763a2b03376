"""Advice about products that one stage makes for another: their headers, class priors, soft maps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mmseg.datasets.statistics.class_priors import read_priors
from mmseg.utils.products.header import HEADER, check_header, read_header
from mmseg.utils.products.soft_maps import read_soft_map
from tests.advice.following import advice
from tests.advice.labelling import CLASSES, Labelling


@pytest.fixture
def labelling(tmp_path, call) -> Labelling:
    return Labelling(tmp_path, call)


def changed(path: Path, change) -> None:
    """Has a JSON file hold something else."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.fixture
def labels(labelling) -> Path:
    """Pseudo-labels, as the command leaves them."""
    return labelling.make("pseudo-labels", labelling.root / "made")


def checked(path: Path, kind: str = "pseudo-labels", **needed: object):
    return lambda: check_header(read_header(path, kind), path, kind=kind, **needed)


def test_broken_headers(labelling, labels):
    whole = (labels / HEADER).read_text()
    for content in (whole[:-9], "", json.dumps({**json.loads(whole), "version": 2})):
        (labels / HEADER).write_text(content)
        (tool,) = advice("Make a new one with {}, see its --help.", checked(labels))
    labelling.run(labelling.command(tool, labelling.root / "new"))
    checked(labelling.root / "new")()
    shutil.rmtree(labels)
    (tool,) = advice("Make a new one with {}, see its --help.", checked(labels))
    labelling.run(labelling.command(tool, labels))
    checked(labels)()


def test_another_kind(labelling, labels):
    *_, tool = advice(
        "holds a product of the kind '{}', and '{}' are needed. Make it with {}, see its --help.", checked(labels / HEADER, "priors")
    )
    labelling.run(labelling.command(tool, labelling.root / "priors.json"))
    checked(labelling.root / "priors.json", "priors", classes=CLASSES)()


def test_other_classes(labelling, labels, call):
    _, _, made_by = advice(
        "{} is made for other classes: {}. Make another with a network of the classes that are needed. This one was made with: {}",
        checked(labels, classes=CLASSES[:3]),
    )
    other = Labelling(labelling.root, call, CLASSES[:3])
    names = {labelling.config: other.config, labelling.checkpoint: other.checkpoint, labels: labelling.root / "other"}
    for old, new in names.items():
        assert str(old) in made_by
        made_by = made_by.replace(str(old), str(new))
    labelling.run(made_by)
    checked(labelling.root / "other", classes=CLASSES[:3])()


def test_other_images(labelling, labels):
    labelling.add_image("2.png")
    needed = [path.name for path in labelling.images.iterdir()]
    _, _, made_by = advice(
        "{} is made of other images: {}. Move it elsewhere and make it anew, of these images, with: {}", checked(labels, images=needed)
    )
    labels.rename(labelling.root / "elsewhere")
    labelling.run(made_by)
    checked(labels, images=needed)()


def test_priors_of_another_network(labelling, call):
    other = Labelling(labelling.root, call, CLASSES[:3])
    five, three = (each.make("priors", labelling.root / f"{len(each.classes)}.json") for each in (labelling, other))
    advice("holds the priors of {} classes, but the network has {}. Use those of its classes.", lambda: read_priors(five, num_classes=3))
    assert read_priors(three, num_classes=3).classes == CLASSES[:3]


def test_priors_that_say_nothing(labelling):
    path = labelling.make("priors", labelling.root / "priors.json")
    changed(path, lambda content: content["target"]["counts"].pop())
    *_, tool = advice("holds {} numbers for {} classes. Make it anew with {}.", lambda: read_priors(path))
    labelling.run(labelling.command(tool, path))
    assert len(read_priors(path).target) == 5
    changed(path, lambda content: content["source"].update(counts=[0] * 5))
    *_, tool = advice("holds nothing but zeros, so there is no prior. Make it anew with {}.", lambda: read_priors(path))
    labelling.run(labelling.command(tool, path))
    assert sum(read_priors(path).source)


def test_soft_maps(labelling):
    out = labelling.make("pseudo-labels", labelling.root / "soft", "--soft")
    made_by, path = json.loads((out / HEADER).read_text())["made_by"], out / "0.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    advice("{} is missing, cut off, or no soft map ({}). Move it elsewhere and make it again.", lambda: read_soft_map(path))
    path.rename(labelling.root / "broken.npz")
    labelling.run(made_by)
    assert len(read_soft_map(path)) == 5
    np.savez(path, levels=np.zeros((5, 4), np.uint8))
    advice("{} holds {} {}, no soft map uint8 [K, h, w]. Move it elsewhere and make it again.", lambda: read_soft_map(path))
    path.rename(labelling.root / "flat.npz")
    labelling.run(made_by)
    assert path.read_bytes() == whole
