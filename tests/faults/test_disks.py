"""A disk that takes no more: a training ends in one line at its state, goes on without its logs, and loses nothing."""

import errno
import io
import os

import numpy as np
import pytest
import torch

from mmseg.engine.checkpoints import checkpoint
from mmseg.engine.checkpoints.checkpoint import check_whole, read_checkpoint, save_checkpoint, tensor_bytes
from mmseg.utils.errors import UserError
from mmseg.utils.products.array_file import write_arrays
from mmseg.utils.products.soft_maps import write_soft_map
from mmseg.utils.storage.files import write_json
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.logs import GOES_ON
from mmseg.visualization.colorize import write_palette_png
from mmseg.visualization.video import video_file
from tests.faults.harness import SCRIPT, assert_same_run, state, train

FULL = """
import errno, resource
from mmseg.engine.runner import AdaptationRunner
from mmseg.utils.storage import logs
from mmseg.visualization.backends import local_files

def no_space(path, data):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
logs.append = local_files.append = no_space

def fault(self, path, iteration, **_):
    if iteration == 3:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
at(AdaptationRunner, "save_state", fault)
"""


def test_a_training(whole, tiny_data, tmp_path):
    """Its logs are never taken, the third state is not: the one before stays, is damaged then, and the one before that is gone on from."""
    folder, program, options = tmp_path / "run", tmp_path / "faulty.py", {"default_hooks.checkpoint.interval": 1}
    program.write_text(SCRIPT.format(fault=FULL))
    ended = train(folder, tiny_data, program, **options)
    reason = "File too large. Free some space or choose a writable folder."
    assert ended.returncode == 2 and ended.stderr.splitlines()[-1] == f"error: Cannot write {folder / 'best.pth'}: {reason}"
    assert "Traceback" not in ended.stderr and not list(folder.rglob("*.part*"))
    assert not [path for path in folder.rglob("*") if path.is_file() and not path.stat().st_size]
    assert [read_checkpoint(folder / name)["meta"]["iteration"] for name in ("previous.pth", "latest.pth")] == [1, 2]
    log = "".join(path.read_text() for path in folder.glob("*/*.log"))
    assert log.count("No space left on device") == log.count(GOES_ON) == 2  # one of each kind of files in vis_data
    content = (folder / "latest.pth").read_bytes()
    (folder / "latest.pth").write_bytes(content[:-2000] + bytes(2000))
    resumed = train(folder, tiny_data, "tools/train.py", "--resume", **options)
    assert resumed.returncode == 0, resumed.stderr
    log = "".join(path.read_text() for path in folder.glob("*/*.log"))
    assert f"{folder}/latest.pth is damaged and called latest_damaged.pth now: the training goes on from the state before it" in log
    assert_same_run(whole, folder)
    assert state(folder)["meta"]["iteration"] == 6 and not (folder / "previous.pth").exists()


class FullDisk(io.FileIO):
    """A file on a disk that takes a thousand bytes."""

    def write(self, data) -> int:
        if self.tell() + memoryview(data).nbytes > 1000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def opened(kind):
    """An ``open`` that writes through another kind of file."""
    return lambda path, mode, **_: kind(path, "w") if mode == "wb" else io.FileIO(path)


CONTENT = {"state_dict": {"a": torch.arange(5000.0), "b": torch.ones(3)}, "meta": {"iteration": 3}}


def test_a_state_says_what_is_missing(tmp_path, monkeypatch):
    """In our words: torch's writer has a page about it."""
    path, old = tmp_path / "latest.pth", {"state_dict": {}, "meta": {"iteration": 2}}
    save_checkpoint(path, old)
    with (
        monkeypatch.context() as full,
        pytest.raises(UserError, match=rf"^Cannot write {path}: No space left on device \(.* are free") as said,
    ):
        full.setattr(checkpoint, "open", opened(FullDisk), raising=False)
        save_checkpoint(path, CONTENT, tmp_path / "previous.pth")
    assert "PytorchStreamWriter" not in str(said.value) and "Errno" not in str(said.value)
    assert read_checkpoint(path) == old and list(tmp_path.iterdir()) == [path]


def test_a_state_is_read_back(tmp_path, monkeypatch):
    """A disk that gives back other bytes: the states of before keep their names."""
    path, previous = tmp_path / "latest.pth", tmp_path / "previous.pth"
    for iteration in (1, 2):
        save_checkpoint(path, {"meta": {"iteration": iteration}}, previous)

    class Forgets(io.FileIO):
        def write(self, data) -> int:
            return super().write(bytes(memoryview(data).nbytes))

    with monkeypatch.context() as broken, pytest.raises(UserError, match=rf"^Cannot write {path}: the disk gives back other bytes"):
        broken.setattr(checkpoint, "open", opened(Forgets), raising=False)
        save_checkpoint(path, CONTENT, previous)
    assert [read_checkpoint(file)["meta"]["iteration"] for file in (previous, path)] == [1, 2]
    save_checkpoint(path, CONTENT, previous)
    check_whole(path)
    assert torch.equal(read_checkpoint(path)["state_dict"]["a"], CONTENT["state_dict"]["a"])
    assert read_checkpoint(previous)["meta"]["iteration"] == 2 and sorted(file.name for file in tmp_path.iterdir()) == [
        "latest.pth",
        "previous.pth",
    ]


def test_the_bytes_of_a_state():
    assert tensor_bytes(CONTENT) == 5003 * 4 and tensor_bytes([{"a": torch.ones(2).half()}, 3, "x"]) == 4


def writers():
    """One of each way in which files are written."""
    image = np.random.default_rng(0).integers(0, 19, (64, 64), np.uint8)

    def video(path) -> None:
        with video_file(path, 5.0) as append:
            for _ in range(3):
                append(np.repeat(image[..., None], 3, axis=2))

    return {
        "a.json": lambda path: write_json(path, list(range(1000))),
        "a.png": lambda path: write_image(path, image),
        "palette.png": lambda path: write_palette_png(path, image, [(1, 2, 3)] * 19),
        "a.npz": lambda path: write_arrays(path, "arrays", {"a": image}, {}),
        "soft.npz": lambda path: write_soft_map(path, np.random.default_rng(0).integers(0, 255, (3, 32, 32), np.uint8)),
        "a.pth": lambda path: save_checkpoint(path, CONTENT),
        "a.mp4": video,
    }


@pytest.mark.parametrize("name", ["a.json", "a.png", "palette.png", "a.npz", "soft.npz", "a.pth", "a.mp4"])
def test_every_kind_of_file(name, tmp_path):
    """A limit of the system on the size of files: one line, the file of before, and then the same call works."""
    resource = pytest.importorskip("resource")
    path, write = tmp_path / name, writers()[name]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    path.write_bytes(b"old")
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(UserError) as said:
            write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(said.value).startswith(f"Cannot write {path}: ") and "\n" not in str(said.value) and "Errno" not in str(said.value)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    write(path)
    assert path.stat().st_size > 500
