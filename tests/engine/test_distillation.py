"""A distillation from a run: the teacher is read where the option says, and again where a training goes on."""

import shutil
import signal

import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from tests import tiny
from tests.cli.failures import one_line
from tests.engine.test_resume import KILLED

DISTILLATION = f"""
_base_ = ["{tiny.ROOT / tiny.CONFIG}"]
uda = dict(_delete_=True, type="Distillation", distilled_from="TEACHER", temperature=2.0)
"""


@pytest.fixture
def arguments(trained, tiny_data, tmp_path) -> list[str]:
    """Of tools/train.py, with a teacher in tmp_path/teacher."""
    shutil.copytree(trained, tmp_path / "teacher")
    config = tmp_path / "own.py"
    config.write_text(DISTILLATION.replace("TEACHER", str(tmp_path / "teacher")))
    changes = {"train_cfg.max_iters": 2, "default_hooks.checkpoint.interval": 1}
    options = [option for option in tiny.options(tiny_data, **changes) if not option.startswith("uda.")]
    return [str(config), *options]


def test_a_resumed_training_equals_an_uninterrupted_one_and_wants_its_teacher(arguments, tmp_path):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    done = tiny.run("tools/train.py", *arguments, "--work-dir", str(whole))
    assert done.returncode == 0, done.stderr
    assert "Teacher: Loaded model (student)" in done.stdout + "".join(path.read_text() for path in whole.rglob("*.log"))

    killed = tiny.run("-c", KILLED, *arguments, "--work-dir", str(parted))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    checkpoint = tmp_path / "teacher" / "latest.pth"
    content = read_checkpoint(checkpoint)
    save_checkpoint(checkpoint, {**content, "state_dict": {key: value + 0 for key, value in content["state_dict"].items()}, "other": 1})
    refused = tiny.run("tools/train.py", *arguments, "--work-dir", str(parted), "--resume")
    assert "is another one than that of the state that is loaded" in one_line(refused.returncode, refused.stderr)

    save_checkpoint(checkpoint, content)
    resumed = tiny.run("tools/train.py", *arguments, "--work-dir", str(parted), "--resume")
    assert resumed.returncode == 0, resumed.stderr
    first, second = (read_checkpoint(folder / "latest.pth")["state_dict"] for folder in (whole, parted))
    assert first.keys() == second.keys() and all(torch.equal(value, second[key]) for key, value in first.items())
    assert not any(key.startswith("distilled.") for key in first)
