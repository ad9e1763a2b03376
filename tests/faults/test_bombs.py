"""Files that are small and declare to be large, and what is no file at all: one line, with little memory and in little time."""

import os
import resource
import shutil
import struct
import zipfile

import numpy as np
import pytest
import torch

from mmseg.datasets.choosing.file_lists import read_list
from mmseg.datasets.reading.archives import list_members, read_member
from mmseg.datasets.reading.headers import MAX_PIXELS, MAX_SCANS, read_header
from mmseg.datasets.reading.image_files import list_files, read_image, read_label_ids
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.models.weights.pretrained import read_state
from mmseg.utils.errors import BadFileError, UserError
from mmseg.utils.products.array_file import read_arrays
from mmseg.utils.products.json_file import read_product
from mmseg.utils.products.soft_maps import read_soft_map, write_soft_map
from mmseg.utils.storage import limits
from tests.corpus.test_images import jpeg_of, png_of

HUGE = 3 << 30


@pytest.fixture(autouse=True)
def little_memory():
    """No bomb takes more than 200 MB at its worst moment."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < 200


def refused(action, *words: str) -> None:
    """An action ends with one line that holds these words."""
    with pytest.raises(UserError) as caught:
        action()
    line = str(caught.value)
    assert "\n" not in line and len(line) < 600 and all(word in line for word in words), line


def declare(path, size: int) -> None:
    """Has the first member of an archive say that it is of this size."""
    data = bytearray(path.read_bytes())
    data[(place := data.index(b"PK\1\2") + 24) : place + 4] = struct.pack("<I", size)
    path.write_bytes(data)


def packed(path, name: str = "images/a.png", method: int = zipfile.ZIP_DEFLATED):
    """An archive with one member of zeros."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(name, bytes(1000))
    return path


# Images


@pytest.mark.parametrize("read", [read_image, read_label_ids])
def test_an_image_of_60000x60000(read, tmp_path):
    (tmp_path / "a.png").write_bytes(png_of(60_000, 60_000))
    refused(lambda: read(tmp_path / "a.png"), "a.png is 60000x60000 pixels large", "Cut it into smaller images")


def test_images_of_16_bits_and_large_ones_that_exist():
    """An aerial tile of 400 million pixels is read; see docs/reliability.md."""
    assert read_header(png_of(20_000, 20_000)).size == (20_000, 20_000)
    deep = png_of(20_000, 20_000)
    assert read_header(deep[:24] + b"\x10" + deep[25:]).bits == 16


def test_a_jpeg_that_is_decoded_a_thousand_times():
    data = jpeg_of(20_000, 20_000)
    scan = data[data.index(b"\xff\xda") : -2]
    assert read_header(data).size == (20_000, 20_000)
    with pytest.raises(ValueError, match="JPEG of more than 1000 scans"):
        read_header(data[:-2] + scan * MAX_SCANS + data[-2:])


def test_a_tiff_that_names_one_list_many_times():
    """60,000 entries that each are a million numbers."""
    count, tags = 60_000, 8 + 1_000_000
    entry = struct.pack("<HHII", 273, 1, 1_000_000, 8)
    with pytest.raises(ValueError, match="not a readable image"):
        read_header(b"II*\0" + struct.pack("<I", tags) + bytes(1_000_000) + struct.pack("<H", count) + entry * count + bytes(4))


def test_a_sparse_file(tmp_path):
    (tmp_path / "a.png").touch()
    os.truncate(tmp_path / "a.png", HUGE)
    refused(lambda: read_image(tmp_path / "a.png"), "a.png has 3072 MB, more than the 2048 MB of the largest image")


# Archives


def test_a_zip_bomb(tmp_path):
    archive = packed(tmp_path / "a.zip")
    assert len(read_member(archive, "images/a.png")) == 1000
    declare(packed(tmp_path / "b.zip"), HUGE)
    refused(lambda: read_member(tmp_path / "b.zip", "images/a.png"), "it unpacks to 3072 MB, more than 2048 MB")
    packed(tmp_path / "c.zip", method=zipfile.ZIP_LZMA)
    refused(lambda: read_member(tmp_path / "c.zip", "images/a.png"), "packed by another method than the usual one")


@pytest.mark.parametrize("name", ["images//etc/a.png", "images/../../a.png", "images/b/../../../a.png", "/a.png", "images/..\\a.png"])
def test_a_member_that_leads_out_of_its_archive(name, tmp_path):
    """It is not listed, or the archive is refused: what is made of an image is called like it."""
    archive = packed(tmp_path / "a.zip", name)
    for folder in ("images", "."):
        try:
            assert list_members(archive, folder, ".png") == []
        except BadFileError as error:
            assert "leads out of it" in str(error)


# Products


