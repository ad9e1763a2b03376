"""How much memory a step takes.

CUDA: what torch's allocator held at most. CPU: what the process had in memory at most, above what it had before the
networks were built; that counts the buffers of the libraries as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from pathlib import Path

import torch

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
GIB = 2**30


class PeakMemory:
    """Peak from its making on, in bytes.

    Args:
        device: where the networks are.

    Attributes:
        kind: what is measured, in words.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        if device.type == "cuda":
            self.kind, self.start = "allocated on the GPU", 0
            torch.cuda.init()  # there is nothing to reset before
            torch.cuda.reset_peak_memory_stats(device)
            return
        self.kind = "resident in memory, above the start"
        give_back_free_memory()
        with contextlib.suppress(OSError):  # not on Linux, or not allowed: the peak is that since the process began
            CLEAR.write_text("5")  # the highest mark falls back to what is resident now
        self.start = resident("VmRSS")

    def read(self) -> int:
        """The peak so far."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        return resident("VmHWM") - self.start


def give_back_free_memory() -> None:
    """Hands what the C library keeps of freed memory back to the system: used again, it would not count as more."""
    with contextlib.suppress(AttributeError, OSError):  # glibc alone can be asked to
        ctypes.CDLL(None).malloc_trim(0)


def resident(entry: str) -> int:
    """Bytes of this process in memory, now (VmRSS) or at most (VmHWM); without /proc, at most in both cases."""
    if STATUS.exists():
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(lines[entry].split()[0]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
