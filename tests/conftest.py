"""What several test files share."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mmseg.demo.choices import Parameters
from mmseg.demo.files import LAYOUTS
from mmseg.utils.computing.threads import usable_cores
from tools.make_demo_data import make_demo_data

TINY = Parameters(width=128, height=64, source=6, target=4, val=2)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many random mistakes tests/config/test_mutations.py and tests/utils/test_product_mutations.py make."""
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
    make_demo_data(out=folder, parameters=TINY, layouts=list(LAYOUTS))
    return folder
