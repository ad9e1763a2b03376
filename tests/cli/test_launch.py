"""Studies of small trainings: each distinct row in its process, whatever happens to the others."""

import contextlib
import re
import resource
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.utils.storage.locks import LOCK, is_locked
from tests import tiny
from tests.cli.failures import contents
from tests.cli.study_script import environment, launched, small_study
from tools import train as train_tool

BROKEN = "model = dict(backbone=dict(depths=[1, 1]))"
SOURCE_ONLY = 'uda = dict(_delete_=True, type="SourceOnly")'


@pytest.fixture(scope="module")
def study(tiny_data, tmp_path_factory):
    """A study of which a row works, one is broken and one repeats the first: (the command, what it printed)."""
    command = small_study(tmp_path_factory.mktemp("study"), tiny_data, {"works": "", "broken": BROKEN, "again": ""})
    return command, launched(command)


def test_a_study_goes_on_after_a_failure_and_says_so_at_the_end(study):
    _, done = study
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("2 runs, 0 of them finished") and done.stdout.count("started  ") == 2
    assert done.stdout.count("finished: mIoU") == 1 and done.stdout.count("failed with exit code 2") == 1
    assert len(re.findall(r"│ t\.[13] │ (works|again)\s+│\s+1 │\s+[\d.]+ │", done.stdout)) == 2 and "not run" in done.stdout
    first, second = done.stderr.splitlines()
    assert first == "1 of 2 runs failed. The same command tries them again:"
    assert re.match(
        r"  broken_s0_[0-9a-f]{8}: MixVisionTransformer has four stages, .* Log: .*/broken_s0_[0-9a-f]{8}/console\.log$", second
    ), second


def test_finished_runs_are_skipped(study):
    command, _ = study
    again = launched([*command, "--only", "t.1", "t.3"])
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("1 run, 1 of them finished") and "started" not in again.stdout


def test_listing_shows_how_far_the_rows_are(study):
    command, done = study
    listed = launched([*command[:-2], "--list", "7", "--seed", "0", "1"])
    assert listed.returncode == 0, listed.stderr
    mean = re.search(r"finished: mIoU ([\d.]+)", done.stdout).group(1)
    rows = {line.split("│")[1].strip(): line for line in listed.stdout.splitlines() if "│ t." in line}
    assert "1/2 finished" in rows["t.1"] and "1/2 finished" in rows["t.3"] and f" {float(mean):.1f} " in rows["t.1"]
    assert rows["t.1"].split("│")[2] == rows["t.3"].split("│")[2]
    assert " open " in rows["t.2"]


ENDLESS = {"train_cfg.max_iters": 100_000, "train_cfg.val_interval": 100_000, "default_hooks.checkpoint.interval": 1}


@contextlib.contextmanager
def launching(folder: Path, data: Path, **options: object) -> Iterator[SimpleNamespace]:
    """A launch of an endless training that has written its first checkpoint: its process, its command and the run folder."""
    command = small_study(folder, data, {"slow": ""}, **ENDLESS)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=tiny.ROOT, env=environment(), **streams, **options)
    try:
        while not (found := list(folder.glob("runs/*/latest.pth"))):
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)
        yield SimpleNamespace(process=process, command=command, folder=found[0].parent)
    finally:
        process.terminate()  # which ends its training too
        process.communicate(timeout=120)


def check_end(launch: SimpleNamespace, code: int, reason: str) -> None:
    """The launcher said how to go on, the training has ended in order, and nothing is left but whole files."""
    _, errors = launch.process.communicate(timeout=300)
    assert launch.process.returncode == code
    command = shlex.join(["python", *launch.command[1:]])
    assert errors == f"{reason}. Trainings stopped, their last states are kept. Go on with: {command}\n"
    resume = f"Go on with: python tools/train.py {launch.folder}/config.py --resume --work-dir {launch.folder}"
    assert (launch.folder / "console.log").read_text().splitlines()[-1] == f"stopped by SIGTERM. {resume}"
    assert not is_locked(launch.folder) and not (launch.folder / LOCK).exists() and not list(launch.folder.rglob("*.part*"))


def test_a_run_is_trained_once_and_an_interrupt_ends_it(tiny_data, tmp_path, fails):
    """While one launch trains: another skips the run, a training of the same folder is refused, and nothing is touched."""
    with launching(tmp_path, tiny_data) as first:
        config = (first.folder / "config.py").read_bytes()
        second = launched(first.command)
        assert second.returncode == 0 and f"running elsewhere  {first.folder}" in second.stdout, second.stdout + second.stderr
        line = fails(train_tool.main, first.folder / "config.py", "--work-dir", first.folder, "--resume")
        assert line == f"{first.folder} is in use by another process. Wait until that has ended, or choose another folder."
        assert "1/1 running" in launched([*first.command[:-2], "--list", "7"]).stdout
        assert first.process.poll() is None and (first.folder / "config.py").read_bytes() == config
        first.process.send_signal(signal.SIGINT)
        check_end(first, 130, "interrupted")


def test_a_launch_in_the_background_ends_when_it_is_terminated(tiny_data, tmp_path):
    """A shell lets such a process, and the trainings that it starts, ignore interrupts."""
    with launching(tmp_path, tiny_data, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as launch:
        launch.process.send_signal(signal.SIGINT)
        launch.process.send_signal(signal.SIGTERM)
        check_end(launch, 143, "stopped by SIGTERM")


def test_a_training_does_not_outlive_a_launcher_that_is_killed(tiny_data, tmp_path):
    """It keeps its state and releases its folder, so that the same command goes on."""
    with launching(tmp_path, tiny_data) as launch:
        launch.process.kill()
        wait_for(lambda: not is_locked(launch.folder))
        assert (launch.folder / "console.log").read_text().splitlines()[-1].startswith("stopped by SIGTERM. Go on with: ")
        assert read_checkpoint(launch.folder / "latest.pth")["meta"]["iteration"] >= 1


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_full_disk_stops_one_row(tiny_data, tmp_path, trained):
    """No file may exceed a size that the checkpoint of an adaptation does and that of the source alone does not."""
    limit = (trained / "latest.pth").stat().st_size * 3 // 4
    command = small_study(tmp_path, tiny_data, {"adapts": "", "source_only": SOURCE_ONLY})
    command = [argument for argument in command if "self_training_start" not in argument]  # which the second has not
    done = launched(command, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("started  ") == 2 and done.stdout.count("finished: mIoU") == 1
    (failure,) = done.stderr.splitlines()[1:]
    assert re.match(r"  adapts_s0_\w+: Cannot write .*\.pth: .*Free some space or choose a writable folder\. Log: ", failure), failure
    (folder,) = tmp_path.glob("runs/adapts_*")
    assert {path.name for path in contents(folder)} == {"config.py", "console.log", "evaluations.json", "images.npz"}
