"""What several test files share."""

import itertools
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from mmseg.demo.choices import DEMO_FOLDERS, UNSEEN_FOLDERS, Parameters
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.storage import space
from tests import tiny
from tests.cli.failures import one_line
from tests.datasets.toy import position_image, write_png
from tools.make_demo_data import make_demo_data

TINY = Parameters(width=128, height=64, source=6, target=4, val=2)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many random mistakes tests/config/test_mutations.py and tests/utils/products/test_mutations.py make."""
    parser.addoption("--mutations", type=int, default=500, help="random mistakes in the configs of each form, and in products")


def pytest_configure(config: pytest.Config) -> None:
    """Each of several workers takes its share of the cores, unless the environment says how many."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, usable_cores() // workers))


@pytest.fixture(scope="session", autouse=True)
def interrupts_arrive() -> None:
    """A shell lets its background jobs ignore Ctrl-C, and their children inherit that; the commands under test must not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def float64() -> Iterator[None]:
    """Networks and batches that a test makes compute in float64, so that no rounding decides what it compares.

    In float32 a ReLU whose input is 1e-6 lies on one side or the other, as the kernels and threads of a machine have it.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory) -> Path:
    """Demo domains of 128x64 pixels, made once per session; copy before breaking something."""
    folder = tmp_path_factory.mktemp("data") / "demo"
    make_demo_data(out=folder, parameters=TINY)
    return folder


@pytest.fixture(scope="session")
def tiny_layouts(tmp_path_factory) -> Path:
    """The demo domains of ``tiny_data`` in the layouts of all data sets, made once per session; copy before breaking something."""
    folder = tmp_path_factory.mktemp("layouts") / "demo"
    make_demo_data(out=folder, parameters=TINY, layouts=[*DEMO_FOLDERS.values(), *UNSEEN_FOLDERS])
    return folder


# Commands in this process, and finished runs


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
def folder(tmp_path) -> Path:
    """A run folder with a name of its own: mmengine keeps loggers and visualizers by it."""
    return tmp_path / f"run_{tmp_path.parent.name}_{tmp_path.name}"


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
def own(tmp_path):
    """A photo with a label of the ids 0, 1 and 17, as options of a FolderDataset."""
    write_png(tmp_path / "images/a.png", position_image(1))
    write_png(tmp_path / "labels/a.png", np.array([[0, 1], [17, 1]], np.uint8).repeat(20, 0).repeat(40, 1))
    return {"images": str(tmp_path / "images"), "labels": str(tmp_path / "labels"), "classes": ["sky", "grass"]}


@pytest.fixture
def filling_disk(monkeypatch) -> str:
    """A disk of which the first file takes all but 10 bytes; returns the beginning of what is said to that."""
    looks = itertools.chain([1000], itertools.repeat(10))
    monkeypatch.setattr(space, "free_space", lambda _: next(looks))
    monkeypatch.setattr(space, "FIRST_LOOK", 1)
    return "Warning: 10 bytes are free on the disk of"
