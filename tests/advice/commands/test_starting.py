"""Advice about how trainings are started, and about the processes that load for them."""

import multiprocessing
import os
import resource
from datetime import timedelta
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader, Dataset

from mmseg.apis.launching import torchrun
from mmseg.apis.launching.launch import killed_line
from mmseg.apis.launching.processes import Start
from mmseg.config import load_config
from mmseg.datasets.loading import worker_limits
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.engine import distributed
from mmseg.engine.batch_norm import check_sync_batchnorm
from mmseg.registry import DATASETS, check_component
from mmseg.utils.computing import limits
from mmseg.utils.computing.launchers import is_first_process
from mmseg.utils.computing.progress import mapped
from mmseg.utils.errors import command_line, of_the_system
from tests import tiny
from tests.advice.following import advice
from tools.benchmarks.workers import Worker

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
        torchrun.end({0: SimpleNamespace(exitcode=distributed.LOST_ANOTHER)}, "none", 0)

    advice("Mend what it said, or what its launcher says about it, and continue with --resume.", lose)
    with distributed.one_voice("none", {}):
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

    advice("If memory ran out, give it a smaller config.", lambda: measure(2))
    assert measure(1) == 1


# Workers of the loader


class Dying(Dataset):
    """Ends its process at its first sample."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        os._exit(3)


def test_a_worker_that_died():
    """Fewer workers, or smaller batches, are a config that loads; what the other command reads is told by its own tests."""
    advice("If memory ran out, lower num_workers or batch_size, or enlarge /dev/shm; if it names the same file again", die)
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"train_dataloader.num_workers": 0, "train_dataloader.batch_size": 1})
    check_component({**cfg.train_dataloader, "type": DataLoader}, DATASETS)
    assert (tiny.ROOT / "tools/check_data.py").is_file()


def die() -> None:
    list(SteadyLoader(Dying(), num_workers=1))


def ended(index: int) -> int:
    """Ends its process, unless that is the test's."""
    if multiprocessing.parent_process() is not None:
        os._exit(3)
    return index


def test_a_process_of_a_pool_that_died():
    pool = lambda: list(mapped(ended, [1, 2], nproc=2, title="A"))  # noqa: E731
    advice("If memory ran out, use fewer processes with --nproc; else look at these files.", pool)
    assert list(mapped(ended, [1, 2], nproc=1, title="A")) == [1, 2]


def test_a_system_that_allows_few_open_files(monkeypatch):
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (32, 100))
    advice("Raise that limit, or lower num_workers.", lambda: worker_limits.allow_open_files(2))
    worker_limits.allow_open_files(1)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (128, 128))
    worker_limits.allow_open_files(2)


def test_little_shared_memory():
    error = RuntimeError("unable to allocate shared memory(shm) for file </torch_7_8_0>: No space left on device (28)")
    advice("Enlarge it (--shm-size 2g of a container), or set num_workers to 0", lambda: worker_limits.check_room(error))
    worker_limits.check_room(RuntimeError("something else"))
    assert list(SteadyLoader([1, 2], batch_size=None, num_workers=0)) == [1, 2]


# Memory, and processes that wait for each other


def test_a_training_that_runs_out_of_memory(monkeypatch, capsys):
    """Fewer workers, smaller batches and fewer trainings at a time are options."""

    def fail():
        raise MemoryError

    with pytest.raises(SystemExit):
        command_line(fail)()
    advice(
        "Memory ran out ({}). Lower num_workers, batch_size or --jobs, or ask for more memory",
        capsys.readouterr().err.strip().removeprefix("error: "),
    )
    advice(
        "The system starts no further process or thread ({}). Lower num_workers, batch_size or --jobs, or ask for more memory",
        of_the_system(RuntimeError("can't start new thread")),
    )
    line = killed_line(137, 0, "")
    advice(
        "It was killed{}. Lower num_workers, batch_size or --jobs, or ask for more memory (--memory of a container, --mem of Slurm).", line
    )
    monkeypatch.setattr(limits, "read_limits", lambda: limits.Limits(kills=1))
    advice(
        "Lower num_workers, batch_size or --jobs, or ask for more memory (--memory of a container, --mem of Slurm).",
        limits.killed_for_memory(137, 0),
        file="computing/limits.py",
    )
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"train_dataloader.num_workers": 0, "train_dataloader.batch_size": 1})
    assert cfg.train_dataloader.num_workers == 0 and limits.killed_for_memory(0, 0) is None


def test_options_of_torchrun():
    advice("{}. See torchrun --help.", lambda: torchrun.parse(["--no-such-option", "tool.py"]))
    assert torchrun.parse(["--nproc_per_node", "2", "tool.py"]).training_script == "tool.py"


def test_a_process_that_does_not_answer():
    advice(
        "Continue with --resume; if it worked on something that takes longer, raise env_cfg.dist_cfg.timeout.",
        distributed.account({}, 3, timedelta(seconds=5)),
    )
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"env_cfg.dist_cfg.timeout": 1200})
    assert distributed.patience(cfg.env_cfg) == timedelta(minutes=20)
