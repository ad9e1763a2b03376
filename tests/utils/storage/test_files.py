"""Files are whole or absent, also where the folder or the disk does not play along."""

import errno
import json
import os

import pytest

from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import atomic_path, check_target, write_json, write_text


def test_written_file_replaces_the_old_one_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new" / "a.json"
    for value in ({"a": 1}, [2]):
        write_json(path, value)
        assert json.loads(path.read_text()) == value
    assert list(path.parent.iterdir()) == [path]


def test_the_temporary_file_lies_beside_the_target_and_keeps_its_suffix(tmp_path):
    with atomic_path(tmp_path / "a.png") as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".png" and temporary.name.startswith(".")
        temporary.write_bytes(b"x")
        assert not (tmp_path / "a.png").exists()
    assert (tmp_path / "a.png").read_bytes() == b"x"


def no_space(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(
        UserError, match=rf"^Cannot write {path}: No space left on device \(.* are free\)\. Free some space or choose a writable folder\.$"
    ):
        write_text(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_below_a_file_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"^Cannot write .*file/a.txt: (Not a directory|File exists)"):
        write_text(tmp_path / "file" / "a.txt", "x")


def test_a_target_is_refused_before_the_work(tmp_path):
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UserError, match=r"^Cannot write .*folder\.json: Is a directory\. Move this folder elsewhere\.$"):
        check_target(tmp_path / "folder.json")
    (tmp_path / "a.json").write_text("old")
    with pytest.raises(UserError, match=r"^Cannot write to .*a\.json"):
        check_target(tmp_path / "a.json" / "b.json")
    check_target(tmp_path / "a.json")
    check_target(tmp_path / "new" / "b.json")
    assert (tmp_path / "a.json").read_text() == "old" and not (tmp_path / "new").exists()
