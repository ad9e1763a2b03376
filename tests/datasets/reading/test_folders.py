"""The walk that every command takes through a folder, and files that are none."""

import os
import socket
import zipfile

import numpy as np
import pytest

from mmseg.apis.checking.data import check_split
from mmseg.apis.checking.splits import Split, open_split
from mmseg.apis.predicting.sources import find_sources
from mmseg.datasets.conversion.raw_labels import raw_files
from mmseg.datasets.folder import FolderDataset
from mmseg.datasets.reading.folders import HIDDEN, LOOP, file_bytes, walk
from mmseg.datasets.reading.image_files import list_files
from mmseg.utils.errors import BadFileError, UserError
from tests.datasets.toy import position_image, write_png

NAMES = ["a.png", "city/b.png", "city/day/c.png", "d.png"]


@pytest.fixture
def folder(tmp_path):
    """Four images, and hidden files and folders as editors and systems leave them."""
    root = tmp_path / "images"
    for number, name in enumerate(NAMES):
        write_png(root / name, position_image(number))
    for name in (".ipynb_checkpoints/a-checkpoint.png", "city/.cache/b.png", "._a.png"):
        write_png(root / name, position_image(9))
    return root


def test_hidden_files_and_folders_are_left_out(folder):
    names, left_out = walk(folder)
    assert sorted(names) == NAMES and left_out == {HIDDEN: 3}
    assert list_files(folder, ".png") == tuple(NAMES)


def test_links_to_folders_above_are_not_followed(folder):
    """Once followed, each would be for as often as the system allows: 40 times."""
    (folder / "again").symlink_to(folder)
    (folder / "city/day/up").symlink_to("../..")
    names, left_out = walk(folder)
    assert sorted(names) == NAMES and left_out[LOOP] == 2


def test_a_link_to_a_folder_elsewhere_is_followed_wherever_it_is(folder, tmp_path):
    write_png(tmp_path / "elsewhere/e.png", position_image(5))
    (tmp_path / "elsewhere/back").symlink_to(folder)
    for name in ("one", "two"):
        (folder / name).symlink_to(tmp_path / "elsewhere")
    names, left_out = walk(folder)
    assert sorted(names) == sorted([*NAMES, "one/e.png", "two/e.png"]) and left_out[LOOP] == 2


def test_a_link_to_a_folder_around_the_walk(folder, tmp_path):
    """The folder is met again below the link, and not entered a second time."""
    write_png(tmp_path / "beside.png", position_image(6))
    (folder / "around").symlink_to(tmp_path)
    names, left_out = walk(folder)
    assert sorted(names) == sorted([*NAMES, "around/beside.png"]) and left_out[LOOP] == 1


def test_every_command_walks_alike(folder):
    (folder / "loop").symlink_to(folder)
    dataset = FolderDataset(images=str(folder), labels=str(folder), classes=["a"])
    sources, left_out = find_sources([folder])
    assert dataset.images.names == dataset.label_names == tuple(NAMES) == tuple(raw_files(folder.parent, "images"))
    assert [f"{source.name}.png" for source in sources] == NAMES and left_out == {HIDDEN: 3, LOOP: 1}


def test_hidden_members_of_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name in ("images/a.png", "images/.ipynb_checkpoints/a.png", "images/._a.png", "__MACOSX/images/._a.png"):
            packed.writestr(name, b"")
    assert list_files(tmp_path / "a.zip/images", ".png") == ("a.png",) and list_files(tmp_path / "a.zip", ".png") == ("images/a.png",)


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_a_folder_that_cannot_be_read(folder):
    (folder / "city").chmod(0)
    try:
        with pytest.raises(UserError, match=r"Cannot read the folder .*/city: Permission denied\. Change its permissions"):
            walk(folder)
    finally:
        (folder / "city").chmod(0o755)


def pipe(path) -> None:
    os.mkfifo(path)


def bound_socket(path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(path.parent)  # the path of a socket has at most 107 bytes
        server.bind(path.name)


ODD = {
    "pipe": (pipe, "is no file, but a pipe, a socket or a device"),
    "socket": (bound_socket, "Cannot read"),
    "device": (lambda path: path.symlink_to("/dev/null"), "is no file, but a pipe, a socket or a device"),
    "broken link": (lambda path: path.symlink_to("absent"), "Mend or remove this link"),
    "link to itself": (lambda path: path.symlink_to(path.name), "Mend or remove this link"),
    "link to a folder of this name": (lambda path: path.symlink_to(".."), None),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_is_named_when_it_is_read(folder, kind, monkeypatch):
    monkeypatch.chdir(folder)
    make, text = ODD[kind]
    make(folder / "odd.png")
    if text is None:
        assert "odd.png" not in list_files(folder, ".png")
        return
    assert list_files(folder, ".png") == (*NAMES, "odd.png")
    with pytest.raises(BadFileError) as raised:
        file_bytes(folder / "odd.png")
    assert text in str(raised.value) and str(folder / "odd.png") in str(raised.value)
    split = Split(role="target", name="target", dataset={"type": "FolderDataset", "images": str(folder)})
    _, problems = check_split(open_split(split), nproc=1, limit=None)
    assert [(problem.kind, problem.path) for problem in problems] == [("broken image", str(folder / "odd.png"))]


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"two\nlines.png"], ids=["latin-1", "newline"])
def test_names_that_no_terminal_shows(folder, name):
    """They are read as any other; in a message the name stays on one line."""
    path = folder / os.fsdecode(name)
    (folder / "a.png").rename(path)
    (folder / "d.png").unlink()
    dataset = FolderDataset(images=str(folder))
    index = dataset.images.names.index(path.name)
    np.testing.assert_array_equal(dataset.images.read(index), position_image(0))
    path.write_bytes(b"")
    with pytest.raises(BadFileError) as raised:
        dataset.images.read(index)
    assert str(raised.value).isprintable() and "is empty (0 bytes)" in str(raised.value)
