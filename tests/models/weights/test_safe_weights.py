"""Weights as safetensors, with what a checkpoint says of itself."""

import zlib

import pytest
import torch
from safetensors.torch import save_file

from mmseg.engine.checkpoints.checkpoint import DamagedCheckpointError, read_checkpoint
from mmseg.models.weights.pretrained import read_state
from mmseg.models.weights.safe_weights import checksum, is_safetensors, write_safetensors

META = {"CLASSES": ["sky", "road"], "rectified": False}


@pytest.fixture
def state() -> dict:
    shared = torch.arange(6.0).reshape(2, 3)
    transposed = {"a.t": shared.t(), "a.w": shared}  # one memory, two layouts
    return transposed | {"b.half": torch.tensor([0.5, 2.0]).half(), "b.count": torch.tensor(7), "b.none": torch.zeros(0, 4)}


def test_tensors_and_metadata_come_back(tmp_path, state):
    path = tmp_path / "named.bin"
    write_safetensors(path, state, META)
    assert is_safetensors(path)
    content = read_checkpoint(path)
    assert content["meta"] == META and content["state_dict"].keys() == state.keys()
    for key, value in state.items():
        assert torch.equal(content["state_dict"][key], value) and content["state_dict"][key].dtype == value.dtype
    assert read_checkpoint(path, values=False) == {"state_dict": {}, "meta": META}
    assert read_state(path).keys() == state.keys()


def test_files_of_others_have_no_checksum(tmp_path):
    save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors", {"format": "pt"})
    content = read_checkpoint(tmp_path / "a.safetensors")
    assert content["meta"] == {} and content["state_dict"]["a"].tolist() == [1, 1]


def test_the_checksum_is_that_of_the_bytes_by_name():
    values = {"b": torch.tensor([3], dtype=torch.uint8), "a": torch.tensor([1, 2], dtype=torch.uint8)}
    assert checksum(values) == f"{zlib.crc32(bytes([1, 2, 3])):08x}" == checksum(dict(reversed(values.items())))


@pytest.mark.parametrize("place", [-1, -40])
def test_a_flipped_bit(tmp_path, state, place):
    path = tmp_path / "model.safetensors"
    write_safetensors(path, state, META)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedCheckpointError, match=r"model\.safetensors is damaged: the checksum of its tensors is wrong\. Copy"):
        read_checkpoint(path)


@pytest.mark.parametrize("length", [9, 60, 300])
def test_a_file_that_is_cut_off(tmp_path, state, length):
    path = tmp_path / "model.safetensors"
    write_safetensors(path, state, META)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedCheckpointError, match=r"model\.safetensors is damaged: .*\. Copy or download it again"):
        read_checkpoint(path)


def test_metadata_that_is_no_dictionary(tmp_path):
    save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors", {"mmseg": "[1]"})
    with pytest.raises(DamagedCheckpointError, match="its metadata is no dictionary"):
        read_checkpoint(tmp_path / "a.safetensors")
