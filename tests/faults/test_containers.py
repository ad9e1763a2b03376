"""A training that is killed for memory is named as that by its launcher."""

import signal

import pytest

from mmseg.apis.launching import launch
from mmseg.utils.computing import limits
from mmseg.utils.computing.limits import GIB, LESS, Limits

FULL = Limits(memory=8 * GIB, peak=8 * GIB, kills=1)
SLURM = "slurmstepd: error: Detected 1 oom_kill event in StepId=7.0. Some of the step tasks have been OOM Killed."


@pytest.mark.parametrize(
    ("code", "now", "output", "said"),
    [
        (-signal.SIGKILL, FULL, "", f"It was killed: memory ran out (limit 8.0 GiB, peak 8.0 GiB). {LESS}"),
        (137, Limits(), SLURM, f"It was killed by Slurm: memory ran out. {LESS}"),
        (137, Limits(), "", f"It was killed, as the system does where memory runs out. {LESS}"),
        (2, FULL, "", None),
    ],
)
def test_what_the_launcher_says(code, now, output, said, monkeypatch):
    monkeypatch.setattr(limits, "read_limits", lambda: now)
    assert launch.killed_line(code, 0, output) == said
