"""Memory that is freed stays with the process, which gives it to the next large tensor."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
OWN_BLOCK = 2**30
"""Bytes from which a block is asked of the system by itself, and returned as soon as it is free."""
KEPT = 2**31 - 1
"""Bytes at the end of the heap from which free memory is returned; the most that the interface takes."""
OF_USERS = ("MALLOC_", "GLIBC_TUNABLES")
"""Begin the variables with which a user says the same."""


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> bool:
    """Tells the C library's malloc to reuse large blocks; returns whether it took that.

    glibc asks the system for every block above 32 MiB anew, and the system clears it page by page while it is written: a sixth of the time
    of a training step on a CPU, and more of it where other processes need the cores (docs/benchmarks.md). Other C libraries, and users who
    have set up malloc or another allocator by the environment, are left alone.
    """
    if sys.platform != "linux" or any(name.startswith(OF_USERS) for name in environment):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(library.mallopt(M_MMAP_THRESHOLD, OWN_BLOCK) and library.mallopt(M_TRIM_THRESHOLD, KEPT))
