"""Packages that export names without importing the modules behind them.

Torch takes seconds to import. A help text, a list of runs or a mistake in a command needs class lists, names and presets, which lie
beside what computes with them; so a package imports nothing before it is asked.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def exported(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package, which imports a name when it is asked for.

    Args:
        package: its ``__name__``.
        homes: module of each exported name, relative to the package.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    return find
