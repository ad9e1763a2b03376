"""Advice about labels that a network has made, as a training on them gives it."""

import json
from pathlib import Path

import pytest

from mmseg.datasets import FolderDataset
from mmseg.datasets.statistics.counts_file import COUNTS_FILE
from mmseg.utils.products.header import HEADER
from tests.advice.following import advice
from tests.advice.labelling import CLASSES, Labelling


@pytest.fixture
def labelling(tmp_path, call) -> Labelling:
    return Labelling(tmp_path, call)


def data(labelling: Labelling, labels: Path, **options: object):
    """Builds a data set whose labels were made."""
    return lambda: FolderDataset(images=str(labelling.images), labels=str(labels), classes=list(CLASSES), **options)


def test_labels_and_counts_that_are_gone(labelling):
    labels = labelling.make("pseudo-labels", labelling.root / "made")
    build = data(labelling, labels)
    counted = build().class_statistics()
    (labels / "0.png").unlink()
    (command,) = advice("is gone. Make it with: {}", build, file="made_labels.py")
    labelling.run(command)
    assert build().class_statistics() == counted
    counts = labels / COUNTS_FILE
    (labels / "1.png").write_bytes((labels / "1.png").read_bytes() + b"more")
    _, command = advice("{} is missing or about other labels. Move it elsewhere and make it with: {}", build().class_statistics)
    counts.rename(labelling.root / "old.json")
    labelling.run(command)
    assert build().class_statistics() == counted
    counts.unlink()
    _, command = advice("{} is missing or about other labels. Move it elsewhere and make it with: {}", build().class_statistics)
    labelling.run(command)
    assert build().class_statistics() == counted


def test_soft_maps(labelling):
    soft, hard = labelling.root / "soft", labelling.root / "hard"
    labelling.make("pseudo-labels", soft, "--soft", "--stride", "2")
    (command,) = advice(
        "holds soft maps, which are no labels. Make others in another folder, without --soft, --stride and --native: {}",
        data(labelling, soft),
    )
    labelling.run(command.replace(str(soft), str(hard)).replace(" --soft", "").replace(" --stride 2", ""))
    assert data(labelling, hard)().labelled and not json.loads((hard / HEADER).read_text())["settings"]["soft"]


def test_a_map_of_class_indices(labelling):
    labels = labelling.make("pseudo-labels", labelling.root / "made")
    advice(
        "FolderDataset: {} holds pseudo-labels, whose values are class indices. Leave label_map out.",
        data(labelling, labels, label_map={0: "road"}),
    )
    assert set(data(labelling, labels)().class_statistics().pixels) <= set(range(len(CLASSES)))
