"""Limits of containers and of Slurm, in trees of files as their systems show them."""

from pathlib import Path

import pytest

from mmseg.utils.computing.limits import GIB, Limits, read_limits

MACHINE = f"MemTotal:       {64 * GIB // 1024} kB\nMemFree: 1 kB\n"
EVENTS = "low 0\nhigh 0\nmax 9\noom 1\noom_kill {}\n"
DOCKER = {"memory.max": f"{8 * GIB}\n", "memory.peak": f"{7 * GIB}\n", "memory.events": EVENTS.format(2), "cpu.max": "150000 100000\n"}
FIRST = {
    "memory/job/memory.limit_in_bytes": f"{4 * GIB}\n",
    "memory/job/memory.max_usage_in_bytes": f"{3 * GIB}\n",
    "memory/job/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
    "memory/memory.limit_in_bytes": "9223372036854771712\n",
}


def tree(folder: Path, group: str, files: dict[str, str], meminfo: str = "") -> Path:
    """A root folder: what ``/proc/self/cgroup`` says, and files of control groups."""
    for name, text in {"proc/self/cgroup": group, "proc/meminfo": meminfo, **{f"sys/fs/cgroup/{key}": files[key] for key in files}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("group", "files", "expected"),
    [
        ("0::/\n", DOCKER, Limits(cores=1.5, memory=8 * GIB, peak=7 * GIB, kills=2)),
        ("0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"}, Limits(memory=64 * GIB)),
        ("4:memory:/job\n3:cpu,cpuacct:/\n", FIRST, Limits(memory=4 * GIB, peak=3 * GIB, kills=1)),
        (  # the tightest around it, and its own kills
            "0::/job/step\n",
            {**{f"job/{name}": text for name, text in DOCKER.items()}, "job/step/memory.events": EVENTS.format(0)},
            Limits(cores=1.5, memory=8 * GIB, peak=7 * GIB),
        ),
        ("0::/elsewhere\n", {}, Limits(memory=64 * GIB)),
    ],
)
def test_control_groups(group, files, expected, tmp_path):
    assert read_limits(tree(tmp_path, group, files, MACHINE), {}) == expected


@pytest.mark.parametrize(
    ("environment", "cores", "memory"),
    [
        ({"SLURM_STEP_ID": "0", "SLURM_CPUS_PER_TASK": "4", "SLURM_CPUS_ON_NODE": "16", "SLURM_MEM_PER_NODE": "2048"}, 4, 2 * GIB),
        ({"SLURM_CPUS_PER_TASK": "4", "SLURM_CPUS_ON_NODE": "16", "SLURM_MEM_PER_CPU": "512"}, 16, 8 * GIB),  # the batch script
        ({"SLURM_MEM_PER_NODE": "0"}, None, 64 * GIB),
        ({"SLURM_CPUS_ON_NODE": "many"}, None, 64 * GIB),
    ],
)
def test_slurm(environment, cores, memory, tmp_path):
    assert read_limits(tree(tmp_path, "", {}, MACHINE), environment) == Limits(cores=cores, memory=memory)


def test_nothing_is_known(tmp_path):
    assert read_limits(tmp_path, {}) == Limits()


def test_figures_of_memory_that_ran_out():
    assert Limits(memory=8 * GIB, peak=8 * GIB - 1, kills=2).ran_out == "memory ran out (limit 8.0 GiB, peak 8.0 GiB)"
    assert Limits().ran_out == "memory ran out"
