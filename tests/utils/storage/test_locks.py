"""The lock of a run folder."""

import subprocess
import sys

import pytest

from mmseg.utils.errors import UserError
from mmseg.utils.storage import locks
from mmseg.utils.storage.locks import is_locked, locked
from tests import tiny

HOLD = """
import sys, time
from pathlib import Path
from mmseg.utils.storage.locks import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of ``tmp_path / 'run'``."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "run")], cwd=tiny.ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"locked\n"
    yield process
    process.kill()
    process.wait()


def test_a_lock_is_held_once_and_ends_with_its_process(holder, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    folder = tmp_path / "run"
    assert is_locked(folder)
    with pytest.raises(UserError, match=r"run is in use by another process\. Wait until"), locked(folder):
        pass
    holder.kill()
    holder.wait()
    assert not is_locked(folder)
    with locked(folder):
        assert is_locked(folder)


def test_nothing_is_left_of_a_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "parent" / "run"):
        1 / 0  # noqa: B018
    assert not list(tmp_path.iterdir())
    with locked(tmp_path / "parent" / "run"):
        (tmp_path / "parent" / "run" / "file").touch()
    assert [path.name for path in (tmp_path / "parent" / "run").iterdir()] == ["file"]


def test_a_folder_that_was_never_locked(tmp_path):
    assert not is_locked(tmp_path) and not is_locked(tmp_path / "missing")
    assert not list(tmp_path.iterdir())
