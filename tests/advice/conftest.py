"""Commands that run in this process, and finished runs."""

import sys

import pytest

from tests import tiny
from tests.cli.conftest import fails, folder, own, run, trained, works  # noqa: F401


@pytest.fixture
def call(monkeypatch):
    """Runs the ``main`` of a command without what prints its errors: they arrive here."""

    def called(main, *arguments):
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
        return main.__wrapped__()

    return called
