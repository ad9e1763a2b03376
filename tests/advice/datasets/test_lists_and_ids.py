"""Advice about lists of files, and about the ids in labels of one's own."""

import ast
import shutil
from pathlib import Path

import pytest

from mmseg.datasets import FolderDataset, GTADataset
from tests.advice.following import advice
from tests.datasets.toy import make_gta

# Lists of files


@pytest.fixture
def listed(tmp_path):
    root = make_gta(tmp_path / "gta")

    def build(text: str | bytes | None = None, split: str | None = "list.txt"):
        if text is not None:
            (root / "list.txt").write_bytes(text.encode() if isinstance(text, str) else text)
        return GTADataset(data_root=str(root), split=split)

    return build


def test_lists_of_files(listed):
    advice("cannot be read: {}. Correct the option {}, or put the file there.", listed)
    assert len(listed("00001.png\n")) == 1 and len(listed(split="./list.txt")) == 1
    advice("The list of files {} is empty. Write one image a line, or leave the option {} out.", lambda: listed("\n"))
    assert len(listed(split=None)) == 6
    advice("is not a text file. Write one image a line, in UTF-8.", lambda: listed(b"\xff\x00\xfe"))
    assert len(listed("00001.png\n00002.png\n")) == 2
    *_, name = advice("name the same image, {}. Remove one of them.", lambda: listed("00001.png\n00001\n"))
    assert len(listed(f"{name}\n")) == 1
    (near,) = advice("which is no image below {}. Did you mean '{}'?", lambda: listed("0001.png\n"))[1:]
    assert len(listed(near)) == 1
    advice("which is no image below {}. Correct the line, or the folder of the images.", lambda: listed("zzzzzzzzz\n"))
    assert len(listed("00003\n")) == 1


def test_names_that_two_images_share(own):
    images = Path(own["images"])
    shutil.copy(images / "a.png", images / "a.jpg")
    (images.parent / "list.txt").write_text("a\n")

    def build():
        return FolderDataset(images=str(images), split=str(images.parent / "list.txt"))

    names, _ = advice("which may be {} below {}. Write one of these names.", build)
    (images.parent / "list.txt").write_text(names.split(" and ")[0])
    assert len(build()) == 1


# Ids


def test_ids_of_a_folder(own):
    def build(**options):
        return lambda: FolderDataset(**{**own, **options})

    line = advice(
        "{} holds {}, which the config does not explain. Say in label_map which class it is, or add it to ignore", lambda: build()()[0]
    )
    assert line[1] == "the id 17"
    as_class = build(label_map={0: "sky", 1: "grass", 17: "sky"})()[0]["label"]
    added = build(ignore=[17])()[0]["label"]
    assert as_class.unique().tolist() == [0, 1] and added.unique().tolist() == [0, 1, 255]
    advice("FolderDataset: {}. {}", build(ignore=17), file="reading/raw_ids.py")
    (listed,) = advice("Use a list: ignore=[{}].", build(ignore=17))
    build(ignore=[ast.literal_eval(listed)])()
    (last,) = advice("Use a class name or an index from 0 to {}.", build(label_map={0: 7}))
    build(label_map={0: int(last), 1: "sky"})()
    (most,) = advice("Use a whole number from 0 to {}.", build(ignore=[10**9]))
    build(ignore=[int(most)])()
    advice("Take it out of one of them.", build(label_map={0: "sky", 17: "grass"}, ignore=[17]))
    build(label_map={0: "sky"}, ignore=[17])()
    build(label_map={0: "sky", 17: "grass"})()
    advice("Use its raw id, or name it in label_map.", build(label_map={0: "sky"}, ignore=["car"]))
    build(label_map={0: "sky"}, ignore=[17])()
    build(label_map={0: "sky", 17: "car"}, ignore=["car"])()
    advice("Add it to classes or to ignore.", build(label_map={0: "sky", 17: "car"}))
    build(label_map={0: "sky", 17: "car"}, ignore=["car"])()
    build(label_map={0: "sky", 17: "car"}, classes=["sky", "car"])()
