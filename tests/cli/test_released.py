"""test.sh on folders like released ones and on runs of ours, under dash; training on from a released wrapper."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from PIL import Image

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tests.cli.released import NAME, make_released
from tools import train as train_tool

SHELL = shutil.which("dash") or "sh"


def script(*arguments: object, **options) -> subprocess.CompletedProcess:
    """``test.sh`` under a shell that knows POSIX only."""
    environment = {**tiny.environment(), "PYTHON": sys.executable, "COLUMNS": "200"}
    command = [SHELL, str(tiny.ROOT / "test.sh"), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="module")
def released(tiny_data, tmp_path_factory):
    return make_released(tmp_path_factory.mktemp("released with spaces"), tiny_data)


@pytest.fixture
def copy(released, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(released, tmp_path / NAME)


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Replaces Python: prints its arguments."""
    path = tmp_path / "stub"
    path.write_text('#!/bin/sh\nshift\nfor argument in "$@"; do echo "$argument"; done\n')
    path.chmod(0o755)

    def run(*arguments) -> list[str]:
        command = [SHELL, str(tiny.ROOT / "test.sh"), *map(str, arguments)]
        done = subprocess.run(command, env={"PYTHON": str(path), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    return run


def test_a_released_folder_is_evaluated_from_anywhere(released, tmp_path):
    done = script(released, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert done.stdout.startswith(f"config {released}/{NAME}.json, checkpoint {released}/latest.pth\n")
    assert "Loaded model (student)" in done.stdout and "│ mean " in done.stdout
    result = json.loads((released / "eval" / "latest.json").read_text())
    assert result["images"] == 2 and f"{result['metrics']['mIoU']:.2f}" in done.stdout
    predictions = sorted((released / "preds").rglob("*.png"))
    assert [Image.open(path).mode for path in predictions] == ["P", "P"]


def test_an_evaluation_asks_for_nothing_of_the_training(copy):
    """As every released MIC config, whose sections of the training name what is not known here."""
    path = copy / f"{NAME}.json"
    old = json.loads(path.read_text())
    path.write_text(json.dumps({**old, "log_config": {**old["log_config"], "img_interval": 1000}, "optimizer": {"type": "Lion"}}))
    done = script(copy)
    assert done.returncode == 0 and "│ mean " in done.stdout
    assert done.stderr == "This config can be evaluated, but not trained: optimizer.type is 'Lion'. Use 'AdamW' or 'SGD'.\n"


def test_options_are_passed_on(released):
    done = script(released, "--weights", "ema_model", "--hrda-out", "LR")
    assert done.returncode == 0, done.stderr
    assert "Loaded ema_model (teacher)" in done.stdout
    assert (released / "eval" / "latest_ema_model_LR.json").is_file() and (released / "preds_ema_model_LR").is_dir()


@pytest.mark.parametrize("option", [[], ["--hrda-out", "LR"], ["--preset=fast"], ["--out", "a b.json"], ["--cfg-options", "a=1"]])
def test_the_evaluation_chooses_the_folder_of_the_predictions(released, stub, option):
    expected = [str(released), "--show-dir", *option]
    assert stub(released, *option) == expected == stub(f"{released}/", *option)


@pytest.mark.parametrize(("arguments", "text"), [([], "usage: sh test.sh FOLDER"), (["nowhere"], "error: nowhere is not a folder. Give")])
def test_no_folder(arguments, text):
    done = script(*arguments)
    assert done.returncode == 2 and done.stderr.startswith(text) and done.stderr.count("\n") == 1


# Training on


@pytest.fixture
def trains(released, folder, monkeypatch, capsys):
    """Trains the released config in this process; returns the log."""

    def train(checkpoint, *arguments) -> str:
        start = [] if checkpoint is None else ["--load-from", checkpoint]
        options = ["--cfg-options", "optim_wrapper.optimizer.lr=0.0", *arguments]
        command = ["train.py", f"{released}/{NAME}.json", "--work-dir", folder, *start, *options]
        monkeypatch.setattr(sys, "argv", [str(argument) for argument in command])
        with pytest.raises(SystemExit) as ended:
            train_tool.main()
        printed = capsys.readouterr()
        assert ended.value.code == 0, printed.err
        return printed.out

    return train


def parameters(path, name: str) -> dict:
    """Entries of one network that only an optimizer or an EMA changes."""
    state = read_checkpoint(path)["state_dict"]
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    return {key: value for key, value in state.items() if key.startswith(f"{name}.") and not key.endswith(statistics)}


def test_training_on_restores_student_and_teacher(released, trains, folder):
    """With a learning rate of 0 the student stays; the teacher moves by 1 - alpha, instead of becoming a copy in iteration 0.

    The ImageNet weights that the config names do not exist: the wrapper holds all networks.
    """
    log = trains(released / "latest.pth", "train_cfg.max_iters=1", "train_cfg.val_interval=1")
    for line in ("Loaded model (student) of", "Loaded ema_model (teacher) of", "Loaded imnet_model (ImageNet network) of"):
        assert f"{line} {released}/latest.pth: all " in log
    for name in ("model", "imnet_model"):
        before, after = (parameters(path / "latest.pth", name) for path in (released, folder))
        assert all(torch.equal(before[key], after[key]) for key in before)
    student, teacher = (parameters(released / "latest.pth", name) for name in ("model", "ema_model"))
    moved = parameters(folder / "latest.pth", "ema_model")
    for key in teacher:
        expected = 0.999 * teacher[key] + 0.001 * student[key.removeprefix("ema_")]
        assert torch.allclose(moved[key], expected, atol=1e-7), key

    log = trains(None, "train_cfg.max_iters=2", "train_cfg.val_interval=1", "--resume")
    assert "Resumed iteration 1 " in log and "Loaded" not in log
    resumed = parameters(folder / "latest.pth", "ema_model")
    for key in teacher:
        expected = 0.999 * moved[key] + 0.001 * student[key.removeprefix("ema_")]  # a fresh teacher would have half of both now
        assert torch.allclose(resumed[key], expected, atol=1e-7), key


def test_training_on_from_a_published_file(copy, trains, folder):
    state = read_checkpoint(copy / "latest.pth")["state_dict"]
    torch.save({"state_dict": {key: value for key, value in state.items() if key.startswith("model.")}}, copy / "published.pth")
    log = trains(copy / "published.pth", "model.pretrained=None", "train_cfg.max_iters=1", "train_cfg.val_interval=1")
    assert "published.pth holds no ema_model: this teacher starts as a copy of the student" in log
    student, teacher = (parameters(folder / "latest.pth", name) for name in ("model", "ema_model"))
    assert all(torch.equal(teacher[f"ema_{key}"], student[key]) for key in student)


def test_load_from_is_part_of_the_run(fails, released, folder):
    """A missing file is one line, and nothing is left."""
    line = fails(train_tool.main, released / f"{NAME}.json", "--work-dir", folder, "--load-from", "absent.pth")
    assert line == "Checkpoint absent.pth does not exist. Check the path, or train first with tools/train.py."
    assert not list(folder.rglob("*.pth")) and not (folder / "config.py").exists()
