"""Threads of this process: as many as it may use, and asleep while they wait.

The OpenMP of torch reads these settings once, when it is loaded, so the package makes them when it is imported itself. What the
environment says already, stays.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from mmseg.utils.computing.limits import GIB, read_limits

SLEEPING = {
    "OMP_WAIT_POLICY": "PASSIVE",
    # GNU's OpenMP may turn about a microsecond before it sleeps: the gaps between the operations of one pass are shorter than that.
    "GOMP_SPINCOUNT": "1000",
}
"""Threads that turn while they wait for one whose core is taken by another process turn for as long as that process runs: a
training step then takes up to fifty times as long."""
OF_A_WORKER = GIB // 2
"""Memory for a loader worker: its libraries, the images that it decodes and the batches that it has ready."""


def bound_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_cores(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> int:
    """Cores that this process may use: those it is bound to, or the processor time that it is allowed, rounded up.

    Args:
        root, environment: see :func:`~mmseg.utils.computing.limits.read_limits`.
    """
    allowed = read_limits(root, environment).cores
    return max(1, min(bound_cores(), bound_cores() if allowed is None else math.ceil(allowed)))


def loader_workers(wanted: int, processes: int = 1, root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> int:
    """How many of some loader workers this machine has cores and memory for; at least one where any are wanted.

    Args:
        wanted: by each process of a training.
        processes: of a training on this machine.
        root, environment: see :func:`~mmseg.utils.computing.limits.read_limits`.
    """
    memory = read_limits(root, environment).memory
    room = wanted if memory is None else memory // (OF_A_WORKER * processes)
    return min(wanted, max(1, min(usable_cores(root, environment) // processes, room)))


def prepare_threads() -> None:
    """Sets the environment for the OpenMP runtime. Torch sees cores that the process is bound to, but no control group."""
    for name, value in SLEEPING.items():
        os.environ.setdefault(name, value)
    if usable_cores() < bound_cores():
        os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
