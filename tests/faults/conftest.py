"""What faulty trainings are compared with."""

from pathlib import Path

import pytest

from tests.faults.harness import train


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory) -> Path:
    """The folder of a training that nothing has stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = train(folder, tiny_data)
    assert done.returncode == 0, done.stderr
    return folder
