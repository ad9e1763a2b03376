"""Commands whose errors arrive in the test."""

import sys

import pytest

from tests import tiny


@pytest.fixture
def call(monkeypatch):
    """Runs the ``main`` of a command without what prints its errors: they arrive here."""

    def called(main, *arguments):
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
        return main.__wrapped__()

    return called
