"""The network of depth distribution against the records: forward passes, statistics, sizes, keys, released checkpoints."""

from __future__ import annotations

import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.weights import load_method, networks
from mmseg.models.weights.layouts import encoder_weights
from mmseg.registry import MODELS
from tests.parity import depth_records as depth
from tests.parity.records import assert_close, parametrize

UNUSED = ("enc4_4.", "dec4.")


@parametrize(f"{depth.FOLDER}/net_*")
def test_forward(record, monkeypatch):
    """In train mode with the statistics of one image, and in evaluation with those of its file."""
    depth.few_blocks(monkeypatch, record.info["config"]["blocks"])
    network = depth.fill(depth.build(record.info["config"]["num_classes"]), record.info["recipe"])
    network.train("train mode" in record.info["what"])
    with torch.no_grad():
        output = network(record.tensors["x"])
    found = {"seg": output.logits, "density": output.geometry.density, "depth": output.geometry.depth}
    found |= {key: value for key, value in network.backbone.state_dict().items() if key in record.tensors}
    assert found.keys() == record.tensors.keys() - {"x"}
    for key, value in found.items():
        assert_close(record, key, value[: len(record.tensors[key])])  # the records keep the first 64 statistics


@parametrize(f"{depth.FOLDER}/grid_sizes")
def test_sizes_of_the_map(record):
    with torch.device("meta"):
        network = depth.build(16, depth=50).eval()
    for size, grid in record.info["sizes"].items():
        width, height = map(int, size.split("x"))
        output = network(torch.empty(1, 3, height, width, device="meta"))
        maps = (output.logits, output.geometry.depth, output.geometry.density)
        assert all(list(each.shape[:1:-1]) == grid for each in maps)


@parametrize(f"{depth.FOLDER}/manifest_net_*")
def test_keys(record):
    entries = [entry for entry in record.info["entries"] if not entry[0].startswith(UNUSED)]
    with torch.device("meta"):
        network = depth.Published(depth.build(next(shape[0] for key, shape, _ in entries if key.startswith("layer6."))))
    state = network.state_dict()
    assert {key: [list(v.shape), str(v.dtype).removeprefix("torch.")] for key, v in state.items()} == {key: rest for key, *rest in entries}
    trained = {key: trained for key, trained in record.info["parameters_order"] if not key.startswith(UNUSED)}
    assert {name: parameter.requires_grad for name, parameter in network.named_parameters()} == trained


def small(seed: int):
    method = MODELS.build({"type": "SourceOnly", "segmentor": narrow(), "seed": seed})
    method.init_weights()
    return method


def narrow() -> dict:
    config = depth.segmentor(5, depth=50, base_channels=2, stem_channels=2)
    for head in ("decode_head", "depth_head"):
        config[head]["in_channels"] = 64
    config["depth_head"] |= {"channels": 8, "averaged": 4}
    return config


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_released_file_loads(prefix, tmp_path):
    """{model, optimizer}; what the network never uses is dropped without a word."""
    own, other = small(0), small(1)
    unused = {"enc4_4.weight": torch.zeros(5, 4, 1, 1), "enc4_4.bias": torch.zeros(5), "dec4.weight": torch.zeros(64, 4, 1, 1)}
    network = {f"{prefix}{key}": value for key, value in {**depth.Published(own.model).state_dict(), **unused}.items()}
    torch.save({"model": network, "optimizer": {"state": {}, "param_groups": [{"lr": 2.5e-4}]}}, tmp_path / "best.pth")
    read = read_checkpoint(tmp_path / "best.pth")
    assert networks(read).keys() == {"model"}
    load_method(other, read, "best.pth")
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in own.state_dict().items())
    encoder, others = encoder_weights(network)
    assert encoder.keys() == own.model.backbone.state_dict().keys() and len(others) > 0


def test_weights_of_deeplab():
    """The file that the published training starts from has 'Scale.' in front of every key, and a decoder that is not taken."""
    own = small(0).model.backbone.state_dict()
    file = {f"Scale.{key}": value for key, value in own.items()} | {"Scale.layer5.conv2d_list.0.weight": torch.zeros(21, 64, 3, 3)}
    encoder, unused = encoder_weights(file)
    assert encoder.keys() == own.keys() and unused == ["layer5.conv2d_list.0.weight"]


def test_initial_weights():
    """N(0, 0.01) in every convolution, torch's own biases."""
    torch.manual_seed(0)
    head = MODELS.build({**depth.DEPTH_HEAD, "in_channels": 256})
    head.init_weights()
    for name, value in head.state_dict().items():
        assert value.std().item() == pytest.approx(0.01, rel=0.05) or name.endswith("bias")
        assert value.abs().max() < 0.1 and value.abs().min() >= 0