def test_arrays(tmp_path):
    write_soft_map(tmp_path / "a.npz", np.zeros((2, 3, 4), np.uint8))
    assert read_soft_map(tmp_path / "a.npz").shape == (2, 3, 4)
    declare(tmp_path / "a.npz", HUGE)
    refused(lambda: read_soft_map(tmp_path / "a.npz"), "it unpacks to 3072 MB")
    refused(lambda: read_arrays(tmp_path / "a.npz", "prototypes", ["levels"], "Make it again."), "it unpacks to 3072 MB", "Make it again.")


def test_an_array_that_declares_any_shape(tmp_path):
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**15,)}
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive, archive.open("levels.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, header)
    refused(lambda: read_soft_map(tmp_path / "a.npz"), "no soft map")
    refused(lambda: read_arrays(tmp_path / "a.npz", "prototypes", ["levels"], "Make it again."), "holds no prototypes")


def test_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", levels=np.array([{"a": 1}], dtype=object))
    refused(lambda: read_soft_map(tmp_path / "a.npz"), "no soft map")


# Checkpoints


def compressed(path) -> None:
    with zipfile.ZipFile(path) as archive:
        records = {member.filename: archive.read(member) for member in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in records.items():
            archive.writestr(name, content)


def nested() -> list:
    """Nine lists of nine lists of nine lists …, a billion in all, in 300 bytes."""
    value = [1]
    for _ in range(10):
        value = [value] * 9
    return value


CONTENTS = {
    "a tensor of one number": lambda: torch.zeros(1).expand(10**11),
    "lists of lists": nested,
    "memory": lambda: bytearray(10),
}


@pytest.mark.parametrize("form", [True, False], ids=["zip", "pickle"])
@pytest.mark.parametrize("name", CONTENTS)
def test_a_checkpoint_that_is_larger_than_its_file(name, form, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_VALUES", 10_000)
    path = tmp_path / "a.pth"
    torch.save({"state_dict": {"a": torch.ones(3)}, "meta": {"x": CONTENTS[name]()}}, path, _use_new_zipfile_serialization=form)
    for read in (read_checkpoint, lambda path: read_checkpoint(path, values=False), read_state):
        refused(lambda read=read: read(path), "a.pth")


def with_pickle(path, pickled: bytes):
    """A checkpoint with another pickle."""
    torch.save({"state_dict": {"a": torch.ones(3)}}, path)
    with zipfile.ZipFile(path) as archive:
        records = {member.filename: archive.read(member) for member in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in records.items():
            archive.writestr(name, pickled if name.endswith("data.pkl") else content)
    return path


def encoded(times: int, by: bytes = b"hex") -> bytes:
    """A pickle of bytes that are encoded again and again: doubled each time, by a function that torch lets a file call."""
    text = lambda words: b"X" + struct.pack("<I", len(words)) + words  # noqa: E731
    first = b"c_codecs\nencode\n" * (times + 1) + text(b"a" * 1000) + text(b"latin1") + b"\x86R"
    return b"\x80\x02}" + text(b"meta") + first + (text(by) + b"\x86R") * times + b"s."


def test_bytes_that_double(tmp_path):
    """Metadata of old files has bytes, which are written so; thirty times would be a terabyte."""
    assert read_checkpoint(with_pickle(tmp_path / "a.pth", encoded(0)))["meta"] == b"a" * 1000
    for read in (read_checkpoint, lambda path: read_checkpoint(path, values=False), read_state):
        refused(lambda read=read: read(with_pickle(tmp_path / "a.pth", encoded(30))), "a.pth")


def test_a_compressed_checkpoint(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"state_dict": {"a": torch.ones(3)}}, path)
    assert read_checkpoint(path)["state_dict"]["a"].sum() == read_state(path)["a"].sum() == 3
    shutil.copy(path, tmp_path / "b.pth")
    compressed(path)
    declare(tmp_path / "b.pth", HUGE)
    for broken in (path, tmp_path / "b.pth"):
        refused(lambda broken=broken: read_checkpoint(broken), "cut off or not a checkpoint")
        refused(lambda broken=broken: read_checkpoint(broken, values=False), "cut off or not a checkpoint")
        refused(lambda broken=broken: read_state(broken), "cannot be read as a file of weights")


# Folders, and what is no file


def test_folders_that_link_to_each_other(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a/self").symlink_to(tmp_path / "a/self")
    (tmp_path / "a/b/x.png").touch()
    assert list_files(tmp_path / "a", ".png") == ("b/x.png",)


@pytest.mark.parametrize("kind", ["pipe", "device", "dangling"])
def test_what_is_no_file(kind, tmp_path):
    place = tmp_path / "a.png"
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero" if kind == "device" else tmp_path / "missing")
    refused(lambda: read_image(place), str(place))
    refused(lambda: read_list(place), str(place))
    refused(lambda: read_product(place, dict, "Make it again."), str(place), "Make it again.")
    refused(lambda: read_soft_map(place), str(place))
    refused(lambda: read_checkpoint(place), str(place))


def test_the_largest_image_is_a_file_that_is_read():
    assert MAX_PIXELS * 3 < limits.MAX_FILE
