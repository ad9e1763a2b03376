"""What a container or Slurm allows this process: cores and memory, and whether it has killed something for memory.

Control groups of version 1 and 2 are read. Slurm's variables count on the machine of a job, where it may set no control group.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

GIB = 2**30
UNLIMITED = 2**60
"""Bytes that version 1 writes where there is no limit, or more."""
LESS = "Lower num_workers, batch_size or --jobs, or ask for more memory (--memory of a container, --mem of Slurm)."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is allowed.

    Attributes:
        cores: processor time per time; None without a limit.
        memory: bytes, of the machine where nothing limits it further; None where that is not known.
        peak: bytes that the processes with this limit had at most; None where that is not counted.
        kills: how many of them the system has killed for memory so far.
    """

    cores: float | None = None
    memory: int | None = None
    peak: int | None = None
    kills: int = 0

    @property
    def ran_out(self) -> str:
        """That memory ran out, with figures."""
        figures = [f"{name} {size / GIB:.1f} GiB" for name, size in (("limit", self.memory), ("peak", self.peak)) if size is not None]
        return "memory ran out" + (f" ({', '.join(figures)})" if figures else "")


def read_limits(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> Limits:
    """The limits of this process: the tightest of its control group, of the groups around it, and of Slurm.

    Args:
        root: where ``proc`` and ``sys/fs/cgroup`` lie.
        environment: variables.
    """
    cores, memory = _of_slurm(environment)
    peaks: list[tuple[int, int]] = []
    kills = None
    for folder, version in _groups(root, "cpu"):
        quota = _words(folder / "cpu.max") if version == 2 else _words(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")
        if len(quota) == 2 and quota[0].isdigit() and int(quota[0]) > 0:  # else 'max' or -1
            cores.append(int(quota[0]) / int(quota[1]))
    for folder, version in _groups(root, "memory"):
        limit, peak, events = (
            ("memory.max", "memory.peak", "memory.events")
            if version == 2
            else ("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control")
        )
        found = _words(folder / limit)
        if found and found[0].isdigit() and int(found[0]) < UNLIMITED:
            memory.append(int(found[0]))
            peaks += [(int(found[0]), int(word)) for word in _words(folder / peak)[:1]]
        counts = _words(folder / events)
        if kills is None and "oom_kill" in counts:  # that of the groups around it counts other jobs as well
            kills = int(counts[counts.index("oom_kill") + 1])
    total = _words(root / "proc/meminfo")
    memory += [int(total[1]) * 1024] if total[:1] == ["MemTotal:"] else []
    return Limits(
        cores=min(cores, default=None),
        memory=min(memory, default=None),
        peak=min(peaks)[1] if peaks else None,
        kills=kills or 0,
    )


def _of_slurm(environment: Mapping[str, str]) -> tuple[list[float], list[int]]:
    """Cores and bytes: those of a task in what srun started, else those of the job on this machine."""
    task = ("SLURM_CPUS_PER_TASK",) if "SLURM_STEP_ID" in environment else ()
    counts = {name: int(value) for name, value in environment.items() if name.startswith("SLURM_") and value.isdigit()}
    cores = [float(counts[name]) for name in (*task, "SLURM_CPUS_ON_NODE") if counts.get(name)]
    mib = [counts.get("SLURM_MEM_PER_NODE", 0), counts.get("SLURM_MEM_PER_CPU", 0) * counts.get("SLURM_CPUS_ON_NODE", 0)]
    return cores, [value << 20 for value in mib if value]  # 0 stands for all of the machine


def _groups(root: Path, controller: str) -> Iterator[tuple[Path, int]]:
    """Folder and version of the control group of this process, then of the groups around it."""
    own = root / "proc/self/cgroup"
    top = root / "sys/fs/cgroup"
    for line in own.read_text().splitlines() if own.is_file() else []:
        _, controllers, path = line.split(":", 2)
        place = PurePosixPath(path.lstrip("/"))
        for group in (place, *place.parents):
            if not controllers:
                yield top / group, 2
            elif controller in controllers.split(","):
                yield (top / controllers if (top / controllers).is_dir() else top / controller) / group, 1


def _words(*files: Path) -> list[str]:
    """What files hold; nothing where one cannot be read."""
    with contextlib.suppress(OSError):
        return [word for file in files for word in file.read_text().split()]
    return []


def killed_for_memory(code: int, kills: int) -> str | None:
    """That a process was killed because memory ran out, with figures and what helps; None where it was not.

    Args:
        code: its exit code, negative for a signal, or 128 more than that where another process has passed it on.
        kills: how many processes the system had killed for memory before.
    """
    now = read_limits()
    return f"{now.ran_out}. {LESS}" if code in (-signal.SIGKILL, 128 + signal.SIGKILL) and now.kills > kills else None
