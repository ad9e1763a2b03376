"""Advice about data sets whose labels are read as they are."""

import pytest

from mmseg.datasets import IDDDataset, SynscapesDataset, UrbanSynDataset, WildDash2Dataset
from tests.advice.following import advice
from tests.datasets.kinds.test_unconverted import build, make


def test_ids_of_urbansyn(tmp_path):
    root = make(tmp_path, UrbanSynDataset, [7, 33])
    advice("If they are label ids of Cityscapes, set ids='label'.", lambda: build(UrbanSynDataset, root).read_label(0))
    assert build(UrbanSynDataset, root, ids="label").read_label(0).max() == 18


def test_labels_of_idd(tmp_path):
    """What AutoNUE draws has the names that are looked for."""
    root = make(tmp_path, IDDDataset, [0, 18, 255])
    (moved,) = (root / "gtFine/train/002").iterdir()
    content = moved.read_bytes()
    moved.unlink()
    advice("Draw labels of csTrainId with preperation/createLabels.py of the AutoNUE code.", lambda: build(IDDDataset, root))
    moved.write_bytes(content)
    assert len(build(IDDDataset, root)) == 3


@pytest.mark.parametrize("kind", [UrbanSynDataset, SynscapesDataset, WildDash2Dataset])
def test_unpacking_again(kind, tmp_path):
    root = make(tmp_path, kind)
    path = build(kind, root).label_path(1)
    content = path.read_bytes()
    path.unlink()
    if kind is UrbanSynDataset:
        advice("Unpack UrbanSyn again.", lambda: build(kind, root), file="urbansyn.py")
    elif kind is SynscapesDataset:
        advice("Unpack Synscapes again.", lambda: build(kind, root))
    else:
        advice("Unpack wd_public_02.zip again.", lambda: build(kind, root))
    path.write_bytes(content)
    assert len(build(kind, root)) == 3
