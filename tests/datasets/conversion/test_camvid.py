"""CamVid in the folders of SegNet and in its original form, made up of tiny files."""

from pathlib import Path

import numpy as np
import pytest

from mmseg.datasets import CamVidDataset
from mmseg.datasets.conversion.camvid import CAMVID, COLOURS, UNKNOWN, VOID, ids_of_colours, place_photographs, split_of
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.kinds.camvid import CAMVID_CLASSES, CAMVID_PALETTE, UNLABELLED
from mmseg.utils.errors import UserError
from tests.datasets.toy import write_png

NAMES = {"train": ["0001TP_006690", "0006R0_f00930", "0016E5_00901"], "val": ["0016E5_07959"], "test": ["0001TP_008550", "Seq05VD_f00000"]}
LABEL = np.tile(np.arange(12, dtype=np.uint8), (10, 1))


def photograph(number: int) -> np.ndarray:
    return np.full((10, 12, 3), number, np.uint8)


def make_camvid(root: Path) -> Path:
    """The public layout; one of the labels has no pedestrians."""
    for split, names in NAMES.items():
        for number, name in enumerate(names):
            write_png(root / split / f"{name}.png", photograph(number))
            write_png(root / f"{split}annot" / f"{name}.png", np.where(LABEL == 9, 11, LABEL) if number == 1 else LABEL)
    return root


def coloured(ids: np.ndarray) -> np.ndarray:
    """BGR of ids, in the first colour of each class."""
    table = np.array([*(COLOURS[name][0] for name in CAMVID_CLASSES), VOID], np.uint8)
    return np.ascontiguousarray(table[ids][..., ::-1])


def make_original(root: Path, ending: str = ".png") -> Path:
    for name in (name for names in NAMES.values() for name in names):
        write_png(root / "701_StillsRaw_full" / f"{name}{ending}", photograph(3))
        write_png(root / "LabeledApproved_full" / f"{name}_L.png", coloured(LABEL))
    return root


def convert(root: Path):
    place_photographs(root)
    return convert_dataset(root=root, raw=CAMVID, nproc=1)


def test_labels_are_read_in_place_and_counted(tmp_path):
    root = make_camvid(tmp_path)
    summary = convert(root)
    assert list(summary.lines()) == [
        "6 labels, 0 of them newly written, 3 in the class statistics.",
        "The published data set has 701 labels.",
        "11 of 11 classes occur.",
    ]
    data = CamVidDataset(data_root=str(root), img_dir="train", ann_dir="trainannot")
    pixels = data.class_statistics().pixels
    assert pixels == {index: 20 if index == 9 else 30 for index in range(11)}
    assert data.read_label(0)[0].tolist() == [*range(11), 255]
    assert data.metainfo["palette"] == CAMVID_PALETTE and data.metainfo["classes"][10] == "bicyclist"
    assert not convert(root).written


def test_a_summary_names_the_classes_of_camvid_that_are_absent(tmp_path):
    write_png(tmp_path / "train/0001TP_006690.png", photograph(0))
    write_png(tmp_path / "trainannot/0001TP_006690.png", np.minimum(LABEL, 9))
    assert list(convert(tmp_path).lines())[-1] == "10 of 11 classes occur; absent: bicyclist."


def test_photographs_may_be_jpegs_of_other_sizes_in_other_folders(tmp_path):
    for split in ("train", "val"):
        write_png(tmp_path / f"images/{split}/a.jpg", np.zeros((24, 36, 3), np.uint8))
        write_png(tmp_path / f"labels/{split}/a.png", np.zeros((24, 36), np.uint8))
    assert convert_dataset(root=tmp_path, raw=CAMVID, nproc=1, folder="labels/train").files == 2
    data = CamVidDataset(data_root=str(tmp_path), img_dir="images/train", ann_dir="labels/train", test_scale=(18, 12))
    assert data[0]["image"].shape == (3, 12, 18) and data[0]["label"].shape == (24, 36)
    assert data.class_statistics().pixels == {0: 24 * 36}


def test_the_unlabelled_target_needs_no_labels(tmp_path):
    write_png(tmp_path / "train/a.png", photograph(0))
    assert not CamVidDataset(data_root=str(tmp_path), img_dir="train").labelled


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_the_original_form_becomes_the_public_one(tmp_path, ending):
    root = make_original(tmp_path / "original", ending)
    write_png(root / "LabeledApproved_full/other_L.png", coloured(LABEL))  # in no split
    assert convert(root).written == 6
    for split, names in NAMES.items():
        data = CamVidDataset(data_root=str(root), img_dir=split, ann_dir=f"{split}annot")
        assert [Path(data.images.path(index)).stem for index in range(len(data))] == sorted(names)
        assert data.read_label(0)[0].tolist() == [*range(11), 255] and data.images.read(0)[0, 0, 0] == 3
    assert place_photographs(root) == 0 and not convert(root).written


def test_an_interrupted_conversion_goes_on(tmp_path):
    root = make_original(tmp_path / "original")
    convert(root)
    (root / "trainannot/0006R0_f00930.png").unlink()
    (root / "val/0016E5_07959.png").unlink()
    assert convert(root).written == 1 and (root / "val/0016E5_07959.png").is_file()


def test_photographs_are_copied_where_links_cannot_be(tmp_path, monkeypatch):
    root = make_original(tmp_path / "original")

    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert place_photographs(root) == 6
    assert (root / "val/0016E5_07959.png").read_bytes() == (root / "701_StillsRaw_full/0016E5_07959.png").read_bytes()


def test_every_colour_becomes_one_of_the_11_classes():
    known = {colour: CAMVID_CLASSES.index(name) for name, colours in COLOURS.items() for colour in colours} | {VOID: UNLABELLED}
    assert len(known) == 32 and set(COLOURS) == set(CAMVID_CLASSES)
    image = np.array([[colour[::-1] for colour in (*known, (1, 2, 3))]], np.uint8)
    assert ids_of_colours(image)[0].tolist() == [*known.values(), UNKNOWN]


def test_unknown_colours_are_reported(tmp_path):
    root = make_original(tmp_path / "original")
    label = coloured(LABEL)
    label[0, :3] = (9, 9, 9)
    write_png(root / "LabeledApproved_full/0001TP_006690_L.png", label)
    assert list(convert(root).lines())[-1] == "Unknown label id 254: 3 pixels, ignored."


def test_the_split_goes_by_sequence():
    assert {name: split_of(name) for names in NAMES.values() for name in names} == {n: s for s, names in NAMES.items() for n in names}
    assert split_of("0016E5_08160") == "train" and split_of("0016E5_00390") == "train" and split_of("holiday") is None


@pytest.mark.parametrize("value", [12, 200])
def test_other_ids_are_refused(tmp_path, value):
    write_png(tmp_path / "train/a.png", photograph(0))
    write_png(tmp_path / "trainannot/a.png", np.full((10, 12), value, np.uint8))
    data = CamVidDataset(data_root=str(tmp_path), img_dir="train", ann_dir="trainannot")
    with pytest.raises(UserError, match=rf"a.png holds the label {value}, which is neither a train id \(0..10\) nor 255"):
        data.read_label(0)
