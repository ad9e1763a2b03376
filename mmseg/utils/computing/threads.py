"""Threads of this process: as many as it may use, and asleep while they wait.

The OpenMP of torch reads these settings once, when it is loaded, so the package makes them when it is imported itself. What the
environment says already, stays.
"""

from __future__ import annotations

import math
import os
from pathlib import Path, PurePosixPath

SLEEPING = {
    "OMP_WAIT_POLICY": "PASSIVE",
    # GNU's OpenMP may turn about a microsecond before it sleeps: the gaps between the operations of one pass are shorter than that.
    "GOMP_SPINCOUNT": "1000",
}
"""Threads that turn while they wait for one whose core is taken by another process turn for as long as that process runs: a
training step then takes up to fifty times as long."""


def bound_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_cores(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """Cores that this process may use: those it is bound to, or the processor time that its control group allows, rounded up."""
    return max(1, min([bound_cores(), *(math.ceil(quota) for quota in _quotas(cgroups, own))]))


def _quotas(cgroups: Path, own: Path) -> list[float]:
    """Limits in cores of the group of this process and of the groups around it, of both versions of control groups."""
    quotas = []
    for line in own.read_text().splitlines() if own.is_file() else []:
        _, controllers, path = line.split(":", 2)
        place = PurePosixPath(path.lstrip("/"))
        for group in (place, *place.parents):
            if not controllers:
                quotas += _ratio(cgroups / group / "cpu.max")
            elif "cpu" in controllers.split(","):
                folder = cgroups / controllers / group
                quotas += _ratio(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")
    return quotas


def _ratio(*files: Path) -> list[float]:
    """Time over period, from one file or from two; nothing where there is no limit."""
    try:
        time, period = " ".join(file.read_text() for file in files).split()
        return [float(time) / float(period)] if float(time) > 0 else []
    except (OSError, ValueError):  # no such group, or 'max'
        return []


def prepare_threads() -> None:
    """Sets the environment for the OpenMP runtime. Torch sees cores that the process is bound to, but no control group."""
    for name, value in SLEEPING.items():
        os.environ.setdefault(name, value)
    if usable_cores() < bound_cores():
        os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
