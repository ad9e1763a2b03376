"""Names of files that a training reads over and over, so that no worker has to keep house of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable

_KEPT: set[str] = set()


def keep_parts(names: Iterable[str]) -> None:
    """Keeps the parts of relative paths known to Python for as long as the process lives.

    ``pathlib`` looks every part of a path up in a table of the interpreter, and enters those that nobody else refers to for as long as the
    path exists. Entries that come and go use the table up: after some ten thousand files a worker builds it anew, several megabytes that it
    shared with the training before. Parts that are there already are found, and nothing is entered.
    """
    _KEPT.update(sys.intern(part) for name in names for part in name.split("/"))
