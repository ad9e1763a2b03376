"""Advice about single files of data: images, labels and archives."""

import ast
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmseg.datasets import FolderDataset
from mmseg.datasets.reading import archives
from mmseg.datasets.reading.encoded import Encoded, upright_label
from mmseg.datasets.reading.folders import file_bytes, open_file, walk
from mmseg.datasets.reading.image_files import read_encoded, read_image, read_label_ids
from mmseg.datasets.reading.value_range import value_range
from tests.advice.following import Followed, advice, table
from tests.corpus.test_images import png_of
from tests.corpus.writers import exif_chunk, png, tiff
from tests.datasets.toy import position_image, write_png

# Files


@pytest.fixture
def photo(tmp_path) -> Path:
    return write_png(tmp_path / "a.png", position_image(1))


def test_a_damaged_file(photo, tmp_path):
    """Copied again, it is whole."""
    path = tmp_path / "b.png"
    path.write_bytes(photo.read_bytes()[:60])
    advice("{} is {} ({} bytes). Copy or download the file again.", lambda: read_encoded(path), file="encoded.py:of")
    shutil.copy(photo, path)
    assert read_encoded(path)
    content = bytearray(photo.read_bytes())
    content[content.index(b"IDAT") + 20] ^= 0xFF
    path.write_bytes(content)
    advice("{} is {} ({} bytes). Copy or download the file again.", lambda: read_image(path), file="encoded.py:_named")
    shutil.copy(photo, path)
    assert read_image(path).shape == (40, 80, 3)


def test_an_archive_with_a_name_that_leads_out_of_it(tmp_path):
    for number, name in enumerate(("images//a.png", "images/a.png")):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as file:
            file.writestr(name, b"")
    advice(
        "{} is damaged (the name {} leads out of it). Download the archive again.",
        lambda: archives.list_members(tmp_path / "0.zip", "images", ".png"),
    )
    assert archives.list_members(tmp_path / "1.zip", "images", ".png") == ["a.png"]


def test_files_that_are_too_large(photo, tmp_path):
    """Smaller ones are read."""
    path = tmp_path / "b.png"
    path.write_bytes(png_of(60_000, 60_000))
    advice("{} is {} ({} bytes). Cut it into smaller images, or copy it again if it should be none so large.", lambda: read_encoded(path))
    os.truncate(path, 3 << 30)
    advice(
        "of the largest image. Cut the image into smaller ones, or put another file there.",
        lambda: read_image(path),
    )
    shutil.copy(photo, path)
    assert read_image(path).shape == (40, 80, 3)


def test_images_and_labels_of_other_kinds(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(np.zeros((4, 6, 5), np.uint8), extra=[0, 0]))
    advice("{} is {}. {}", lambda: read_image(path), file="encoded.py:_named")
    advice("Convert it to an 8-bit RGB image.", lambda: read_image(path))
    path.write_bytes(tiff(np.zeros((4, 6, 3), np.uint8)))
    assert read_image(path).shape == (4, 6, 3)
    advice("Write the class ids themselves as a grey or palette PNG.", lambda: read_label_ids(path))
    ids = np.uint8([[0, 1], [2, 3]])
    path.write_bytes(png(ids))
    assert np.array_equal(read_label_ids(path), ids)
    palette = Image.fromarray(ids, "P")
    palette.putpalette(list(range(12)))
    palette.save(path, "PNG")
    assert np.array_equal(read_label_ids(path), ids)


def test_a_photo_that_may_be_turned(tmp_path):
    image = position_image(1)
    path = tmp_path / "a.png"
    label = read_encoded(write_png(tmp_path / "label.png", image[..., 0]))

    def upright(data: bytes) -> np.ndarray:
        return upright_label(label.ids(), label, Encoded.of(path, data))

    advice(
        "Write the photo without this entry, its pixels in the order that fits the label.",
        lambda: upright(png(image, before=exif_chunk(3))),
    )
    assert np.array_equal(upright(png(image)), image[..., 0])


