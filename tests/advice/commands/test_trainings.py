"""Advice about trainings that begin, stop, or are interrupted."""

import errno
import shlex
import signal
import sys
from types import SimpleNamespace
from unittest import mock

import pytest
import torch

import run_experiments
from mmseg.apis.launching import launch
from mmseg.apis.launching.launch import Outcome, launch_one
from mmseg.apis.launching.processes import Start, interruptible
from mmseg.apis.launching.runs import Run
from mmseg.apis.training.train import check_state
from mmseg.config import load_config
from mmseg.engine import compile as compilation
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.parts import build_model
from mmseg.evaluation.curve import read_result
from mmseg.utils.signals import Stopped
from tests import tiny
from tests.advice.following import advice
from tools import train as train_tool


def test_a_training_that_fails(run, tmp_path, monkeypatch):
    """Its output says why; the same command goes on."""
    result = (run / "result.json").read_text()
    monkeypatch.setattr("mmseg.apis.launching.launch.prepare", lambda _: None)
    monkeypatch.setattr("mmseg.apis.launching.processes.Children.call", lambda *_: 1)
    training = Run(cfg=load_config(run / "config.py"), folder=run)
    (run / "result.json").unlink()
    advice("Its output above says why; run the command again to resume.", lambda: launch_one(training, Start()))
    assert "--resume" in Start().command(training)
    ends = mock.Mock(side_effect=lambda *_: (run / "result.json").write_text(result) and 0)
    monkeypatch.setattr("mmseg.apis.launching.processes.Children.call", ends)
    launch_one(training, Start())
    assert training.finished and ends.call_count == 1


def test_a_classifier_that_nothing_replaces(run, tiny_data, call, capsys):
    command = (train_tool.main, tiny.CONFIG, "--work-dir", run.parent / f"{run.name}_other", "--skip-classifier")
    advice("Give one with --load-from FILE.", lambda: call(*command))
    call(*command, "--load-from", run / "latest.pth", *tiny.options(tiny_data))
    assert "without the classifiers" in capsys.readouterr().out


def test_a_folder_with_or_without_a_training(tmp_path):
    advice("Name the folder of the training with --work-dir, or leave --resume out", lambda: check_state(tmp_path / "none", resume=True))
    check_state(tmp_path / "none", resume=False)
    (tmp_path / "latest.pth").touch()
    check_state(tmp_path, resume=True)
    advice("Continue it with --resume, or choose another folder with --work-dir.", lambda: check_state(tmp_path, resume=False))
    check_state(tmp_path, resume=True)
    check_state(tmp_path / "another", resume=False)


