"""Files that hold no usable weights: each is refused in one line that names what is wrong."""

import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.weights import load_exactly, load_segmentor
from mmseg.models.weights.pretrained import load_pretrained
from mmseg.models.weights.values import defect
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.engine.test_checkpoint_weights import ENCODER, FILE, segmentor, state

KEY = "backbone.norm1.weight"


def test_a_flipped_bit_in_a_weight(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"state_dict": {"a": torch.full((64,), 1.5)}}, path)
    content = bytearray(path.read_bytes())
    place = content.index(torch.tensor(1.5).numpy().tobytes() * 64)
    content[place + 7] ^= 1
    path.write_bytes(content)
    assert torch.load(path, weights_only=True)["state_dict"]["a"][1] == 0.375  # torch's reader says nothing
    with pytest.raises(UserError, match=r"a\.pth is damaged: the checksum of a/data/0 is wrong\. Copy or download it again"):
        read_checkpoint(path)
    content[place + 7] ^= 1
    path.write_bytes(content)
    assert read_checkpoint(path)["state_dict"]["a"][1] == 1.5


def test_a_flipped_bit_in_starting_weights(tmp_path):
    encoder = MODELS.build(ENCODER)
    encoder.norm1.weight.data.fill_(1.5)
    torch.save(encoder.state_dict(), tmp_path / "a.pth")
    load_pretrained(encoder, str(tmp_path / "a.pth"))
    content = bytearray((tmp_path / "a.pth").read_bytes())
    content[content.index(encoder.norm1.weight.detach().numpy().tobytes())] ^= 1
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot be read as a file of weights \(the checksum of a/data/\d+ is wrong\)"):
        load_pretrained(encoder, str(tmp_path / "a.pth"))


def test_the_metadata_alone(tmp_path):
    """As quick as the file is small, whatever its tensors weigh."""
    torch.save({"meta": {"iteration": 3}, "state_dict": {"a": torch.ones(4)}}, tmp_path / "a.pth")
    torch.save({"meta": {"iteration": 4}}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert [read_checkpoint(tmp_path / name, values=False)["meta"]["iteration"] for name in ("a.pth", "old.pth")] == [3, 4]
    (tmp_path / "b.pth").write_bytes((tmp_path / "a.pth").read_bytes()[:300])
    with pytest.raises(UserError, match="is cut off or not a checkpoint"):
        read_checkpoint(tmp_path / "b.pth", values=False)


def test_a_folder(tmp_path):
    with pytest.raises(UserError, match=rf"is a folder\. Give a file in it, such as {tmp_path}/latest\.pth\.$"):
        read_checkpoint(tmp_path)


DEFECTS = {
    "nan": (torch.tensor([1.0, float("nan")]), "holds NaN or infinite values"),
    "infinite": (torch.tensor([1.0, float("-inf")]), "holds NaN or infinite values"),
    "half": (torch.tensor([1.0, float("nan")]).half(), "holds NaN or infinite values"),
    "sparse": (torch.eye(2).to_sparse(), "is sparse"),
    "meta": (torch.ones(2, device="meta"), "has no values (it lies on torch's meta device)"),
}


@pytest.mark.parametrize("kind", DEFECTS)
def test_tensors_that_are_no_use(kind):
    value, text = DEFECTS[kind]
    assert defect(value) == text
    assert defect(value, finite=False) == (None if "NaN" in text else text)


@pytest.mark.parametrize("kind", ["bool", "int8", "int64", "complex64"])
def test_numbers_of_another_kind(kind):
    """Weights that a tool has quantised: loaded as they are, they are no weights any more."""
    value = torch.ones(3).to(getattr(torch, kind))
    assert defect(value, like=torch.ones(3)) == f"holds {kind} in place of real numbers"
    assert defect(torch.ones(3, dtype=torch.int64), like=torch.tensor(0)) is defect(torch.ones(3).half(), like=torch.ones(3)) is None
    network, wrong = segmentor(), state(seed=1)
    before = {key: entry.clone() for key, entry in network.state_dict().items()}
    wrong[KEY] = wrong[KEY].to(getattr(torch, kind))
    with pytest.raises(UserError, match=f"{KEY} holds {kind} in place of real numbers. Use an earlier state"):
        load_segmentor(network, wrong, "model", "file.pth")
    assert all(torch.equal(entry, before[key]) for key, entry in network.state_dict().items())


def test_large_weights_are_no_infinite_ones():
    """Their sum is, in their own precision."""
    assert defect(torch.full((4,), 6e4).half()) is defect(torch.full((4,), 3e38)) is defect(torch.tensor([3, 4])) is None


def test_weights_that_are_not_finite_change_nothing():
    network, broken = segmentor(), state(seed=1)
    broken[KEY] = broken[KEY].clone()
    broken[KEY][2] = float("nan")
    before = {key: value.clone() for key, value in network.state_dict().items()}
    for load, prefix in (
        (lambda: load_segmentor(network, broken, "model", FILE), "model."),
        (lambda: load_exactly(network, broken, FILE), ""),
    ):
        with pytest.raises(UserError, match=rf"^Checkpoint {FILE}: {prefix}{KEY} holds NaN or infinite values\. Use an earlier state"):
            load()
        assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_starting_weights_that_are_not_finite(tmp_path):
    encoder = MODELS.build(ENCODER)
    broken = {key: value.clone() for key, value in encoder.state_dict().items()}
    broken["norm1.weight"][0] = float("inf")
    torch.save(broken, tmp_path / "a.pth")
    with pytest.raises(UserError, match=r"a\.pth: norm1\.weight holds NaN or infinite values\. Use another file of weights"):
        load_pretrained(encoder, str(tmp_path / "a.pth"))


@pytest.mark.parametrize("wrapper", ["backbone.", "model.backbone.", "module.model.backbone.", "model.module.backbone."])
def test_the_encoder_of_a_training(tmp_path, wrapper):
    """Its teacher and its ImageNet network have one as well."""
    encoder, trained = MODELS.build(ENCODER), MODELS.build(ENCODER).state_dict()
    others = {f"{name}.backbone.{key}": torch.zeros(1) for name in ("ema_model", "imnet_model") for key in trained}
    torch.save({"state_dict": {**{wrapper + key: value for key, value in trained.items()}, **others}}, tmp_path / "latest.pth")
    load_pretrained(encoder, str(tmp_path / "latest.pth"))
    assert all(torch.equal(value, trained[key]) for key, value in encoder.state_dict().items())
