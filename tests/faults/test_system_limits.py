"""A system that allows little: open files, shared memory, memory, streams, a home."""

import errno
import os
import pwd
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch
from torch.utils.data import Dataset

from mmseg.datasets.loading import worker_limits
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.utils.errors import UserError, command_line
from mmseg.utils.process_start import have_home
from tests import tiny


def test_few_open_files(tiny_data, tmp_path):
    words = [tiny.CONFIG, "--work-dir", str(tmp_path / "run"), *tiny.options(tiny_data, **{"train_dataloader.num_workers": 2})]
    limited = ["sh", "-c", 'ulimit -n 32; exec "$@"', "sh", *tiny.command("tools/train.py", *words)]
    ended = subprocess.run(limited, cwd=tiny.ROOT, env=tiny.environment(), capture_output=True, text=True, timeout=120)
    line = "error: 2 loader workers need 128 open files, but the system allows 32 (ulimit -n). Raise that limit, or lower num_workers.\n"
    assert (ended.returncode, ended.stderr) == (2, line)


def test_a_limit_that_may_be_raised_is_raised(monkeypatch):
    made = []
    monkeypatch.setattr("resource.getrlimit", lambda _: (100, 1000))
    monkeypatch.setattr("resource.setrlimit", lambda _, limits: made.append(limits))
    worker_limits.allow_open_files(1)
    worker_limits.allow_open_files(4)
    assert made == [(192, 1000)]


class Roomless(Dataset):
    """Says what torch says where /dev/shm is full."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int):
        raise RuntimeError("unable to allocate shared memory(shm) for file </torch_1_2_0>: No space left on device (28)")


ROOMLESS = (
    r"/dev/shm (is too small, .* are free|cannot be written to)\. Enlarge it \(--shm-size 2g of a container\), or set num_workers to 0\.$"
)


def test_no_room_for_a_batch():
    with pytest.raises(UserError, match=ROOMLESS):
        list(SteadyLoader(Roomless(), num_workers=1))


@pytest.mark.parametrize(
    ("place", "error"),
    [
        (
            "torch.Tensor.share_memory_",
            RuntimeError("unable to open shared memory object </torch_1> in read-write mode: Read-only file system"),
        ),
        ("torch.multiprocessing.Queue", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
    ],
)
def test_no_room_for_the_workers_themselves(place, error, monkeypatch):
    """For what they note, and for the locks of their queues."""

    def full(*_):
        raise error

    monkeypatch.setattr(place, full)
    with pytest.raises(UserError, match=ROOMLESS):
        iter(SteadyLoader(Roomless(), num_workers=1)).__next__()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "Memory ran out (no more is given). Lower num_workers"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "Memory ran out (libtorch_cpu.so: failed to map"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried\nmore"),
            "can't allocate memory: you tried). Lower",
        ),
        (BlockingIOError(11, "Resource temporarily unavailable"), "starts no further process or thread ([Errno 11] Resource temp"),
        (RuntimeError("can't start new thread"), "starts no further process or thread (can't start new thread). Lower num_workers"),
        (cv2.error("OpenCV: error: (-4:Insufficient memory) Failed to allocate"), "Memory ran out (OpenCV"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), "Memory ran out (CUDA out of memory. Tried to"),
    ],
)
def test_memory_or_processes_that_ran_out_are_one_line(error, said, capsys):
    def fail():
        raise error

    with pytest.raises(SystemExit) as ended:
        command_line(fail)()
    printed = capsys.readouterr().err
    assert ended.value.code == 2 and said in printed and printed.count("\n") == 1


def test_another_error_keeps_its_traceback():
    def fail():
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        command_line(fail)()


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams(streams):
    command = f'"{sys.executable}" tools/print_config.py {tiny.CONFIG} {streams}'
    assert subprocess.run(["sh", "-c", command], cwd=tiny.ROOT, stdout=subprocess.DEVNULL, timeout=60).returncode == 0


def test_a_user_whom_the_system_does_not_know(monkeypatch):
    def unknown(number: int):
        raise KeyError(number)

    monkeypatch.setenv("HOME", "/a")
    have_home()
    assert os.environ["HOME"] == "/a"
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    have_home()
    assert Path.home().is_dir()
