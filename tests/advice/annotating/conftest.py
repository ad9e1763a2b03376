"""Trainings that wait for people."""

import shutil

import pytest

from mmseg.apis.training.train import train
from mmseg.utils.errors import Waiting
from tests import annotated, tiny


@pytest.fixture(scope="session")
def waiting_run(tiny_data, tmp_path_factory):
    """The folder of a training that waits for its first round; copy before changing it."""
    folder = tmp_path_factory.mktemp("waiting") / "run_that_waits"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tiny.ROOT)
        with pytest.raises(Waiting):
            train(annotated.config(tiny_data, {"oracle": "people"}), folder)
    return folder


@pytest.fixture
def waiting(waiting_run, tmp_path, monkeypatch):
    """A copy of it."""
    monkeypatch.chdir(tiny.ROOT)
    shutil.copytree(waiting_run, tmp_path / "run_that_waits")
    return tmp_path / "run_that_waits"
