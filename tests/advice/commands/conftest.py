"""States of trainings that are broken on purpose, and what starts from their networks."""

import pytest

from mmseg.config import load_config
from mmseg.engine.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from mmseg.engine.checkpoints.trained_for import TrainedFor
from mmseg.engine.checkpoints.weights import load_method
from mmseg.engine.parts import build_model


@pytest.fixture(scope="module")
def method(trained):
    """The method of a finished run, with other weights."""
    return build_model(load_config(trained / "config.py"))


@pytest.fixture
def elsewhere(method):
    """Starts from the networks of a file, as ``--load-from`` does."""

    def start(path) -> None:
        content = read_checkpoint(path)
        assert load_method(method, content, path)[0].startswith("Loaded model (student)")
        info = TrainedFor.of(content)
        info.warnings(info.classes, info.palette, method.data_preprocessor, path)

    return start


@pytest.fixture
def changed(trained, tmp_path):
    """Writes the state of a finished run with changes; None removes an entry."""

    def write(**changes):
        content = read_checkpoint(trained / "latest.pth")
        for key, value in changes.items():
            place, name = (content["meta"], key.removeprefix("meta_")) if key.startswith("meta_") else (content, key)
            place.pop(name, None)
            place.update({} if value is None else {name: value})
        save_checkpoint(tmp_path / "latest.pth", content)
        return tmp_path / "latest.pth"

    return write
