"""What a failed command prints and leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmseg.utils.errors import UserError


def one_line(code: object, stderr: str) -> str:
    """The error without its prefix; anything but one line with exit code 2 fails."""
    assert code == 2, stderr
    assert stderr.startswith("error: ") and stderr.count("\n") == 1 and stderr.endswith("\n"), stderr
    return stderr.removeprefix("error: ").strip()


def written(folder: Path) -> dict[str, list]:
    """What must not be left by a run that never trained."""
    return {pattern: list(folder.rglob(pattern)) for pattern in ("*.pth", "*.json", "*.part*", ".writable*")}


def contents(folder: Path) -> dict[Path, bytes]:
    """All files of a run but its logs, which lie in folders of their own."""
    return {path: path.read_bytes() for path in folder.glob("*") if path.is_file()}


def refusal(action: Callable) -> str:
    """The error that an action must end with."""
    with pytest.raises(UserError) as caught:
        action()
    return str(caught.value)
