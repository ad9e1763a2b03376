"""Logs: whole pieces or none, and no error ends what writes them."""

import errno
import io
import logging
import os
import subprocess
import sys

import pytest

from mmseg.utils.storage import logs
from mmseg.utils.storage.logs import GOES_ON, AppendedFile, LastingStream, Logs, append
from tests.tiny import ROOT


class HalfFull(io.FileIO):
    """Takes three bytes of what is written, and then no more."""

    def write(self, data) -> int:
        if len(data) <= 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data[:3])


@pytest.fixture
def half_full(monkeypatch):
    def fill(context: pytest.MonkeyPatch = monkeypatch) -> None:
        context.setattr(logs, "open", lambda path, mode, buffering: HalfFull(path, "ab"), raising=False)

    return fill


def test_a_piece_is_appended_whole_or_not_at_all(tmp_path, monkeypatch, half_full):
    path = tmp_path / "a" / "log"
    file = AppendedFile(path)
    file.write(b"one\n")
    with monkeypatch.context() as full:
        half_full(full)
        with pytest.raises(OSError, match="No space left") as raised:
            file.write(b"second\n")
        assert raised.value.filename == str(path)
        with pytest.raises(OSError, match="No space left"):
            append(tmp_path / "new", b"second\n")
    file.write(b"three\n")
    assert path.read_bytes() == b"one\nthree\n" and not (tmp_path / "new").exists()


def test_each_log_is_told_of_once(tmp_path):
    said = []
    its = Logs(said.append)

    def fail(name: str) -> None:
        with its.may_fail(name):
            raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / name))

    for name in ("a", "a", "b", "a"):
        fail(name)
    with its.may_fail("a"):
        said.append("in between")
    fail("a")
    line = f"Cannot write {tmp_path}/{{}}: Read-only file system. Free some space or choose a writable folder. {GOES_ON}"
    assert said == [line.format("a"), line.format("b"), "in between"]


def test_our_mistakes_are_not_swallowed():
    with pytest.raises(ZeroDivisionError), Logs(print).may_fail("a"):
        raise ZeroDivisionError


def test_a_log_file_of_the_logging_module(tmp_path):
    """It holds back what it could not write, and its error says once what Python says with a page for each line."""
    handler = logging.FileHandler(tmp_path / "a.log")
    said = []
    its = Logs(said.append)
    handler.handleError = lambda record: its.handle_error(handler.baseFilename, record)
    handler.stream.close()
    handler.stream = open("/dev/full", "w")  # noqa: SIM115
    for number in range(3):
        handler.emit(logging.LogRecord("a", logging.INFO, "", 0, str(number), (), None))
    assert len(said) == 1 and said[0].startswith(f"Cannot write {tmp_path}/a.log: No space left on device") and said[0].endswith(GOES_ON)
    os.dup2(os.open(tmp_path / "a.log", os.O_WRONLY), handler.stream.fileno())
    handler.emit(logging.LogRecord("a", logging.INFO, "", 0, "3", (), None))
    handler.close()
    assert (tmp_path / "a.log").read_text() == "0\n1\n2\n3\n"


def test_a_stream(capsys):
    errors = []
    stream = LastingStream(sys.stdout, errors.append)
    assert stream.write("good") == 4 and capsys.readouterr().out == "good" and stream.encoding == sys.stdout.encoding
    with open("/dev/full", "w", buffering=1) as full:
        stream = LastingStream(full, errors.append)
        assert stream.write("bad\n") == 4 and len(errors) == 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


PROGRAM = """
import sys
from mmseg.utils.errors import command_line
from mmseg.utils.storage.logs import lasting_console

@command_line
def main():
    {prints}
main()
"""
LASTING = "\n    ".join(["with lasting_console():", *["    print('x', flush=True)"] * 3, "    print('done', file=sys.stderr)"])


@pytest.mark.parametrize(("prints", "code", "lines"), [(LASTING, 0, 2), ("print('x')", 2, 1)])
def test_a_console_on_a_full_disk(prints, code, lines):
    """A training goes on; a command whose result is what it prints does not. Python adds nothing of its own."""
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", PROGRAM.format(prints=prints)]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    said = done.stderr.splitlines()
    assert done.returncode == code and len(said) == lines, done.stderr
    assert said[0].removeprefix("error: ").startswith("Cannot write what is printed: No space left on device. Free some space")
    assert code or said[1] == "done"
