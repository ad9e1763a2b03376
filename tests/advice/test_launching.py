"""Advice about trainings: how they are started, where they are written, and how they go on."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from experiments import STUDIES
from mmseg.apis.launching.launch import launch_one
from mmseg.apis.launching.needs import check_data
from mmseg.apis.launching.processes import Start
from mmseg.apis.launching.runs import Run, study_runs
from mmseg.apis.launching.train import check_state
from mmseg.config import load_config
from mmseg.datasets.reading.worker_reports import explained_deaths
from mmseg.engine import distributed
from mmseg.engine.batch_norm import check_sync_batchnorm
from mmseg.registry import DATASETS, check_component
from mmseg.utils.computing.launchers import is_first_process
from mmseg.utils.options.config_text import config_text
from mmseg.utils.storage.files import check_writable, write_json
from mmseg.utils.storage.locks import locked
from tests import tiny
from tests.advice.following import advice
from tools import make_demo_data as demo_tool
from tools import train as train_tool
from tools.benchmarks.workers import Worker
from tools.convert_datasets import gta as gta_tool

# How trainings are started


def test_a_login_node(monkeypatch, tmp_path):
    """Where the command srun is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    advice("Start it on a login node, or leave the option out.", Start(launcher="slurm").check)
    Start().check()
    (tmp_path / "srun").write_text("#!/bin/sh\n")
    (tmp_path / "srun").chmod(0o755)
    Start(launcher="slurm").check()


def test_as_many_processes_as_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    _, _, count = advice("--gpus {}: this machine has {}. Use {} or less.", Start(gpus=3).check)
    Start(gpus=int(count)).check()
    started = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
    monkeypatch.setattr(distributed.distributed, "init_process_group", lambda *_, **__: started.append(1))
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    *_, count = advice("Use --nproc_per_node {} or less.", lambda: distributed.join_processes("pytorch", "nccl"))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", count)
    distributed.join_processes("pytorch", "nccl")
    assert started == [1]


@pytest.mark.parametrize("launcher", ["pytorch", "slurm"])
def test_a_launcher_that_did_not_start_this(monkeypatch, launcher):
    """The named command sets the variable for each of its processes."""
    for name in ("RANK", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    _, variable, command = advice(
        "--launcher {} needs the environment variable {}. Start the command with {}.", lambda: is_first_process(launcher)
    )
    assert command.split()[0] == {"pytorch": "torchrun", "slurm": "srun"}[launcher]
    monkeypatch.setenv(variable, "0")
    assert is_first_process(launcher)


def test_another_process_that_has_ended(monkeypatch):
    """It said why; once that is mended, nothing of this error is left."""

    def lose():
        with distributed.one_voice("none"):
            raise RuntimeError("gloo: connection closed by peer")

    advice("Mend what it said, or what its launcher says about it, and continue with --resume.", lose)
    with distributed.one_voice("none"):
        pass


def test_synchronised_batch_norm(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    advice("Use True or False.", lambda: check_sync_batchnorm(Config({"sync_batchnorm": "yes"})), file="batch_norm.py")
    for value in (True, False):
        check_sync_batchnorm(Config({"sync_batchnorm": value}))
    advice("Leave it out.", lambda: check_sync_batchnorm(Config({"sync_batchnorm": True, "launcher": "pytorch"})), file="batch_norm.py")
    check_sync_batchnorm(Config({"launcher": "pytorch"}))


class Restless:
    """A session that is killed unless it is small."""

    def __init__(self, size: int) -> None:
        self.size = size

    def run(self) -> int:
        if self.size > 1:
            os._exit(9)
        return self.size


def test_a_benchmark_that_was_killed(monkeypatch):
    fork = multiprocessing.get_context("fork")
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: fork)

    def measure(size: int) -> int:
        worker = Worker(Restless, size)
        try:
            return worker.call("run")
        finally:
            worker.close()

    advice("It may have run out of memory: give it a smaller config", lambda: measure(2))
    assert measure(1) == 1


# Workers of the loader


@pytest.mark.parametrize("cause", ["DataLoader worker (pid 7) is killed by signal: Killed."])
def test_a_worker_that_died(tmp_path, cause):
    """Fewer workers, or smaller batches, are a config that loads; what the other command reads is told by its own tests."""

    def die():
        with explained_deaths(SimpleNamespace(board=SimpleNamespace(number=lambda _: None))):
            raise RuntimeError(cause)

    advice(
        "If memory ran out, lower train_dataloader.num_workers or batch_size, or enlarge /dev/shm; if it names the same files again", die
    )
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"train_dataloader.num_workers": 0, "train_dataloader.batch_size": 1})
    check_component({**cfg.train_dataloader, "type": DataLoader}, DATASETS)
    assert (tiny.ROOT / "tools/check_data.py").is_file()


