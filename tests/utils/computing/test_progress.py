"""Work in several processes, one of which may be killed; progress bars, and who sees them."""

import argparse
import contextlib
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from mmseg.config.options import add_quiet_option
from mmseg.utils.computing.progress import mapped, progress
from mmseg.utils.errors import QUIET, UserError
from tests.tiny import ROOT


def squared(number: int) -> int:
    return number * number


def killed(name: str) -> str:
    if name == "b.png":
        os.kill(os.getpid(), signal.SIGKILL)
    return name


@pytest.mark.parametrize("nproc", [1, 2])
def test_results_come_in_order(nproc):
    assert list(mapped(squared, range(9), nproc=nproc, title="Squaring")) == [number * number for number in range(9)]


def test_a_disk_without_room_for_all_results(tmp_path, filling_disk, capsys):
    """Such as the labels of a converter."""
    assert len(list(mapped(squared, range(9), nproc=1, title="Squaring", out=tmp_path))) == 9
    assert capsys.readouterr().out.startswith(f"{filling_disk} {tmp_path}, and the rest needs about 7.9 kB (1 of 9 are written).")


def test_a_killed_process_is_one_line():
    """multiprocessing's own pool would wait for ever."""
    with pytest.raises(UserError, match=r"^Reading: a worker process was ended from outside, at \w.png or soon after\. If memory ran out"):
        list(mapped(killed, ["a.png", "b.png"], nproc=2, title="Reading"))


SHOWS = """
import sys
from rich.console import Console
from rich.table import Table
from mmseg.utils.computing.progress import progress, progress_bar
for _ in progress(range(3), "Counting"):
    pass
with progress_bar() as bar:
    list(bar.track([1, 2], description="Tracking"))
table = Table("heading", style="red")
table.add_row("cell")
Console().print(table)
"""
COLOR = re.compile(rb"\x1b\[[0-9;]*3[0-9][0-9;]*m")


def on_a_terminal(**environment: str) -> bytes:
    """What a process writes to one."""
    own = {
        key: value
        for key, value in os.environ.items()
        if key not in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", QUIET)
    }
    master, slave = pty.openpty()
    command = [sys.executable, "-c", SHOWS]
    done = subprocess.run(command, cwd=ROOT, env={**own, "TERM": "xterm-256color", **environment}, stdout=slave, stderr=slave, timeout=60)
    os.close(slave)
    written = b""
    with contextlib.suppress(OSError):  # of Linux, once all is read
        while part := os.read(master, 65536):
            written += part
    os.close(master)
    assert done.returncode == 0, written
    return written


def test_a_terminal_shows_bars_in_colours():
    written = on_a_terminal()
    assert all(text in written for text in (b"Counting", b"3/3", b"Tracking", b"left", b"cell")) and COLOR.search(written)


@pytest.mark.parametrize(
    ("environment", "bars"),
    [({"NO_COLOR": "1"}, True), ({"TERM": "dumb"}, False), ({QUIET: "1"}, False)],
    ids=["no colour", "dumb", "quiet"],
)
def test_what_the_environment_leaves_out(environment, bars):
    written = on_a_terminal(**environment)
    assert (b"Counting" in written) == (b"Tracking" in written) == bars and b"cell" in written
    assert not COLOR.search(written) or QUIET in environment


def test_a_file_gets_neither_bars_nor_colours():
    done = subprocess.run([sys.executable, "-c", SHOWS], cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stderr == b"" and b"cell" in done.stdout
    assert b"Counting" not in done.stdout and b"\x1b" not in done.stdout


def test_steps_come_unchanged():
    assert list(progress(["a", "b"])) == ["a", "b"]


def test_quiet_is_an_option_of_a_command(monkeypatch):
    monkeypatch.setenv(QUIET, "")
    monkeypatch.delenv(QUIET)
    parser = argparse.ArgumentParser()
    add_quiet_option(parser)
    assert vars(parser.parse_args([])) == {} and QUIET not in os.environ
    assert vars(parser.parse_args(["--quiet"])) == {} and QUIET in os.environ


def test_every_command_with_a_bar_can_be_quiet():
    """One that does not show any lacks the option."""
    without = {"benchmark", "check_weights", "convert_weights", "export", "print_config", "summarize", "torchrun"}
    without |= {"write_models", "write_options", "compare", "band"}
    files = list((ROOT / "tools").glob("[a-z]*.py"))
    files += [ROOT / "tools/convert_datasets/command.py", *(ROOT / "tools/prepare").glob("[a-z]*.py")]
    files = [file for file in files if file.stem not in without]
    ways = ("add_quiet_option(", "add_config_options(")  # the second has it among others
    assert len(files) > 10 and not [file.name for file in files if not any(way in file.read_text() for way in ways)]
