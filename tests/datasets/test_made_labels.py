"""A training on labels that a network made: their header is compared, their names and counts are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmseg.datasets import CityscapesDataset, FolderDataset
from mmseg.datasets.classes.names import CLASSES
from mmseg.datasets.statistics.counts_file import COUNTS_FILE, write_counts
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import HEADER, images_digest
from tests.datasets.toy import position_image, write_png

COMMAND = "python tools/prepare/pseudo_labels.py a.py a.pth --out labels"
NAMES = ("a/1_leftImg8bit.png", "b/2_leftImg8bit.png")
LABEL = np.array([[0, 1], [255, 1]], np.uint8)


def write_header(folder: Path, **changes: object) -> None:
    header = {"version": 1, "kind": "pseudo-labels", "made_by": COMMAND, "digest": None, "checkpoint": "ab" * 32, "classes": list(CLASSES)}
    header |= {"images": 2, "images_digest": images_digest(NAMES), "complete": True, "settings": {"soft": False}}
    (folder / HEADER).write_text(json.dumps({**header, **changes}))


@pytest.fixture
def root(tmp_path) -> Path:
    """Two images with pseudo-labels, as the command leaves them."""
    for name in NAMES:
        write_png(tmp_path / "images" / name, position_image(1)[:2, :2])
        write_png(tmp_path / "labels" / name, LABEL)
    write_counts(tmp_path / "labels", {name: {0: 1, 1: 2, 255: 1} for name in NAMES}, tmp_path / "labels")
    write_header(tmp_path / "labels")
    return tmp_path


def cityscapes(root: Path, **options: object) -> CityscapesDataset:
    return CityscapesDataset(data_root=str(root), img_dir="images", ann_dir=str(root / "labels"), **options)


def folder(root: Path, **options: object) -> FolderDataset:
    return FolderDataset(images=str(root / "images"), labels=str(root / "labels"), **{"classes": list(CLASSES), **options})


@pytest.mark.parametrize("made", [cityscapes, folder])
def test_labels_are_found_read_and_counted(root, made):
    data = made(root)
    assert data.label_names == NAMES and data.labelled
    assert np.array_equal(data.read_label(0), LABEL)
    statistics = data.class_statistics()
    assert statistics.pixels == {0: 2, 1: 4} and statistics.files == {0: [(0, 1), (1, 1)], 1: [(0, 2), (1, 2)]}


def test_they_may_be_of_more_images_than_are_trained_on(root):
    (root / "split.txt").write_text("b/2\n")
    data = cityscapes(root, split="split.txt")
    assert data.label_names == NAMES[1:] and data.class_statistics().files == {0: [(0, 1)], 1: [(0, 2)]}


def test_fewer_classes_of_a_training(root):
    data = cityscapes(root, classes=["sidewalk", "road"])
    assert data.read_label(0).tolist() == [[1, 0], [255, 0]] and data.class_statistics().pixels == {1: 2, 0: 4}


ANOTHER = f"Make another with a network of the classes that are needed. This one was made with: {COMMAND}"


@pytest.mark.parametrize("made", [cityscapes, folder])
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"complete": False}, f"is not complete: what makes it was interrupted. Finish it with: {COMMAND}"),
        ({"classes": ["road"]}, f"is made for other classes: 1, and 19 are needed. {ANOTHER}"),
        ({"kind": "priors"}, "holds a product of the kind 'priors', and 'pseudo-labels' are needed."),
        (
            {"settings": {"soft": True}},
            f"holds soft maps, which are no labels. Make others in another folder, without --soft, --stride and --native: {COMMAND}",
        ),
    ],
)
def test_what_is_no_label_folder_for_this_training(root, made, changes, text):
    write_header(root / "labels", **changes)
    with pytest.raises(UserError) as caught:
        made(root)
    assert str(caught.value).startswith(f"{root / 'labels'} {text}")


@pytest.mark.parametrize("made", [cityscapes, folder])
def test_other_images_and_labels_that_are_gone(root, made):
    (root / "labels" / NAMES[1]).unlink()
    with pytest.raises(UserError, match=rf"{NAMES[1]} is gone\. Make it with: {COMMAND}"):
        made(root)
    write_png(root / "images/c/3_leftImg8bit.png", position_image(1)[:2, :2])
    with pytest.raises(
        UserError,
        match=rf"is made of other images: of 2, and 3 are needed\. Move it elsewhere and make it anew, of these images, with: {COMMAND}",
    ):
        made(root)


def test_counts_that_are_gone_or_of_other_labels(root):
    write_png(root / "labels" / NAMES[0], LABEL[::-1].copy())
    for data in (cityscapes(root), folder(root)):
        with pytest.raises(
            UserError, match=rf"{COUNTS_FILE} is missing or about other labels\. Move it elsewhere and make it with: {COMMAND}"
        ):
            data.class_statistics()
    (root / "labels" / COUNTS_FILE).unlink()
    with pytest.raises(UserError, match="is missing or about other labels"):
        cityscapes(root).class_statistics()


def test_values_are_class_indices(root):
    with pytest.raises(UserError, match=r"holds pseudo-labels, whose values are class indices\. Leave label_map out"):
        folder(root, label_map={0: "road"})


def test_labels_of_a_network_of_fewer_classes(root):
    """Their values are indices of its classes: nothing is translated."""
    few = ["road", "car", "sidewalk"]
    write_header(root / "labels", classes=few)
    data = cityscapes(root, classes=few)
    assert np.array_equal(data.read_label(0), LABEL) and data.class_statistics().pixels == {0: 2, 1: 4}
    with pytest.raises(UserError, match="is made for other classes"):
        cityscapes(root, classes=["road", "sidewalk", "car"])
