"""Commands that must fail, and a run that did not."""

import shutil
import sys
from pathlib import Path

import pytest

from tests import tiny
from tests.cli.failures import written
from tools import test as test_tool
from tools import train as train_tool


@pytest.fixture
def data(tiny_data, tmp_path) -> Path:
    """A copy of the data that a test may break."""
    return Path(shutil.copytree(tiny_data, tmp_path / "data"))


@pytest.fixture
def train_fails(fails, folder, tiny_data):
    """A training that must fail and leave no checkpoint, result or temporary file; returns the error's line."""

    def run(*flags, data=tiny_data, config=tiny.CONFIG, **changes) -> str:
        line = fails(train_tool.main, config, "--work-dir", folder, *flags, *tiny.options(data, **changes))
        assert not any(written(folder).values()), written(folder)
        return line

    return run


@pytest.fixture
def evaluates(run, monkeypatch, capsys):
    """Runs tools/test.py on that run in this process; returns what it prints."""

    def evaluate(*arguments, checkpoint="latest.pth") -> str:
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["test.py", *map(str, (run / "config.py", run / checkpoint, *arguments))])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            test_tool.main()
        printed = capsys.readouterr()
        assert ended.value.code == 0, printed.err
        return printed.out

    return evaluate
