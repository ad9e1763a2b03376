"""Lists of files: what their lines may look like, and that a data set has these images and no others."""

import json

import numpy as np
import pytest
from PIL import Image

from mmseg.datasets import CityscapesDataset, FolderDataset, GTADataset, UDADataset
from mmseg.datasets.choosing.file_lists import read_list
from mmseg.utils.errors import UserError
from tests.datasets.toy import crop, make_cityscapes, make_gta, position_image, source_config, target_config, write_png, write_statistics

CLASSES = ["background", "crack"]


@pytest.fixture
def root(tmp_path):
    """Photos a, b and c/a with labels."""
    for number, name in enumerate(("a.JPG", "b.png", "c/a.png")):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(position_image(number)).save(path)
        write_png((tmp_path / "masks" / name).with_suffix(".png"), np.zeros((40, 80), np.uint8))
    return tmp_path


def listed(root, content: bytes | str, **options) -> FolderDataset:
    path = root / "list.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    folders = {"images": str(root / "images"), "labels": str(root / "masks"), "classes": CLASSES}
    return FolderDataset(**{**folders, "split": str(path), **options})


@pytest.mark.parametrize(
    "content",
    [
        "c/a\na\n",
        "a.JPG\nc/a.png",
        "a\r\n\r\n  \r\nc/a\r\n",
        "./a\n c\\a.png \n",
        "\ufeffa\nc/a\n",
        "a\r\nc/a\r\n".encode("utf-16"),
        "{root}/images/a.JPG\n{root}/images/c/a\n",
        "images/a.JPG\nimages/c/a.png\n",
    ],
    ids=["stems", "names", "Windows line ends and blank lines", "Windows paths", "byte order mark", "UTF-16", "full paths", "from here"],
)
def test_lines(root, monkeypatch, content):
    monkeypatch.chdir(root)
    text = content if isinstance(content, bytes) else content.replace("{root}", str(root))
    found = listed(root, text, images="images") if "images/a" in str(text)[:8] else listed(root, text)
    assert found.images.names == ("a.JPG", "c/a.png") and len(found) == 2
    assert [path.relative_to(root).as_posix() for path in map(found.label_path, range(2))] == ["masks/a.png", "masks/c/a.png"]


def test_only_labels_of_the_list_are_needed(root):
    (root / "masks" / "b.png").unlink()
    assert len(listed(root, "a\nc/a")) == 2
    with pytest.raises(UserError, match="1 of 2 images have no label"):
        listed(root, "a\nb")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a\n\ncc/a\n", "Line 3 of {path} names cc/a, which is no image below {root}/images. Did you mean 'c/a'?"),
        (
            "a\nimages",
            "Line 2 of {path} names images, which is no image below {root}/images. Correct the line, or the folder of the images.",
        ),
        ("a\nb\na.JPG", "Lines 1 and 3 of {path} name the same image, a.JPG. Remove one of them."),
        (" \r\n\r\n", "The list of files {path} is empty. Write one image a line, or leave the option split out."),
        (b"\x89PNG\r\n\x1a\n", "The list of files {path} is not a text file. Write one image a line, in UTF-8."),
    ],
)
def test_what_is_refused(root, content, text):
    with pytest.raises(UserError) as caught:
        listed(root, content)
    assert str(caught.value) == text.format(path=root / "list.txt", root=root)


def test_two_images_of_one_stem(root):
    Image.fromarray(position_image(3)).save(root / "images" / "a.png")
    with pytest.raises(UserError, match=r"names a, which may be a\.JPG and a\.png below"):
        listed(root, "a")
    assert listed(root, "a.png").images.names == ("a.png",)


def test_a_missing_list(tmp_path):
    with pytest.raises(UserError, match=r"cannot be read: No such file or directory\. Correct the option split"):
        read_list(tmp_path / "absent.txt")


@pytest.mark.parametrize(
    "line", ["ulm/ulm_000101_000019", "ulm/ulm_000101_000019_leftImg8bit.png", "leftImg8bit/val/ulm/ulm_000101_000019"]
)
def test_a_list_of_a_data_set_lies_below_its_root(tmp_path, line):
    root = make_cityscapes(tmp_path, labels=True)
    (root / "val.txt").write_text(f"{line}\r\n")
    found = CityscapesDataset(data_root=str(root), img_dir="leftImg8bit/val", ann_dir="gtFine/val", split="val.txt")
    assert found.images.names == ("ulm/ulm_000101_000019_leftImg8bit.png",)
    assert found.label_path(0).name == "ulm_000101_000019_gtFine_labelTrainIds.png"


def test_class_statistics_are_those_of_the_list(tmp_path):
    """Images 3 and 6 show the rare class; the list has one of them."""
    root = make_gta(tmp_path / "gta")
    (root / "train.txt").write_text("00001\n00003\n00004\n")
    whole, part = (
        GTADataset(**{**options, "data_root": str(root), "ann_dir": "labels"}).class_statistics()
        for options in ({}, {"split": "train.txt"})
    )
    assert [index for index, _ in whole.files[16]] == [2, 5] and [index for index, _ in part.files[16]] == [1]
    assert part.pixels[16] == whole.pixels[16] // 2 and len(part.files[0]) == 3


def test_statistics_with_files_of_one_name_in_two_folders(tmp_path):
    root = tmp_path / "gta"
    for folder in "xy":
        write_png(root / "images" / folder / "1.png", position_image(1))
        write_png(root / "labels" / folder / "1_labelTrainIds.png", np.full((40, 80), "xy".index(folder), np.uint8))
    write_statistics(root)  # of no label, since it looks at one level alone
    stats = [{"file": f"labels/{folder}/1_labelTrainIds.png", str(train_id): 3200} for train_id, folder in enumerate("xy")]
    (root / "sample_class_stats.json").write_text(json.dumps(stats))
    (root / "samples_with_class.json").write_text(json.dumps({str(i): [[entry["file"], 3200]] for i, entry in enumerate(stats)}))
    (root / "y.txt").write_text("y/1")
    found = GTADataset(data_root=str(root), ann_dir="labels", split="y.txt").class_statistics()
    assert found.pixels == {1: 3200} and found.files == {1: [(0, 3200)]}


def test_a_training_draws_from_the_lists_alone(tmp_path):
    source, target = make_gta(tmp_path / "gta"), make_cityscapes(tmp_path / "city")
    (source / "train.txt").write_text("00002\n00004\n00006\n")
    (target / "train.txt").write_text("ulm/ulm_000103_000019\n")
    data = UDADataset(
        source={**source_config(source), "split": "train.txt"},
        target={**target_config(target), "split": "train.txt"},
        source_crop=crop(),
        target_crop=crop(),
        rare_class_sampling={"min_pixels": 10, "class_temp": 0.1, "min_crop_ratio": 0.5},
    )
    names = {path.name for number in range(20) for path in data.files(number)}
    drawn = {name.partition("_")[0].removesuffix(".png") for name in names if not name.startswith("ulm")}
    assert drawn <= {"00002", "00004", "00006"} and len(drawn) > 1
    assert {name for name in names if name.startswith("ulm")} == {"ulm_000103_000019_leftImg8bit.png"}