@pytest.mark.parametrize("values", [{}, {"depth": 8}], ids=["nothing is known", "a range that is too small"])
def test_images_of_more_than_8_bits(tmp_path, values):
    deep = np.arange(48, dtype=np.uint16).reshape(4, 4, 3) * 80
    write_png(tmp_path / "images/a.png", deep)
    data = FolderDataset(images=str(tmp_path / "images"), **values)
    if values:
        advice("{} {}. {}.", lambda: data[0], file="encoded.py:color")
    else:
        advice("{} is {} with {}. {}.", lambda: data[0])
    (text,) = advice("Set {} in the dictionary of its data set (for photos of your own: val_dataloader.dataset)", lambda: data[0])
    depth, limits = text.split(" if its camera")[0], text.split("such as ")[1].rstrip(",")
    for option in (depth, limits):
        name, value = option.split("=", 1)
        assert FolderDataset(images=str(tmp_path / "images"), **{name: ast.literal_eval(value)})[0]["image"].shape == (3, 4, 4)


@table(
    [
        Followed(
            "has both depth={} and range={}. Take out one of them.",
            lambda: value_range(12, (0, 3), "X"),
            lambda depth, limits: [value_range(int(depth), None, "X"), value_range(None, ast.literal_eval(limits), "X")],
        ),
        Followed(
            "Use range=(low, high), the values that become 0 and 255.",
            lambda: value_range(None, (3, 1), "X"),
            lambda: value_range(None, (1, 3), "X"),
        ),
        Followed(
            "Use the number of bits that the camera fills, from 8 to 16.",
            lambda: value_range(17, None, "X"),
            lambda: [value_range(depth, None, "X") for depth in (8, 16)],
        ),
    ]
)
def test_values(row):
    row.follow()


def test_folders_and_files_that_cannot_be_read(tmp_path, photo):
    path = tmp_path / "none.png"
    advice("Cannot read {}: {}. Put the file there, or correct the path.", lambda: file_bytes(path))
    shutil.copy(photo, path)
    assert file_bytes(path)
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "nowhere.png")
    advice("Mend or remove this link, which leads nowhere.", lambda: file_bytes(link))
    link.unlink()
    link.symlink_to(photo)
    assert file_bytes(link)
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    advice("is no file, but a pipe, a socket or a device. Put a file there, or correct the path.", lambda: open_file(pipe))
    pipe.unlink()
    shutil.copy(photo, pipe)
    open_file(pipe).close()


def test_a_file_that_may_not_be_read(tmp_path, photo, monkeypatch):
    """As if this were another user's: root may read everything."""
    open_before = os.open

    def refuse(path, *more):
        if Path(path).name == "b.png":
            raise PermissionError(13, "Permission denied")
        return open_before(path, *more)

    shutil.copy(photo, tmp_path / "b.png")
    with monkeypatch.context() as others:
        others.setattr(os, "open", refuse)
        advice("Cannot read {}: {}. Put a readable file there.", lambda: file_bytes(tmp_path / "b.png"))
    assert file_bytes(tmp_path / "b.png")


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    scan_before = os.scandir
    (tmp_path / "images/closed").mkdir(parents=True)

    def refuse(place):
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scan_before(place)

    with monkeypatch.context() as others:
        others.setattr(os, "scandir", refuse)
        advice("Cannot read the folder {}: {}. Change its permissions, or move it elsewhere.", lambda: walk(tmp_path / "images"))
        (tmp_path / "images/closed").rename(tmp_path / "closed")
        walk(tmp_path / "images")
    (tmp_path / "closed").rename(tmp_path / "images/closed")
    walk(tmp_path / "images")


# Archives


def test_archives(tmp_path, photo):
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(photo, "images/a.png")
    path = tmp_path / "a.zip"

    def read(name: str = "images/a.png") -> bytes:
        archives._opened.cache_clear()
        return archives.read_member(path, name)

    def download() -> None:
        shutil.copy(whole, path)
        assert read() == photo.read_bytes()

    path.write_bytes(b"no archive")
    advice("cannot be opened as a zip archive ({}). Download it again.", read)
    download()
    content = bytearray(whole.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    advice("{} is damaged ({}). Download the archive again.", read)
    download()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.png", b"")
    advice("holds no file {}. Download the archive again, or start the command again if it was replaced meanwhile.", read)
    download()
