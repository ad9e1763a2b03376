"""Command lines that are read and not run."""

from __future__ import annotations

import argparse
import shlex
import sys
from types import ModuleType
from unittest import mock


def parsed(module: ModuleType, text: str) -> argparse.Namespace:
    """The arguments of a command line."""
    with mock.patch.object(sys, "argv", ["command", *shlex.split(text)]):
        return module.parse_args()
