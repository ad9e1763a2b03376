"""Commands that must fail, and a run that did not."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import tiny
from tests.cli.failures import one_line, written
from tests.datasets.toy import position_image, write_png
from tools import test as test_tool
from tools import train as train_tool


@pytest.fixture
def fails(monkeypatch, capsys):
    """Runs the ``main`` of a command in this process, which must end with an error; returns its line."""

    def run(main, *arguments) -> str:
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return one_line(ended.value.code, capsys.readouterr().err)

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """A run folder with a name of its own: mmengine keeps loggers and visualizers by it."""
    return tmp_path / f"run_{tmp_path.parent.name}_{tmp_path.name}"


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


@pytest.fixture(scope="session")
def trained(tiny_data, tmp_path_factory) -> Path:
    """A finished run of two iterations; copy before changing it."""
    folder = tmp_path_factory.mktemp("trained") / "run_of_bad_input"
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), *tiny.options(tiny_data))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return folder


@pytest.fixture
def run(trained, folder):
    """A copy of a finished run."""
    shutil.copytree(trained, folder)
    return folder


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


@pytest.fixture
def works(monkeypatch, capsys):
    """Runs the ``main`` of a command, which must succeed; returns what it prints."""

    def run(main, *arguments) -> str:
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert ended.value.code == 0, printed.err
        return printed.out

    return run


@pytest.fixture
def own(tmp_path):
    """A photo with a label of the ids 0, 1 and 17, as options of a FolderDataset."""
    write_png(tmp_path / "images/a.png", position_image(1))
    write_png(tmp_path / "labels/a.png", np.array([[0, 1], [17, 1]], np.uint8).repeat(20, 0).repeat(40, 1))
    return {"images": str(tmp_path / "images"), "labels": str(tmp_path / "labels"), "classes": ["sky", "grass"]}
