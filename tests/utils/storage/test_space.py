"""What is said about a file that could not be written: the reason in plain words, and how much is missing."""

import errno
import os
from collections import namedtuple

import pytest

from mmseg.utils.errors import UserError, command_line
from mmseg.utils.storage import space
from mmseg.utils.storage.files import atomic_path, remove_parts, write_bytes, write_text
from mmseg.utils.storage.space import SpaceWatch, as_size, cannot_write, free_space


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


def steps(monkeypatch, *, free: int, each: int, total: int) -> list[tuple[int, str]]:
    """The warnings of a loop whose every step takes so many bytes of a disk, each with the number of steps before it."""
    usage, said = {"free": free}, []
    monkeypatch.setattr(space, "free_space", lambda _: usage["free"])
    watch = SpaceWatch("out", total, lambda text: said.append((watch.done, text)))
    for _ in range(total):
        usage["free"] -= each
        watch.step()
    return said


def test_a_disk_without_room_for_all_files_is_noticed_soon(monkeypatch):
    """4 of 100 files took 40 kB, so 96 need 960 kB, and 460 kB are left."""
    text = (
        "460 kB are free on the disk of out, and the rest needs about 960 kB (4 of 100 are written). Free some space, or it will be full."
    )
    assert steps(monkeypatch, free=500_000, each=10_000, total=100) == [(4, f"Warning: {text}")]


@pytest.mark.parametrize("each", [0, 10_000])
def test_a_disk_with_room_is_not_mentioned(monkeypatch, each):
    """What replaces its like takes nothing; and the last byte may be used."""
    assert not steps(monkeypatch, free=1_000_000 if each else 1, each=each, total=100)


def test_files_that_grow_are_noticed_later(monkeypatch):
    usage, said = [990], []
    monkeypatch.setattr(space, "free_space", lambda _: usage[0])
    watch = SpaceWatch("out", 64, lambda text: said.append(watch.done))
    for index in range(64):
        usage[0] -= index
        watch.step()
    assert said == [32]  # after 16, 120 are used, and 48 more need 360 of 870; after 32, as many need 496 of 494


def test_a_disk_that_does_not_say(monkeypatch):
    monkeypatch.setattr(space, "free_space", lambda _: None)
    watch = SpaceWatch("out", 9, pytest.fail)
    for _ in range(9):
        watch.step()


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
