"""Threads: what control groups of both versions allow, and what torch gets to see."""

import os
import subprocess
import sys

import pytest

from mmseg.utils.computing.threads import SLEEPING, bound_cores, loader_workers, usable_cores
from tests import tiny
from tests.utils.computing.test_limits import tree

BOUND = bound_cores()
SHOW = "import os, mmseg; print([os.environ.get(name) for name in {names}])"


def allowed(tmp_path, group: str, files: dict[str, str]) -> int:
    return usable_cores(tree(tmp_path, group, files), {})


@pytest.mark.parametrize(
    ("group", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, BOUND),
        ("0::/\n", {"cpu.max": "100000 100000\n"}, 1),
        ("0::/job/step\n", {"job/cpu.max": "50000 100000\n", "job/step/cpu.max": "max 100000\n"}, 1),
        ("0::/elsewhere\n", {}, BOUND),
        ("4:cpu,cpuacct:/job\n", {"cpu,cpuacct/job/cpu.cfs_quota_us": "100000", "cpu,cpuacct/job/cpu.cfs_period_us": "100000"}, 1),
        ("4:cpu,cpuacct:/job\n", {"cpu,cpuacct/job/cpu.cfs_quota_us": "-1", "cpu,cpuacct/job/cpu.cfs_period_us": "100000"}, BOUND),
        ("4:memory:/job\n", {"memory/job/cpu.cfs_quota_us": "100000", "memory/job/cpu.cfs_period_us": "100000"}, BOUND),
    ],
)
def test_control_groups(group, files, cores, tmp_path):
    assert allowed(tmp_path, group, files) == cores


def test_a_part_of_a_core_counts_as_one_and_more_as_two(tmp_path):
    assert allowed(tmp_path, "0::/\n", {"cpu.max": "150000 100000\n"}) == min(2, BOUND)


def test_without_control_groups(tmp_path):
    assert usable_cores(tmp_path, {}) == BOUND


def seen(**given: str) -> str:
    names = [*SLEEPING, *given]
    environment = {key: value for key, value in os.environ.items() if key not in SLEEPING} | given
    command = [sys.executable, "-c", SHOW.format(names=names)]
    return subprocess.run(command, env=environment, cwd=tiny.ROOT, capture_output=True, text=True, check=True).stdout.strip()


def test_the_package_asks_for_sleeping_threads_and_respects_the_environment():
    assert seen() == str(list(SLEEPING.values()))
    assert seen(GOMP_SPINCOUNT="7") == str([SLEEPING["OMP_WAIT_POLICY"], "7", "7"])


@pytest.mark.parametrize(
    ("wanted", "processes", "gib", "workers"),
    [(0, 1, 64, 0), (1, 1, 64, 1), (999, 1, 64, BOUND), (999, BOUND, 64, 1), (999, 1, 0.5, 1), (4, 1, 0, 1)],
)
def test_loader_workers_have_cores_and_memory(wanted, processes, gib, workers, tmp_path):
    root = tree(tmp_path, "0::/\n", {"memory.max": str(int(gib * 2**30))})
    assert loader_workers(wanted, processes, root, {}) == workers