# Run folders


@pytest.fixture
def taken(tmp_path):
    """A file where a folder is to be made."""
    path = tmp_path / "taken"
    path.write_text("")
    return path


def test_a_folder_that_cannot_be_written(taken, tmp_path):
    advice("Choose another folder that is writable.", lambda: check_writable(taken / "run"), file="storage/files.py")
    check_writable(tmp_path / "other")

    def lock(folder: Path) -> bool:
        with locked(folder):
            return True

    advice("Choose another folder that is writable.", lambda: lock(taken / "run"), file="storage/locks.py")
    assert lock(tmp_path / "other")
    advice("Free some space or choose a writable folder.", lambda: write_json(taken / "a.json", 1), file="storage/files.py")
    write_json(tmp_path / "a.json", 1)


def test_a_folder_where_a_file_is_to_be_written(tmp_path):
    path = tmp_path / "a.json"
    path.mkdir()
    advice("Move this folder elsewhere.", lambda: write_json(path, 1))
    path.rename(tmp_path / "elsewhere")
    write_json(path, 1)
    assert path.is_file()


def test_a_folder_in_use(tmp_path):
    program = "import sys; from pathlib import Path; from mmseg.utils.storage.locks import locked\n"
    program += "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": tiny.ROOT}
    other = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "run")], **pipes)
    assert other.stdout.readline() == b"held\n"
    run = Run(cfg=Config({}), folder=tmp_path / "run")
    advice("Wait until that has ended, or choose another folder.", lambda: launch_one(run, Start()))
    with locked(tmp_path / "another"):
        pass
    other.communicate()
    with locked(run.folder):
        pass


# Runs of a study


def test_a_config_that_was_changed(tmp_path):
    ((run,),) = study_runs(STUDIES[44], only=["7.6"], seeds=[0], options={"work_dir": str(tmp_path)}).values()
    run.folder.mkdir()
    text = config_text(run.cfg)
    file = run.folder / "config.py"
    file.write_text(text.replace("lambda=0.005", "lambda=0.5"))
    advice("Restore the file, or, where the training went on with another config, move the folder away", run.check_config)
    file.write_text(text)
    run.check_config()
    run.folder.rename(tmp_path / "elsewhere")
    run.check_config()


def test_an_option_that_the_demo_would_replace(call, tmp_path, monkeypatch, capsys):
    import run_experiments

    command = ["--exp", "50", "--only", "shade.1", "--seed", "0", "--demo", "--dry-run"]
    monkeypatch.setattr(tiny, "ROOT", tmp_path)  # where the commands of this test run
    option = "train_cfg.max_iters=20"
    advice(
        "Leave it out, or give it with --config to a config that --demo --dry-run writes.",
        lambda: call(run_experiments.main, *command, "--cfg-options", option),
    )
    assert call(run_experiments.main, *command) == 0
    (written,) = (tmp_path / "configs/generated/50").glob("*.py")
    options = [option, "train_cfg.val_interval=20"]
    assert call(run_experiments.main, "--config", written, "--dry-run", "--cfg-options", *options) == 0


def test_data_that_are_missing(tmp_path, tiny_data, works):
    root = tmp_path / "gta"
    dataset = {"type": "GTADataset", "data_root": str(root), "ann_dir": "labels"}
    advice("Put the data there as section 'Data' of README.md describes", lambda: check_data(dataset, {"class_temp": 0.01}))
    for name in ("images", "labels"):
        shutil.copytree(tiny_data / "gta" / name, root / name)
    for path in root.glob("labels/*_labelTrainIds.png"):
        path.unlink()
    works(gta_tool.main, root, "--nproc", "1")
    check_data(dataset, {"class_temp": 0.01, "min_pixels": 2})


