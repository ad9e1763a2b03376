"""Folders that vanish, and states that are damaged: found, named, and gone on from the state before."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper

from mmseg.apis.training.train import check_state
from mmseg.engine.checkpoints.checkpoint import DamagedCheckpointError, read_checkpoint, save_checkpoint
from mmseg.engine.checkpoints.disk_space import space_note, state_bytes
from mmseg.engine.hooks.result_hook import ResultHook
from mmseg.engine.resume.choose import state_to_resume
from mmseg.utils.errors import UserError
from mmseg.utils.storage import space
from mmseg.utils.storage.run_folder import check_still_there, has_state


@pytest.fixture
def kept(tmp_path):
    """A run folder with the states after iterations 4 and 8."""
    for iteration in (4, 8):
        content = {"meta": {"iteration": iteration}, "state_dict": {"a": torch.full((999,), iteration / 4)}}
        save_checkpoint(tmp_path / "latest.pth", content, tmp_path / "previous.pth")
    return tmp_path


def flipped(data: bytes) -> bytes:
    place = data.index(torch.full((9,), 2.0).numpy().tobytes())
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGES = {
    "cut": lambda data: data[: len(data) // 2],
    "last bytes are zero": lambda data: data[:-300] + bytes(300),
    "all bytes are zero": lambda data: bytes(len(data)),
    "empty": lambda data: b"",
    "another bit": flipped,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state(kept, damage):
    latest, previous = kept / "latest.pth", kept / "previous.pth"
    latest.write_bytes(data := DAMAGES[damage](latest.read_bytes()))
    with pytest.raises(DamagedCheckpointError, match=rf"The state before this one is {previous}\.$"):
        read_checkpoint(latest)
    state, (line,) = state_to_resume(kept)
    assert state == previous and (kept / "latest_damaged.pth").read_bytes() == data and not latest.exists()
    renamed = f"{latest} is damaged and called latest_damaged.pth now"
    assert line == f"{renamed}: the training goes on from the state before it, {previous} after iteration 4."
    assert state_to_resume(kept)[0] == previous  # another process of the same training looks later
    check_state(kept, True)
    save_checkpoint(latest, {"meta": {"iteration": 5}}, previous)
    assert [read_checkpoint(file)["meta"]["iteration"] for file in (previous, latest)] == [4, 5]


def test_whole_states_and_other_processes(kept):
    assert state_to_resume(kept) == (kept / "latest.pth", ())
    (kept / "latest.pth").write_bytes(b"")
    assert state_to_resume(kept, first=False)[0] == kept / "previous.pth" and (kept / "latest.pth").exists()


def test_both_are_damaged(kept):
    for name in ("latest.pth", "previous.pth"):
        (kept / name).write_bytes(b"x")
    with pytest.raises(UserError, match=r"latest\.pth is cut off or not a checkpoint"):
        state_to_resume(kept)
    assert sorted(path.name for path in kept.iterdir()) == ["latest.pth", "previous.pth"]


def test_a_kill_between_two_renames(kept):
    """The last state has the name of the one before, and the next one none yet."""
    (kept / "latest.pth").unlink()
    assert has_state(kept)
    with pytest.raises(UserError, match="already holds a training"):
        check_state(kept, False)
    assert state_to_resume(kept)[1][0].startswith(f"{kept}/latest.pth is missing: the training goes on from the state before it")


@pytest.mark.parametrize("left", [False, True])
def test_a_run_folder_that_vanishes(tmp_path, left):
    """An empty place of a disk, or none: nothing is written there, and no folder is made anew."""
    folder = tmp_path / "run"
    if left:
        folder.mkdir()
    runner = SimpleNamespace(work_dir=str(folder), iter=3, hooks=[])
    with pytest.raises(UserError, match=rf"^The run folder {folder} has been moved or removed, .*continue with --resume\.$"):
        ResultHook().after_val_epoch(runner, {"mIoU": 1.0})
    assert folder.exists() == left and not (left and list(folder.iterdir()))
    folder.mkdir(exist_ok=True)
    (folder / "config.py").touch()
    check_still_there(folder)


@pytest.mark.parametrize(("optimizer", "options"), [(torch.optim.AdamW, {}), (torch.optim.SGD, {"momentum": 0.9}), (torch.optim.SGD, {})])
def test_the_space_that_states_need(optimizer, options, tmp_path, monkeypatch):
    """Compared with the file of a state: within a twentieth."""
    layer = torch.nn.Linear(300, 300)
    wrapper = OptimWrapper(optimizer(layer.parameters(), lr=0.1, **options))
    expected = state_bytes(layer, wrapper)
    wrapper.update_params(layer(torch.ones(1, 300)).square().sum())
    save_checkpoint(tmp_path / "latest.pth", {"state_dict": layer.state_dict(), "optimizer": wrapper.state_dict()})
    written = (tmp_path / "latest.pth").stat().st_size
    assert expected <= written <= 1.05 * expected
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: SimpleNamespace(free=4 * 10**9 - written))
    assert space_note(tmp_path, 10**9) is None
    assert space_note(tmp_path, 10**9 + 1).startswith("4.0 GB are free on the disk of") and "need 4.0 GB:" in space_note(
        tmp_path, 10**9 + 1
    )
