"""Data sets whose labels are read as they are: UrbanSyn, Synscapes, WildDash2 and IDD on small made-up files in their folders."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmseg.apis.checking.known_sizes import KNOWN_SIZES
from mmseg.datasets import IDDDataset, SynscapesDataset, UDADataset, UrbanSynDataset, WildDash2Dataset
from mmseg.datasets.classes.names import CLASSES, IGNORE, LABEL_IDS, LABEL_NAMES
from mmseg.datasets.statistics.counts_file import COUNTS_FILE
from mmseg.utils.errors import BadFileError, UserError
from tests.datasets.toy import crop, position_image, write_png

SIZE = (40, 80)
FILES = {
    UrbanSynDataset: ("rgb/rgb_{:04}.png", "ss/ss_{:04}.png", {"ann_dir": "ss"}),
    SynscapesDataset: ("img/rgb/{}.png", "img/class/{}.png", {"ann_dir": "img/class"}),
    WildDash2Dataset: ("images/aa_{:06}.jpg", "labels/aa_{:06}.png", {"ann_dir": "labels"}),
    IDDDataset: (
        "leftImg8bit/train/{:03}/frame_leftImg8bit.png",
        "gtFine/train/{:03}/frame_gtFine_labelcsTrainIds.png",
        {"img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train"},
    ),
}
"""Image, label and options."""
BY_LABEL_ID, BY_TRAIN_ID = (SynscapesDataset, WildDash2Dataset), (UrbanSynDataset, IDDDataset)
KINDS = pytest.mark.parametrize("kind", list(FILES), ids=lambda kind: kind.__name__)


def label_of(ids) -> np.ndarray:
    """Equal stripes of the ids, from left to right; the last takes the rest."""
    width = SIZE[1] // len(ids)
    stripes = np.minimum(np.arange(SIZE[1]) // width, len(ids) - 1)
    return np.tile(np.asarray(ids, np.uint8)[stripes], (SIZE[0], 1))


def make(root: Path, kind: type, ids=(0, 1, 2, 3), count: int = 3) -> Path:
    """``count`` images with labels of the ids, the first one number 1."""
    image, label, _ = FILES[kind]
    for number in range(1, count + 1):
        write_png(root / image.format(number), position_image(number))
        write_png(root / label.format(number), label_of(ids))
    return root


def build(kind: type, root: Path, **options):
    return kind(data_root=str(root), **{**FILES[kind][2], **options})


@KINDS
def test_files_belong_together(kind, tmp_path):
    data = build(kind, make(tmp_path, kind))
    image, label, _ = FILES[kind]
    assert [data.images.path(index) for index in range(3)] == [tmp_path / image.format(number) for number in (1, 2, 3)]
    assert [data.label_path(index) for index in range(3)] == [tmp_path / label.format(number) for number in (1, 2, 3)]
    assert data.classes == CLASSES and data[0]["image"].shape == (3, *SIZE) and data[0]["label"].shape == SIZE
    (tmp_path / label.format(2)).unlink()
    with pytest.raises(UserError, match="1 of 3 images have no label"):
        build(kind, tmp_path)
    assert len(build(kind, tmp_path, ann_dir=None)) == 3


@pytest.mark.parametrize("kind", BY_LABEL_ID)
def test_label_ids_of_cityscapes(kind, tmp_path):
    every = [*range(34), IGNORE]
    data = build(kind, make(tmp_path, kind, every))
    found = {raw: int(value) for raw, value in zip(label_of(every)[0], data.read_label(0)[0], strict=True)}
    assert found == {raw: LABEL_IDS.index(raw) if raw in LABEL_IDS else IGNORE for raw in every}


@pytest.mark.parametrize("kind", BY_TRAIN_ID)
def test_train_ids(kind, tmp_path):
    data = build(kind, make(tmp_path, kind, [*range(19), IGNORE]))
    assert data.read_label(0)[0, ::4].tolist() == [*range(19), IGNORE]


def test_urbansyn_has_a_train_id_for_everything_else_and_may_have_label_ids(tmp_path):
    assert build(UrbanSynDataset, make(tmp_path / "a", UrbanSynDataset, [18, 19])).read_label(0)[0, [0, -1]].tolist() == [18, IGNORE]
    root = make(tmp_path / "b", UrbanSynDataset, [7, 33])
    with pytest.raises(BadFileError, match=r"ss_0001.png holds the id 33, but .* end at 19. If they are label ids of Cityscapes, set ids"):
        build(UrbanSynDataset, root).read_label(0)
    assert build(UrbanSynDataset, root, ids="label").read_label(0)[0, [0, -1]].tolist() == [0, 18]


def test_what_wilddash_knows_more_is_ignored(tmp_path):
    data = build(WildDash2Dataset, make(tmp_path, WildDash2Dataset, [26, 34, 35, 36, 37, 38]))
    assert set(np.unique(data.read_label(0))) == {CLASSES.index("car"), IGNORE} and LABEL_NAMES[26] == "car"
    make(tmp_path, WildDash2Dataset, [39])
    with pytest.raises(BadFileError, match=r"holds the id 39, but the raw ids of this data set end at 38\. Unpack wd_public_02\.zip again"):
        data.read_label(0)


def test_wilddash_of_a_list(tmp_path):
    root = make(tmp_path, WildDash2Dataset)
    (root / "val.txt").write_text("aa_000002\naa_000003.jpg\n")
    assert build(WildDash2Dataset, root, split="val.txt").images.names == ("aa_000002.jpg", "aa_000003.jpg")


@KINDS
def test_rare_class_sampling_counts_the_labels_once(kind, tmp_path):
    root = make(tmp_path, kind, [7, 11])
    found = build(kind, root).class_statistics()
    assert set(found.pixels) == ({0, 2} if kind in BY_LABEL_ID else {7, 11}) and set(found.pixels.values()) == {3 * 40 * 40}
    assert json.loads((root / COUNTS_FILE).read_text())
    assert build(kind, root).class_statistics() == found


@KINDS
def test_a_training_reads_it_as_source_and_as_target(kind, tmp_path):
    root = make(tmp_path, kind, [7, 8, 11])
    config = {"type": kind.__name__, "data_root": str(root), **FILES[kind][2]}
    rare = {"min_pixels": 10, "class_temp": 0.1, "min_crop_ratio": 0.5}
    data = UDADataset(source=config, target={**config, "labeled": 1}, source_crop=crop(), target_crop=crop(), rare_class_sampling=rare)
    sample = data[0]
    assert {domain: sample[domain]["image"].shape for domain in ("source", "target", "labeled")} == dict.fromkeys(
        ("source", "target", "labeled"), torch.Size((3, 16, 16))
    )


@KINDS
def test_the_check_of_data_knows_how_many_there_are(kind):
    assert set(KNOWN_SIZES[kind.__name__]) & {kind.image_folder, "leftImg8bit/train"}
