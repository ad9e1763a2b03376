"""What a command may rely on, wherever it is started: streams that are open, and a home."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def open_streams() -> None:
    """Where a stream was closed (``>&-``), what is printed goes nowhere; else the next file that is opened would get its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (to the end of the process)


def have_home() -> None:
    """A user that the system does not know, as containers may have, without HOME: libraries put their caches into the temporary folder."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()
