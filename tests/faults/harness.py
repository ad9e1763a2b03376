"""A training of seconds in a process of its own in which one thing goes wrong at one moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tests.cli.study_script import environment
from tests.engine.test_resume import assert_equal

ITERATIONS = 6
OPTIONS = {
    "train_cfg.max_iters": ITERATIONS,
    "train_cfg.val_interval": 3,
    "default_hooks.checkpoint.interval": 100,  # no state but that of a fault, and the last
    "model.decode_head.dropout_ratio": 0.2,
}
SCRIPT = """
import os, signal, sys, time
from mmseg.engine.hooks.checkpoint_hook import CheckpointHook
from mmseg.engine.loops import AdaptationTrainLoop
from mmseg.models.uda import UDAMethod
rank = int(os.environ.get("RANK", 0))

def at(owner, name, happens):
    'Calls happens before a method, with its arguments.'
    method = getattr(owner, name)
    def called(*args, **kwargs):
        happens(*args, **kwargs)
        return method(*args, **kwargs)
    setattr(owner, name, called)

{fault}
from tools.train import main
main()
"""
IN_STEP = """
def fault(self, data, optim_wrapper):
    if data["iteration"] == {iteration} and rank == {rank}:
        {what}
at(UDAMethod, "train_step", fault)
"""
IN_EVALUATION = """
def fault(self, runner, batch_idx, **_):
    if runner.iter == {iteration} and batch_idx == 0 and rank == {rank}:
        {what}
at(CheckpointHook, "after_val_iter", fault)
"""
BEFORE = """
def fault(self):
    {what}
at(AdaptationTrainLoop, "run", fault)
"""


def script(folder: Path, moment: str, what: str, iteration: int = 0, rank: int = 0) -> Path:
    """A program that trains like ``tools/train.py``, where ``what`` happens at a ``moment`` of an iteration, from 0, in one process."""
    file = folder / "faulty.py"
    file.write_text(SCRIPT.format(fault=moment.format(what=what, iteration=iteration, rank=rank)))
    return file


def train(folder: Path, data: Path, program: Path | str = "tools/train.py", *flags: str, processes: int = 1, **options: object):
    """Trains into ``folder``; the completed process."""
    torchrun = ["tools/torchrun.py", "--standalone", "--nproc_per_node", str(processes)] if processes > 1 else []
    words = [tiny.CONFIG, "--work-dir", str(folder), *flags, *tiny.options(data, **{**OPTIONS, **options})]
    command = [sys.executable, *torchrun, str(program), *words]
    running = subprocess.Popen(
        command, cwd=tiny.ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        output, errors = running.communicate(timeout=300)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, running.returncode, output, errors)


def state(folder: Path) -> dict:
    """The last checkpoint of a run."""
    return read_checkpoint(folder / "latest.pth")


def evaluations(folder: Path) -> object:
    """All that was measured, by iteration."""
    return json.loads((folder / "evaluations.json").read_text())


def assert_same_run(first: Path, second: Path, ignoring: Callable[[str], bool] = lambda name: False) -> None:
    """Two runs ended with the same bits and the same evaluations."""
    one, other = state(first), state(second)
    for part in ("state_dict", "optimizer", "param_schedulers"):
        assert_equal(one[part], other[part], part)
    assert one["meta"]["best_score"] == other["meta"]["best_score"]
    assert evaluations(first) == evaluations(second)
