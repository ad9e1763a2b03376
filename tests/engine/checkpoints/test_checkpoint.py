"""Reading checkpoint files: plain values come back, old metadata are passed over, nothing is run."""

import hashlib
import pickle

import numpy as np
import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import Unread, read_checkpoint, save_checkpoint
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash

WEIGHT = torch.arange(6.0).view(2, 3)


def test_what_was_written_comes_back(tmp_path):
    content = {"meta": {"iteration": 3, "name": "x", "scores": [1.5, None]}, "state_dict": {"a": WEIGHT}}
    save_checkpoint(tmp_path / "a.pth", content)
    read = read_checkpoint(tmp_path / "a.pth")
    assert read["meta"] == content["meta"] and torch.equal(read["state_dict"]["a"], WEIGHT)


@pytest.mark.parametrize("value", [np.float64(73.5), np.int64(3), np.array([[1, 2], [3, 4]], np.uint8), np.dtype("float32")])
@pytest.mark.parametrize("zipped", [True, False])
def test_metadata_of_old_trainings_are_passed_over(tmp_path, value, zipped):
    torch.save({"meta": {"best": value, "iter": 7}, "state_dict": {"a": WEIGHT}}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    read = read_checkpoint(tmp_path / "a.pth")
    assert isinstance(read["meta"]["best"], Unread) and read["meta"]["iter"] == 7
    assert torch.equal(read["state_dict"]["a"], WEIGHT)


def test_metadata_under_the_names_of_old_numpy(tmp_path):
    """Before NumPy 2 its core had another name, which the unzipped format holds as plain text."""
    torch.save({"meta": np.float64(73.5), "state_dict": {}}, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    content = (tmp_path / "a.pth").read_bytes()
    new, old = b"numpy._core.multiarray\n", b"numpy.core.multiarray\n"
    assert (new in content) != (old in content)
    (tmp_path / "a.pth").write_bytes(content.replace(new, old) if new in content else content.replace(old, new))
    assert isinstance(read_checkpoint(tmp_path / "a.pth")["meta"], Unread)


def test_the_allowance_ends_with_the_reading(tmp_path):
    save_checkpoint(tmp_path / "a.pth", {"state_dict": {}})
    read_checkpoint(tmp_path / "a.pth")
    assert not [allowed for allowed in torch.serialization.get_safe_globals() if isinstance(allowed, tuple) and allowed[0] is Unread]


class Code:
    """Runs ``function(*arguments)`` when a pickle of it is read in the ordinary way."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("function", [open, exec, eval])
def test_code_is_named_and_not_run(tmp_path, function):
    target = tmp_path / "executed"
    arguments = (str(target), "w") if function is open else (f"open({str(target)!r}, 'w')",)
    path = tmp_path / "a.pth"
    torch.save({"state_dict": {"a": WEIGHT}, "meta": Code(function, *arguments)}, path)
    with pytest.raises(UserError, match=rf"holds more than tensors and plain values \([\w.]*{function.__name__}\), which could run code"):
        read_checkpoint(path)
    assert not target.exists()
    torch.load(path, weights_only=False)
    assert target.exists()  # the file was a real one


@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"PK\x03\x04 not a zip", pickle.dumps({"a": 1}), b"\x89PNG"])
def test_other_files(tmp_path, content):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(UserError, match="is cut off or not a checkpoint"):
        read_checkpoint(tmp_path / "a.pth")


def test_hash(tmp_path):
    content = bytes(range(256)) * 9000  # more than one block
    (tmp_path / "a").write_bytes(content)
    assert file_hash(tmp_path / "a") == hashlib.sha256(content).hexdigest()
