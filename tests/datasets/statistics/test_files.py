"""Class statistics on disk: they outlive a copy, and labels that were changed, added or removed are noticed."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from mmseg.datasets import GTADataset, RareClassOptions
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import GTA
from mmseg.datasets.sampling.rare_class_sampling import build_rare_class_table
from mmseg.datasets.statistics.files import CLASS_FILE, FINGERPRINT_FILE, STATS_DICT_FILE, STATS_FILE, fingerprint, read_statistics
from mmseg.utils.errors import UserError
from tests.corpus.writers import bmp, by_pillow, chunk, png, tiff
from tests.datasets.toy import write_png

FIX = "Create it with: python tools/convert_datasets/gta.py"
NAME = "labels/{}_labelTrainIds.png"
STALE = rf"{STATS_FILE} was made for other labels .*the statistics are stale\. {FIX}"


def label(ids: list[int]) -> np.ndarray:
    return np.repeat(np.uint8([ids]), 6, axis=0)


@pytest.fixture
def root(tmp_path) -> Path:
    """Three converted pairs."""
    folder = tmp_path / "gta"
    for number in ("00001", "00002", "00003"):
        write_png(folder / f"images/{number}.png", np.zeros((6, 4, 3), np.uint8))
        write_png(folder / f"labels/{number}.png", label([7, 7, 11, 23]))
    convert(folder)
    return folder


def convert(root: Path):
    return convert_dataset(root=root, raw=GTA, nproc=1)


def table(root: Path):
    return build_rare_class_table(GTADataset(data_root=str(root), ann_dir="labels"), RareClassOptions(min_pixels=1, class_temp=1))


def test_what_the_converter_wrote(root):
    files, by_class = read_statistics(root, FIX)
    assert files[0] == {"file": NAME.format("00001"), "pixels": {"0": 12, "2": 6, "10": 6}}
    assert by_class["10"] == [(NAME.format(number), 6) for number in ("00001", "00002", "00003")]
    assert len(table(root).files[10]) == 3


def test_a_copy_with_other_times_elsewhere_is_current(root, tmp_path):
    copy = Path(shutil.copytree(root, tmp_path / "elsewhere", copy_function=shutil.copy))
    for path in copy.rglob("*.png"):
        os.utime(path, (10, 10))
    assert read_statistics(copy, FIX) == read_statistics(root, FIX)
    assert convert(copy).written == 0
    assert "Nothing to do" in next(convert(copy).lines())


def change_a_class(root: Path) -> None:
    """In as many bytes."""
    path = root / NAME.format("00002")
    size = path.stat().st_size
    write_png(path, label([0, 0, 2, 11]))
    assert path.stat().st_size == size


def replace_the_label(root: Path) -> None:
    write_png(root / NAME.format("00002"), label([2, 2, 2, 2]))


def remove_a_pair(root: Path) -> None:
    (root / NAME.format("00002")).unlink()
    (root / "images/00002.png").unlink()


def empty_the_label(root: Path) -> None:
    (root / NAME.format("00002")).write_bytes(b"")


@pytest.mark.parametrize("change", [change_a_class, replace_the_label, remove_a_pair, empty_the_label])
def test_changed_labels_are_noticed(root, change):
    change(root)
    with pytest.raises(UserError, match=STALE):
        read_statistics(root, FIX)
    with pytest.raises(UserError, match=rf"{STALE} {root}$") as error:
        table(root)
    assert "\n" not in str(error.value)


def test_added_labels_are_noticed(root):
    write_png(root / "images/00004.png", np.zeros((6, 4, 3), np.uint8))
    write_png(root / NAME.format("00004"), label([0, 0, 2, 10]))
    with pytest.raises(UserError, match=rf"lacks 00004_labelTrainIds\.png: the statistics are stale\. {FIX} {root}$"):
        table(root)


@pytest.mark.parametrize("change", [change_a_class, replace_the_label, empty_the_label])
def test_the_converter_mends_labels_that_are_not_those_of_the_raw_ones(root, change):
    expected = (root / NAME.format("00002")).read_bytes()
    change(root)
    assert convert(root).written == 1
    assert (root / NAME.format("00002")).read_bytes() == expected
    assert len(table(root).files[10]) == 3


@pytest.mark.parametrize("name", [STATS_FILE, STATS_DICT_FILE, CLASS_FILE, FINGERPRINT_FILE])
def test_a_lost_file_is_written_again(root, name):
    content = (root / name).read_bytes()
    (root / name).unlink()
    assert convert(root).classes
    assert (root / name).read_bytes() == content


def test_published_statistics_have_no_fingerprint(root):
    (root / FINGERPRINT_FILE).unlink()
    for name in (STATS_FILE, CLASS_FILE):
        path = root / name
        path.write_text(path.read_text().replace("labels/", "data/gta/labels/"))
    assert len(table(root).files[10]) == 3


def test_published_statistics_over_our_own_are_stale(root):
    path = root / STATS_FILE
    path.write_text(path.read_text().replace("labels/", "data/gta/labels/"))
    with pytest.raises(UserError, match=STALE):
        read_statistics(root, FIX)


def test_the_fingerprint_is_small_and_readable(root):
    content = json.loads((root / FINGERPRINT_FILE).read_text())
    names = [NAME.format(number) for number in ("00003", "00001", "00002")]
    assert content == {"version": 1, "labels": 3, "contents": fingerprint(root, names)}


def test_a_broken_fingerprint(root):
    (root / FINGERPRINT_FILE).write_text("{")
    with pytest.raises(UserError, match=f"{FINGERPRINT_FILE} is not valid JSON .*{FIX}"):
        read_statistics(root, FIX)


# Contents

PIXELS = np.random.default_rng(0).integers(0, 9, (6, 8), np.uint8)
OTHERS = PIXELS[::-1].copy()
WRITERS = {
    "png": png,
    "png with a text at its end": lambda ids: png(ids, after=chunk(b"tEXt", b"date\0now")),
    "png with bytes behind it": lambda ids: png(ids) + bytes(40),
    "tiff": tiff,
    "tiff of 32 bits": lambda ids: tiff(ids.astype(np.int32)),
    "bmp": lambda ids: bmp(ids, bits=8),
    "gif": lambda ids: by_pillow(ids, "GIF", optimize=False),
}


@pytest.mark.parametrize("name", WRITERS)
def test_another_content_of_the_same_size_is_noticed_in_every_format(tmp_path, name):
    path = tmp_path / "a.png"
    path.write_bytes(WRITERS[name](PIXELS))
    before = fingerprint(tmp_path, ["a.png"])
    path.write_bytes(WRITERS[name](OTHERS).ljust(path.stat().st_size, b"\0"))
    assert fingerprint(tmp_path, ["a.png"]) != before


# Broken files, and the advice of their errors

BROKEN = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "no text": lambda text: None,
    "nothing counted": lambda text: "[]",
    "another value": lambda text: "7",
    "negative": lambda text: text.replace("12", "-12"),
    "fractions": lambda text: text.replace("12", "12.5"),
    "words": lambda text: text.replace("12", '"many"'),
    "no class": lambda text: text.replace('"0"', '"road"'),
}


@pytest.mark.parametrize("damage", BROKEN)
@pytest.mark.parametrize("name", [STATS_FILE, CLASS_FILE])
def test_broken_statistics_are_named_and_the_advised_command_makes_them_anew(root, name, damage):
    path = root / name
    whole = path.read_bytes()
    text = BROKEN[damage](path.read_text())
    path.write_bytes(b"\xff\xfe\x00" if text is None else text.encode())
    wrong = r"(is not valid JSON|is not a text file|is empty|holds \[|should ).*"
    with pytest.raises(UserError, match=rf"{name} {wrong} {FIX} {root}$") as error:
        table(root)
    assert "\n" not in str(error.value)
    assert convert(root).classes  # more than "Nothing to do"
    assert path.read_bytes() == whole
    assert len(table(root).files[10]) == 3


@pytest.mark.parametrize("damage", BROKEN)
@pytest.mark.parametrize("name", [STATS_DICT_FILE, FINGERPRINT_FILE])
def test_the_converter_writes_the_other_files_again_as_well(root, name, damage):
    path = root / name
    whole = path.read_bytes()
    text = BROKEN[damage](path.read_text())
    if text == path.read_text():
        pytest.fail("the damage changes nothing") if name == STATS_DICT_FILE else path.write_text("{}")
    else:
        path.write_bytes(b"\xff\xfe\x00" if text is None else text.encode())
    assert convert(root).classes
    assert path.read_bytes() == whole


def test_statistics_of_an_earlier_version_are_stale(root):
    (root / FINGERPRINT_FILE).write_text('{"labels": 3, "sha256": "1234"}')
    with pytest.raises(UserError, match="or by an earlier version: the statistics are stale"):
        table(root)
    convert(root)
    assert len(table(root).files[10]) == 3
