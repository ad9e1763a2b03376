"""What is said about a file that could not be written: the reason in plain words, and how much is missing."""

import errno
import os
from collections import namedtuple

import pytest

from mmseg.utils.errors import UserError, command_line
from mmseg.utils.storage import space
from mmseg.utils.storage.files import atomic_path, remove_parts, write_bytes, write_text
from mmseg.utils.storage.space import as_size, cannot_write, free_space


@pytest.mark.parametrize(
    ("number", "text"), [(7, "7 bytes"), (1000, "1.0 kB"), (999_900, "1.0 MB"), (1.5e9, "1.5 GB"), (2e12, "2.0 TB"), (150e6, "150 MB")]
)
def test_sizes(number, text):
    assert as_size(number) == text


def test_the_free_space_of_a_folder_that_is_not_there_yet(tmp_path):
    assert free_space(tmp_path / "a" / "b") > 0


@pytest.fixture
def free(monkeypatch):
    """A disk with so many bytes free."""
    return lambda number: monkeypatch.setattr(space.shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(number))


REASONS = {
    errno.ENOSPC: ("No space left on device (300 bytes are free, 2.0 kB are needed)", "Free some space or choose a writable folder"),
    errno.EDQUOT: (os.strerror(errno.EDQUOT), "Free some space or choose a writable folder"),
    errno.EROFS: ("Read-only file system", "Free some space or choose a writable folder"),
    errno.EACCES: ("Permission denied", "Free some space or choose a writable folder"),
    errno.EIO: (os.strerror(errno.EIO), "Check this disk, or choose another folder"),
    errno.ENAMETOOLONG: ("File name too long", "Choose a shorter name or another folder"),
}


def failing(number: int):
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number), "somewhere")

    return fail


@pytest.mark.parametrize("moment", ["replace", "fsync"])
@pytest.mark.parametrize("number", REASONS)
def test_every_error_is_one_line(number, moment, tmp_path, monkeypatch, free):
    """The file of before stays, and nothing is left of the new one; then the same call works."""
    path, (reason, fix) = tmp_path / "a.bin", REASONS[number]
    write_bytes(path, b"old")
    with monkeypatch.context() as broken, pytest.raises(UserError) as raised:
        broken.setattr(space.shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(300))
        broken.setattr(os, moment, failing(number))
        write_bytes(path, bytes(2000))
    assert str(raised.value) == f"Cannot write {path}: {reason}. {fix}."
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    write_bytes(path, bytes(2000))
    assert path.read_bytes() == bytes(2000)


def test_a_close_that_fails(tmp_path):
    """What is buffered reaches the disk when the file is closed."""
    refused = pytest.raises(UserError, match=r"a\.txt: No space left on device \(.* are free\)")
    with refused, atomic_path(tmp_path / "a.txt"), open("/dev/full", "w") as file:
        file.write("x")
    assert not list(tmp_path.iterdir())


def test_a_library_that_does_not_say_why(free):
    free(0)
    silent = cannot_write("/a/b.mp4", OSError("encoder error -2"))
    assert str(silent).startswith("Cannot write /a/b.mp4: No space left on device (0 bytes are free)")
    free(10**9)
    assert "encoder error -2. " in str(cannot_write("/a/b.mp4", OSError("encoder error -2")))


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(UserError, match=r"File name too long\. Choose a shorter name or another folder\.$"):
        write_text(tmp_path / ("n" * 300), "x")


def test_what_killed_processes_left_is_removed(tmp_path):
    for name in (".latest.77.part.pth", ".a.5.part.json", "a.part.pth", "latest.pth"):
        (tmp_path / name).touch()
    remove_parts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.part.pth", "latest.pth"]


@pytest.mark.parametrize(("error", "code"), [(OSError(errno.EROFS, "Read-only file system", "/x/y"), 2), (BrokenPipeError(), 141)])
def test_a_command_that_meets_it_elsewhere(error, code, capsys):
    @command_line
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        main()
    line = "error: Cannot write /x/y: Read-only file system. Free some space or choose a writable folder.\n" if code == 2 else ""
    assert ended.value.code == code and capsys.readouterr().err == line


def test_other_errors_are_ours():
    @command_line
    def main() -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "/x/y")

    with pytest.raises(FileNotFoundError):
        main()