def test_resume_by_a_file(run, call, tiny_data, capsys, monkeypatch):
    longer = tiny.options(tiny_data)
    for given in (
        ["--resume", run / "latest.pth"],
        ["--resume-from", run / "latest.pth"],
        [f"--resume={run}/latest.pth"],
        ["--resume", run],
    ):
        *_, folder = advice(
            "{} {}: a training goes on from {} in its folder. Write --work-dir {} --resume",
            lambda given=given: call(train_tool.main, tiny.CONFIG, *given, *longer),
        )
        assert folder == str(run)
    call(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--resume", *longer)
    assert "Resumed iteration 2" in capsys.readouterr().out
    (run / "latest.pth").rename(run / "iter_40000.pth")
    file = advice(
        "Write --work-dir {} --resume, or start from the networks of this file: --load-from {}",
        lambda: call(train_tool.main, tiny.CONFIG, "--resume-from", run / "iter_40000.pth", *longer),
    )[1]
    elsewhere = ("--work-dir", run.parent / f"{run.name}_other", "--load-from", file)
    started = []
    with monkeypatch.context() as patch:  # that networks are loaded is the matter of other tests
        patch.setattr(
            "mmseg.apis.training.train.train", lambda cfg, *_, **__: started.append(cfg.load_from) or {"iteration": 0, "metrics": {}}
        )
        call(train_tool.main, tiny.CONFIG, *elsewhere, *longer)
    assert started == [file] and read_checkpoint(file)["state_dict"]


@pytest.mark.parametrize("patience", [1, 100], ids=["a step", "an evaluation"])
def test_a_learning_rate_that_is_too_high(call, folder, tiny_data, trained, patience):
    """A resume with a lower one could go on with ruined weights; a training in another folder, as that of ``trained``, learns."""
    changes = {"train_cfg.max_iters": 6, "train_cfg.val_interval": 6 if patience == 1 else 1, "default_hooks.guard.patience": patience}
    high = tiny.options(tiny_data, **changes, **{"optim_wrapper.optimizer.lr": 1e38})

    def train() -> None:
        call(train_tool.main, tiny.CONFIG, "--work-dir", folder, *high)

    if patience == 1:
        advice(
            "Training stopped after iteration {}: {}. Its batch is in {}. Train again in another folder (--work-dir) "
            "with a lower optim_wrapper.optimizer.lr, or precision='fp32' if it is another.",
            train,
        )
    else:
        advice("Training stopped at the evaluation after iteration {}: {}. Train again in another folder", train)
    lower = load_config(trained / "config.py")
    assert lower.optim_wrapper.optimizer.lr < 1 and lower.get("precision", "fp32") == "fp32"
    assert trained != folder and read_result(trained)["iteration"] == 2


def stopped(action) -> str:
    """What a command says when it is interrupted."""
    with pytest.raises(KeyboardInterrupt) as caught:
        action()
    return str(caught.value)


def test_interrupted_trainings(monkeypatch, capsys):
    """The command that is named is the one that was given."""
    monkeypatch.setattr(sys, "argv", ["run_experiments.py", "--exp", "44", "--cfg-options", "work_dir=two words"])

    def interrupt() -> None:
        with interruptible():
            raise Stopped(signal.SIGTERM)

    (command,) = advice("Trainings stopped, their last states are kept. Go on with: {}", stopped(interrupt))
    monkeypatch.setattr(sys, "argv", shlex.split(command)[1:])
    assert run_experiments.parse_args().cfg_options == {"work_dir": "two words"}


def test_an_interrupted_training(run, call, tiny_data, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr("mmseg.apis.training.train.train", mock.Mock(side_effect=KeyboardInterrupt))
        (command,) = advice(
            "Go on with: {}", stopped(lambda: call(train_tool.main, tiny.CONFIG, "--work-dir", run, *tiny.options(tiny_data)))
        )
    python, tool, *arguments = shlex.split(command)
    assert (python, tool) == ("python", "tools/train.py")
    call(train_tool.main, *arguments)
    assert "Resumed iteration 2" in capsys.readouterr().out


def test_a_full_disk_under_one_run_of_many(run, monkeypatch):
    """The others go on; with some space, this one does."""
    training, children = Run(cfg=load_config(run / "config.py"), folder=run), SimpleNamespace(ending=False)
    (run / "result.json").rename(run / "kept.json")
    full = mock.Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))

    def train_once() -> Outcome:
        return launch._train(training, children, Start(), {})

    with monkeypatch.context() as patch:
        patch.setattr(launch, "_call", full)
        advice("error: Cannot write to {}: {}. Free some space or choose a writable folder.", f"error: {train_once().failure}")
    with monkeypatch.context() as patch:
        patch.setattr(launch, "_call", lambda *_: ((run / "kept.json").rename(run / "result.json"), "")[1:] * 2)
        assert train_once().failure is None


def test_programs_that_cannot_be_made(monkeypatch):
    """Without the option, nothing is said."""
    from torch._dynamo.exc import Unsupported  # which takes a second

    lines: list[str] = []
    monkeypatch.setattr(compilation, "print_log", lambda line, **_: lines.append(line))
    monkeypatch.setattr(torch, "compile", lambda *_, **__: mock.Mock(side_effect=Unsupported("no such operator")))
    method = SimpleNamespace(training=True)
    assert compilation.Compilation(method).of(abs)(-3) == 3
    advice("compile=True: torch.compile failed ({}), and training goes on without it. Leave compile out.", lines[0])
    plain = build_model(load_config(tiny.ROOT / tiny.CONFIG))
    assert plain.training and len(lines) == 1
