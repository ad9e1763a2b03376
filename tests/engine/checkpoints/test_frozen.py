"""Checkpoints without frozen weights: what is left out, what comes back, and what is refused."""

import pytest
import timm
import torch
from torch import nn

from mmseg.engine.checkpoints.frozen import INTERPOLATED, completed, left_out, weights_hash
from mmseg.engine.checkpoints.weights import load_method, load_resumed
from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.uda import UDAMethod
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.encoders.families import make_tiny
from tests.models.tuning.test_backbone import VIT, segmentor, tuning
from tests.models.uda.test_methods import run_step

ADAPTED = ("LoRA", "SoMA", "Rein", "frozen")


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    make_tiny(monkeypatch, embed_dim=24, depth=2, num_heads=2)


def weights_file(path, seed: int = 5) -> str:
    torch.manual_seed(seed)
    plain = TimmBackbone(name=VIT, levels="last")
    plain.init_weights()
    torch.save(plain.network.state_dict(), path)
    return str(path)


def build(kind: str, file: str | None, **options) -> UDAMethod:
    network = segmentor(tuning=tuning(kind), pretrained=file)
    options = {"imnet_feature_dist_lambda": 0.005, "imnet_encoder_only": True, **options}
    method = MODELS.build({"type": "DACS", "segmentor": network, **options})
    method.init_weights()
    return method.train()


def checkpoint(method: UDAMethod) -> dict:
    left = left_out(method)
    return {"state_dict": left.without(method.state_dict()), "meta": {"frozen": left.as_values()}}


@pytest.mark.parametrize("kind", ADAPTED)
def test_what_is_left_out_comes_back_bit_for_bit(kind, tmp_path, monkeypatch):
    method = build(kind, weights_file(tmp_path / "weights.pth"))
    run_step(method, monkeypatch, 0)
    run_step(method, monkeypatch, 1)
    content, whole = checkpoint(method), method.state_dict()
    missing = whole.keys() - content["state_dict"].keys()
    assert content["meta"]["frozen"]["networks"] == ["model", "ema_model", "imnet_model"]
    assert len(missing) == 3 * len(content["meta"]["frozen"]["names"]) > 0
    trained = {f"model.{name}" for name, weight in method.model.named_parameters() if weight.requires_grad}
    assert not missing & trained and all("backbone.network." in key for key in missing)
    assert all(key in content["state_dict"] for key in whole if any(part in key for part in INTERPOLATED))

    for load in (
        lambda other: load_method(other, content, "some.pth"),
        lambda other: load_resumed(other, completed(content, other.model, "some.pth")["state_dict"], "some.pth"),
    ):
        other = build(kind, method.model.backbone.pretrained, seed=1)
        load(other)
        assert all(torch.equal(value, whole[key]) for key, value in other.state_dict().items())
        assert other.model.state_dict().keys() == method.model.state_dict().keys()


def test_a_frozen_network_with_stages(tmp_path, monkeypatch):
    """Whose entries are called otherwise in a file: stages.0 and stages_0."""
    monkeypatch.undo()
    make_tiny(monkeypatch)
    torch.manual_seed(5)
    torch.save(timm.create_model("convnext_tiny", num_classes=0).state_dict(), tmp_path / "weights.pth")
    method = nn.Module()
    method.model = nn.Module()
    options = {"name": "convnext_tiny", "tuning": {"type": "frozen"}, "pretrained": str(tmp_path / "weights.pth")}
    method.model.backbone = TimmBackbone(**options)
    method.model.backbone.init_weights()
    left, whole = left_out(method), method.state_dict()
    content = {"state_dict": left.without(whole), "meta": {"frozen": left.as_values()}}
    assert not content["state_dict"] and left.networks == ("model",)
    assert all(torch.equal(value, whole[key]) for key, value in completed(content, method.model, "some.pth")["state_dict"].items())


def test_a_complete_checkpoint_stays_as_it_is(tmp_path):
    method = build("frozen", weights_file(tmp_path / "weights.pth"))
    content = {"state_dict": method.state_dict(), "meta": {}}
    assert completed(content, method.model, "some.pth") is content
    assert completed({"state_dict": {}}, method.model, "some.pth") == {"state_dict": {}}


def test_only_weights_of_a_file_are_left_out(tmp_path):
    file = weights_file(tmp_path / "weights.pth")
    assert left_out(build("LoRA", None)) is None, "from scratch"
    assert left_out(build("full", file)) is None, "nothing is frozen"
    method = build("LoRA", file)
    assert left_out(method) is not None
    with torch.no_grad():
        method.model.backbone.network.blocks[1].norm1.weight[0] += 1e-6
    assert left_out(method) is None, "as after --load-from of a training that had other weights"


def test_other_frozen_weights_are_refused(tmp_path):
    content = checkpoint(build("SoMA", weights_file(tmp_path / "weights.pth")))
    before, digest = tmp_path / "weights.pth", content["meta"]["frozen"]["sha256"]
    other = build("SoMA", weights_file(tmp_path / "other.pth", seed=6))
    with pytest.raises(UserError) as caught:
        load_method(other, content, "some.pth")
    found = left_out(other).sha256
    assert str(caught.value) == (
        f"Checkpoint some.pth leaves out the frozen weights of the encoder, those of {before} in the training, and these are others "
        f"(SHA-256 {digest[:16]}… in the training, {found[:16]}… in {tmp_path / 'other.pth'}). "
        "Set model.pretrained to the file of the training."
    )


@pytest.mark.parametrize("wrong", [[], {"names": "all"}, {"names": [1], "networks": [], "sha256": "", "pretrained": ""}])
def test_damaged_notes_are_refused(wrong, tmp_path):
    method = build("frozen", None)
    with pytest.raises(UserError, match=r"^Checkpoint some\.pth: meta\.frozen does not say what was left out of it\. Use another file\.$"):
        completed({"state_dict": {}, "meta": {"frozen": wrong}}, method.model, "some.pth")


def test_the_hash_sees_names_shapes_and_bits():
    weight = torch.arange(6.0)
    digest = weights_hash({"a": weight, "b": weight})
    assert digest == weights_hash({"b": weight.clone(), "a": weight}) and len(digest) == 64
    others = [{"a": weight, "c": weight}, {"a": weight, "b": weight.view(2, 3)}, {"a": weight, "b": weight.double()}, {"a": weight}]
    assert digest not in map(weights_hash, others)
    assert weights_hash({"a": torch.tensor(0.0)}) != weights_hash({"a": torch.tensor(-0.0)})
