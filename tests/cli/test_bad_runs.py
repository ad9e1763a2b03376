"""Folders, disks, checkpoints and launchers: one line on stderr with the fix, exit code 2, nothing half-written."""

import errno
import os
import shutil
from pathlib import Path
from typing import BinaryIO

import pytest
import torch

import run_experiments
from tests import tiny
from tests.cli.failures import contents, one_line, written
from tools import test as test_tool
from tools import train as train_tool

PLAIN = "configs/demo/demo2demo_daformer.py"


# Folders and disks


def test_work_dir_below_a_file(fails, tmp_path, tiny_data):
    (tmp_path / "file").write_text("")
    for work_dir, reason in ((tmp_path / "file" / "run", "Not a directory"), (tmp_path / "file", "File exists")):
        line = fails(train_tool.main, tiny.CONFIG, "--work-dir", work_dir, *tiny.options(tiny_data))
        assert line == f"Cannot write to {work_dir}: {reason}. Choose another folder that is writable."
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_launching_into_a_work_dir_below_a_file(fails, tmp_path, tiny_data):
    (tmp_path / "file").write_text("")
    options = tiny.options(tiny_data, work_dir=str(tmp_path / "file"))
    line = fails(run_experiments.main, "--config", tiny.CONFIG, *options)
    assert line.startswith(f"Cannot write to {tmp_path}/file/demoHR2demoHR_hrda_s0_") and line.endswith(
        "Choose another folder that is writable."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_read_only_work_dir(fails, tmp_path, tiny_data):
    tmp_path.chmod(0o555)
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", tmp_path / "run", *tiny.options(tiny_data))
    assert line == f"Cannot write to {tmp_path / 'run'}: Permission denied. Choose another folder that is writable."


def full_disk(_: object, file: BinaryIO) -> None:
    file.write(b"half a checkpoint")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_keeps_the_last_state(fails, trained, folder, tiny_data, monkeypatch):
    shutil.copytree(trained, folder)
    (folder / "result.json").unlink()
    before = (folder / "latest.pth").read_bytes()
    monkeypatch.setattr(torch, "save", full_disk)
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--resume", *tiny.options(tiny_data, **{"train_cfg.max_iters": 4}))
    assert line.startswith(f"Cannot write {folder}/") and line.endswith("Free some space or choose a writable folder.")
    assert (folder / "latest.pth").read_bytes() == before
    assert not list(folder.rglob("*.part*")) and not (folder / "result.json").exists()


# Checkpoints


def test_resume_in_an_empty_folder(train_fails, folder):
    fix = "Name the folder of the training with --work-dir, or leave --resume out to start a new one."
    assert train_fails("--resume") == f"Nothing to resume: {folder}/latest.pth does not exist. {fix}"
    assert not folder.exists()


def test_existing_run_without_resume(fails, trained, tiny_data):
    before = contents(trained)
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", trained, *tiny.options(tiny_data))
    assert line == f"{trained} already holds a training. Continue it with --resume, or choose another folder with --work-dir."
    assert contents(trained) == before


class NotATensor:
    """A class that only a pickle could bring back."""


class Code:
    """Creates a folder when a pickle of it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.makedirs, (str(self.path),)


def save(content: object):
    return lambda path, _: torch.save(content, path)


BROKEN_CHECKPOINTS = {
    "cut": (lambda path, whole: path.write_bytes(whole[: len(whole) // 2]), "is cut off or not a checkpoint. Download or copy it again"),
    "empty": (lambda path, _: path.write_bytes(b""), "is cut off or not a checkpoint."),
    "text": (lambda path, _: path.write_bytes(b"hello"), "is cut off or not a checkpoint."),
    "objects": (save({"x": NotATensor()}), "holds more than tensors and plain values (tests.cli.test_bad_runs.NotATensor), which could"),
    "code": (
        lambda path, _: torch.save({"state_dict": {"x": Code(path.parent / "executed")}}, path),
        "holds more than tensors and plain values (os.makedirs), which could run code when read, so it was not read. Use another file",
    ),
    "list": (save([1, 2]), "holds no dictionary of weights."),
}


@pytest.mark.parametrize("kind", [*BROKEN_CHECKPOINTS, "weights only"])
def test_resume_from_a_broken_checkpoint(fails, trained, folder, tiny_data, kind):
    change, text = {**BROKEN_CHECKPOINTS, "weights only": (save({"state_dict": {}}), "holds weights but no training state.")}[kind]
    folder.mkdir()
    change(folder / "latest.pth", (trained / "latest.pth").read_bytes())
    before = contents(folder)
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--resume", *tiny.options(tiny_data))
    assert line.startswith(f"Checkpoint {folder}/latest.pth {text}")
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("changes", "word", "text"),
    [
        (
            {"model.decode_head.channels": 32},
            (),
            "model.decode_head.channels 48 -> 32 (the network). Resume with the config it was trained",
        ),
        ({"model.decode_head.channels": 32}, ("--override",), " of another shape (model.decode_head."),
        ({"seed": 3}, ("--override",), "was trained with seed 0. Resume with --seed 0."),
        (
            {"optim_wrapper.paramwise_cfg": {"custom_keys": {"head": {"lr_mult": 10.0}}}},
            ("--override",),
            "does not fit the optimizer or the schedule",
        ),
        (
            {"optim_wrapper.optimizer": {"type": "SGD", "lr": 0.1}},
            ("--override",),
            "optim_wrapper.optimizer.type 'AdamW' -> 'SGD' (another",
        ),
        ({"train_cfg.max_iters": 1}, ("--override",), "has 2 iterations behind it, more than the 1 of the config. Set train_cfg.max_iters"),
    ],
)
def test_resume_from_another_run(fails, trained, folder, tiny_data, changes, word, text):
    folder.mkdir()
    shutil.copy(trained / "latest.pth", folder)
    before = contents(folder)
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--resume", *word, *tiny.options(tiny_data, **changes))
    assert text in line
    assert contents(folder) == before


@pytest.mark.parametrize("kind", [*BROKEN_CHECKPOINTS, "missing"])
def test_evaluating_a_broken_checkpoint(fails, trained, tmp_path, kind):
    path = tmp_path / "other.pth"
    change, text = {**BROKEN_CHECKPOINTS, "missing": (lambda *_: None, "does not exist. Check the path,")}[kind]
    change(path, (trained / "latest.pth").read_bytes())
    line = fails(test_tool.main, trained / "config.py", path, "--show-dir", tmp_path / "preds")
    assert line.startswith(f"Checkpoint {path} {text}")
    assert not (tmp_path / "preds").exists() and not (tmp_path / "executed").exists()


def plain_options(data: Path) -> list[str]:
    """The options of :func:`tiny.options` without those of the HRDA network."""
    return [option for option in tiny.options(data) if not option.startswith("model.")]


def test_checkpoint_of_another_model(trained, tiny_data):
    done = tiny.run("tools/test.py", PLAIN, str(trained / "latest.pth"), *plain_options(tiny_data))
    line = one_line(done.returncode, done.stderr)
    assert line.startswith(f"Checkpoint {trained}/latest.pth does not belong to this model")
    assert line.endswith("Use the config it was trained with.")


@pytest.mark.parametrize("branch", ["LR", "HR", "ATT"])
def test_branch_of_a_network_with_one_scale(fails, folder, tiny_data, branch, monkeypatch):
    for name, given in {"read_checkpoint": {}, "network_state": {}, "load_segmentor": "Loaded"}.items():
        monkeypatch.setattr(f"mmseg.apis.predicting.inference.{name}", lambda *_, given=given: given)
    line = fails(test_tool.main, PLAIN, folder / "latest.pth", "--hrda-out", branch, *plain_options(tiny_data))
    assert line == f"EncoderDecoder has no output '{branch}': it looks at one scale only. Leave the option out."
    assert not folder.exists()


def test_unusable_device(fails, trained):
    line = fails(test_tool.main, trained / "config.py", trained / "latest.pth", "--device", "gpu")
    assert line.startswith("--device gpu cannot be used") and line.endswith("Use --device cpu.")


# Launchers


def test_launched_training_says_what_is_wrong_once(tiny_data, tmp_path):
    options = tiny.options(tiny_data, **{"uda.alfa": 0.9, "work_dir": str(tmp_path)})
    done = tiny.run("run_experiments.py", "--config", tiny.CONFIG, *options)
    assert one_line(done.returncode, done.stderr) == "DACS got an unexpected option 'alfa'. Did you mean 'alpha'?"
    assert not any(written(tmp_path).values())