def test_demo_data_that_break_while_they_are_drawn(tmp_path, call):
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1", "--out", tmp_path / "demo")
    call(demo_tool.main, *small)
    manifest = tmp_path / "demo/demo_manifest.json"
    manifest.write_text(manifest.read_text().replace('"complete": true', '"complete": false'))
    (label,) = [path for path in (tmp_path / "demo/gta/labels").glob("*.png") if "TrainIds" not in path.name]
    for path in (tmp_path / "demo/gta").rglob("*TrainIds.png"):
        path.unlink()
    label.write_bytes(b"")
    advice("Draw it again with --force.", lambda: call(demo_tool.main, *small))
    call(demo_tool.main, *small, "--force")


# Trainings


def test_a_training_that_fails(run, tmp_path, monkeypatch):
    """Its output says why; the same command goes on."""
    codes = iter([1, 0])
    monkeypatch.setattr("mmseg.apis.launching.launch.prepare", lambda _: None)
    monkeypatch.setattr("mmseg.apis.launching.processes.Children.call", lambda *_: next(codes))
    training = Run(cfg=load_config(run / "config.py"), folder=run)
    (run / "result.json").unlink()
    advice("Its output above says why; run the command again to resume.", lambda: launch_one(training, Start()))
    assert "--resume" in Start().command(training)
    launch_one(training, Start())


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


def test_resume_by_a_file(run, call, tiny_data, capsys):
    longer = tiny.options(tiny_data)
    for given in (
        ["--resume", run / "latest.pth"],
        ["--resume-from", run / "latest.pth"],
        [f"--resume={run}/latest.pth"],
        ["--resume", run],
    ):
        *_, folder, others = advice(
            "{} {}: a training goes on from {} in its folder. Write --work-dir {} --resume{}",
            lambda given=given: call(train_tool.main, tiny.CONFIG, *given, *longer),
        )
        assert (folder, others) == (str(run), "")
    *_, others = advice("Write --work-dir {} --resume{}", lambda: call(train_tool.main, tiny.CONFIG, "--resume-from", "iter_40000.pth"))
    assert others == ", or start from the networks of this file: --load-from iter_40000.pth"
    call(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--resume", *longer)
    assert "Resumed iteration 2" in capsys.readouterr().out


def test_a_learning_rate_that_is_too_high(call, folder, tiny_data, capsys):
    """A resume with a lower one could go on with ruined weights; a training in another folder learns."""
    changes = {"train_cfg.max_iters": 6, "train_cfg.val_interval": 6, "default_hooks.guard.patience": 1}
    high = tiny.options(tiny_data, **changes, **{"optim_wrapper.optimizer.lr": 1e30})
    advice(
        "Its batch is in {}. Train again in another folder (--work-dir) with a lower optim_wrapper.optimizer.lr",
        lambda: call(train_tool.main, tiny.CONFIG, "--work-dir", folder, *high),
    )
    lower = tiny.options(tiny_data, **changes)
    call(train_tool.main, tiny.CONFIG, "--work-dir", folder.parent / f"{folder.name}_lower", *lower)
    assert "mean" in capsys.readouterr().out


def test_a_network_that_is_ruined_at_an_evaluation(call, folder, tiny_data, capsys):
    """Steps that are left out do not stop this training; its evaluation does."""
    changes = {
        "train_cfg.max_iters": 2,
        "train_cfg.val_interval": 1,
        "default_hooks.guard.patience": 100,
    }
    high = tiny.options(tiny_data, **changes, **{"optim_wrapper.optimizer.lr": 1e38})
    advice(
        "Training stopped at the evaluation after iteration {}: {}. Train again in another folder",
        lambda: call(train_tool.main, tiny.CONFIG, "--work-dir", folder, *high),
    )
    lower = tiny.options(tiny_data)
    call(train_tool.main, tiny.CONFIG, "--work-dir", folder.parent / f"{folder.name}_lower", *lower)
    assert "mean" in capsys.readouterr().out
