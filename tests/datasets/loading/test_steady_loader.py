"""A loader whose workers die: at the same sample, seldom, or while something else runs."""

import gc
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.datasets.loading.worker_reports import ReadingBoard, note_file
from mmseg.datasets.sampling.samplers import RunningIndexSampler
from mmseg.engine.checkpoints import checkpoint
from mmseg.utils.errors import UserError


class Fragile(Dataset):
    """Numbers; each has a file in which the deaths of its worker are counted down."""

    def __init__(self, folder: Path, deaths: dict[int, int], how=lambda: os.kill(os.getpid(), signal.SIGKILL)) -> None:
        self.folder, self.how = folder, how
        for index, count in deaths.items():
            self.file(index).write_text(str(count))

    def file(self, index: int) -> Path:
        return self.folder / f"{index}.png"

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> int:
        note_file(self.file(index))
        left = int(self.file(index).read_text()) if self.file(index).exists() else 0
        if left:
            self.file(index).write_text(str(left - 1))
            self.how()
        return index


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """torch looks whether its workers live when it has waited five seconds for a batch."""
    look = torch.utils.data.dataloader._MultiProcessingDataLoaderIter._try_get_data
    assert look.__defaults__ == (5.0,)
    monkeypatch.setattr(look, "__defaults__", (0.2,))


@pytest.fixture
def warned(monkeypatch):
    lines = []
    monkeypatch.setattr("mmseg.datasets.loading.steady_loader.print_log", lambda line, **_: lines.append(line))
    return lines


def values(batches) -> list[int]:
    return [int(value) for batch in batches for value in batch]


@pytest.mark.parametrize("persistent", [False, True])
def test_one_lost_worker_is_started_again_with_the_same_samples(persistent, warned, tmp_path):
    loader = SteadyLoader(Fragile(tmp_path, {5: 1}), 2, num_workers=2, persistent_workers=persistent)
    generator = torch.get_rng_state()
    for _ in range(2):  # a walk after that is none but an ordinary one
        assert values(loader) == list(range(12))
    torch.set_rng_state(generator)
    assert len(warned) == 1 and warned[0].startswith("Loader worker ")
    assert f"was ended by SIGKILL; it was reading {tmp_path / '5.png'}. It is started again, with the same samples." in warned[0]


def test_an_endless_stream_goes_on(warned, tmp_path):
    data = Fragile(tmp_path, {6: 1}, how=lambda: os._exit(3))
    sampler = RunningIndexSampler(dataset=data)
    sampler.skip(4)
    batches = iter(SteadyLoader(data, 2, sampler=sampler, num_workers=2))
    assert [next(batches).tolist() for _ in range(4)] == [[4, 5], [6, 7], [8, 9], [10, 11]]
    assert "ended with exit code 3" in warned[0]


def test_a_second_death_ends_it(warned, tmp_path):
    loader = SteadyLoader(Fragile(tmp_path, {5: 2}), 2, num_workers=1)
    with pytest.raises(UserError, match=f"it was reading {tmp_path / '5.png'}, and it is not the first. If memory ran out"):
        values(loader)
    assert len(warned) == 1


class Dying:
    """A worker whose connection is broken, and which the system has not ended yet."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def exitcode(self) -> int | None:
        self.looks -= 1
        return None if self.looks >= 0 else -signal.SIGKILL


def test_a_worker_that_takes_its_time_to_die(tmp_path):
    loader = SteadyLoader(Fragile(tmp_path, {}), 2, num_workers=2)
    loader._workers = [Dying(10**9), Dying(3)]
    assert loader._dead() == [1]
    loader._workers = [Dying(10**9)]
    assert loader._dead(seconds=0.05) == []


def test_a_death_between_two_batches_disturbs_nothing_else(warned, tmp_path):
    """torch's own handler would raise an error amid the sleep."""
    batches = iter(SteadyLoader(Fragile(tmp_path, {}), batch_size=None, num_workers=1))
    assert next(batches) == 0
    (worker,) = __import__("multiprocessing").active_children()[-1:]
    os.kill(worker.pid, signal.SIGKILL)
    time.sleep(0.3)
    assert list(batches) == list(range(1, 12)) and len(warned) == 1


def test_a_death_while_a_checkpoint_is_written(warned, tmp_path, monkeypatch):
    """Of both workers, between its bytes and its name: the file is whole, no error, and then the batches go on."""
    batches = iter(SteadyLoader(Fragile(tmp_path, {}), batch_size=None, num_workers=2))
    assert next(batches) == 0
    workers, read_back = multiprocessing.active_children(), checkpoint._read_back

    def die(*arguments) -> None:
        for worker in workers:
            worker.kill()
            worker.join()
        read_back(*arguments)

    monkeypatch.setattr(checkpoint, "_read_back", die)
    checkpoint.save_checkpoint(tmp_path / "latest.pth", {"meta": {"iteration": 1}})
    checkpoint.check_whole(tmp_path / "latest.pth")
    assert len(workers) == 2 and not any(worker.is_alive() for worker in workers)
    assert list(batches) == list(range(1, 12)) and len(warned) == 1


@pytest.mark.filterwarnings("error")  # of torch, about the iterator that is half made
def test_workers_that_cannot_be_started_leave_no_handler(tmp_path, monkeypatch):
    """A system that allows no further process; torch has replaced the handler by then, or not."""
    before, started = signal.getsignal(signal.SIGCHLD), []

    def full(self) -> None:
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(self)
        start(self)

    start = multiprocessing.Process.start
    monkeypatch.setattr(multiprocessing.Process, "start", full)
    with pytest.raises(BlockingIOError):  # every command has one line for it
        iter(SteadyLoader(Fragile(tmp_path, {}), num_workers=2)).__next__()
    assert signal.getsignal(signal.SIGCHLD) == before
    gc.collect()
    started[0].join(10)
    assert started[0].exitcode == -signal.SIGKILL


def test_errors_of_samples_are_their_own(warned, tmp_path):
    def fail():
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        values(SteadyLoader(Fragile(tmp_path, {3: 1}, fail), 2, num_workers=1))
    assert not warned


def test_like_another_loader(tmp_path):
    data = Fragile(tmp_path, {})
    loader = SteadyLoader.like(DataLoader(data, 5, sampler=range(11), drop_last=True))
    assert values(loader) == list(range(10)) and loader.num_workers == 0


def test_a_board_holds_the_end_of_a_long_path():
    board = ReadingBoard(2)
    assert board.file(1) is None
    board.rows[1, :3] = torch.tensor(list(b"a/b"))
    assert board.file(1) == "a/b" and board.file(0) is None


class SharedObjects(Dataset):
    """Says how many objects of a worker its garbage collector would look at, of those that it shares with the training."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        return sum(isinstance(value, Marked) for value in gc.get_objects())


class Marked:
    """An object that the collector tracks."""

    def __init__(self) -> None:
        self.itself = self


def test_the_collector_does_not_look_at_what_is_shared():
    """It would write to every object, and so copy the pages of all of them; what comes later is collected as before."""
    gc.unfreeze()
    kept = [Marked() for _ in range(5)]
    assert values(SteadyLoader(SharedObjects(), 2, num_workers=1)) == [0] * 4
    assert sum(isinstance(value, Marked) for value in gc.get_objects()) == 0 and len(kept) == 5
    count = gc.get_freeze_count()
    assert values(SteadyLoader(SharedObjects(), 2, num_workers=1)) == [0] * 4
    assert gc.get_freeze_count() == count, "once in a process: garbage of later would be kept"
    gc.unfreeze()
