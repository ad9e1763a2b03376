"""Networks of CPSL against the records of the published code: whole network, decoder, discriminator, keys, released checkpoints."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.weights import load_method, networks
from mmseg.models.uda.discriminator import SmallKernelDiscriminator
from mmseg.registry import MODELS
from tests.parity.cpsl_records import FOLDER, thinned
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize
from tests.parity.test_label_shift import rnd, seed_of

ENCODER = {
    "type": "ResNet",
    "depth": 101,
    "style": "caffe",
    "strides": (1, 2, 1, 1),
    "dilations": (1, 1, 2, 4),
    "pool_ceil_mode": True,
    "init_std": 0.01,
    "out_indices": (3,),
}
HEAD = {"type": "SEASPPHead", "in_channels": 2048, "channels": 256, "align_corners": True, "init_std": 0.01}


def segmentor(classes: int, *, last_norm: bool = False, **encoder) -> dict:
    backbone = {**ENCODER, "last_norm": last_norm, **encoder}
    return {"type": "EncoderDecoder", "backbone": backbone, "decode_head": {**HEAD, "num_classes": classes}}


class Published(nn.Module):
    """A segmentor of ours under the names of the published code: the decoder is ``layer5``, beside the encoder's layers."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        for name, part in network.backbone.named_children():
            if name != "bn_pretrain":
                self.add_module(name, part)
        if getattr(network.backbone, "bn_pretrain", None) is not None:
            self.bn_pretrain = network.backbone.bn_pretrain
        self.layer5 = network.decode_head


@parametrize(f"{FOLDER}/resnet101_*")
def test_network(record):
    info, image = record.info, record.tensors["x"]
    network = MODELS.build(segmentor(info["num_classes"], last_norm=info["bn_clr"])).eval()
    fill_by_recipe(Published(network), seed=info["recipe"]["seed"], mult=info["recipe"]["mult"])
    with torch.no_grad():
        output = network.segment(image)
    level = output.view("full").features[-1]
    assert list(output.logits.shape) == info["out_shape"]
    assert_close(record, "layer4_sub", thinned(level, record.tensors["layer4_sub"]))
    assert_close(record, "feat_sub", thinned(output.embedding, record.tensors["feat_sub"]), atol=1e-4)
    assert_close(record, "out", output.logits)
    assert output.embedding.double().norm().item() == pytest.approx(info["feat_checksum"][2], rel=1e-5)


@pytest.mark.parametrize(("size", "expected"), [((512, 896), (65, 113)), ((1024, 2048), (129, 257))])
def test_sizes_of_the_map(size, expected):
    with torch.device("meta"):
        network = MODELS.build(segmentor(19, depth=50)).eval()
        assert network.segment(torch.empty(1, 3, *size)).logits.shape[2:] == expected


@parametrize(f"{FOLDER}/head*")
def test_decoder(record):
    info = record.info
    head = MODELS.build({**HEAD, "in_channels": info["in_channels"], "num_classes": info["num_classes"]}).eval()
    fill_by_recipe(head, seed=info["recipe"]["seed"], mult=info["recipe"]["mult"])
    seeds = {name: seed_of(text) for name, text in info["inputs"].items()}
    batch, _, height, width = record.tensors["out"].shape
    level = rnd(seeds["x"], batch, info["in_channels"], height, width).requires_grad_()
    logits, embedding, _ = head.decode([level])
    ((embedding * rnd(seeds["g1"], *embedding.shape)).sum() + (logits * rnd(seeds["g2"], *logits.shape)).sum()).backward()
    assert_close(record, "out", logits)
    assert_close(record, "feat_sub", thinned(embedding, record.tensors["feat_sub"]))
    assert_close(record, "grad_x_sub", thinned(level.grad, record.tensors["grad_x_sub"]), atol=1e-4)
    for name, parameter in head.named_parameters():
        if f"grad.{name}" in record.tensors:
            largest = record.tensors[f"grad.{name}"].abs().max().item()
            assert_close(record, f"grad.{name}", parameter.grad, atol=1e-5 * largest)
        assert parameter.grad.double().norm().item() == pytest.approx(info["grad_norms"][name], rel=1e-4), name


@parametrize(f"{FOLDER}/fc_discriminator*")
def test_discriminator(record):
    text = record.info["inputs"]
    batch, classes, height, width = (int(number) for number in text.split("rnd(")[1].split(")")[0].split(",")[1:])
    network = SmallKernelDiscriminator(num_classes=classes)
    fill_by_recipe(network, seed=record.info["recipe"]["seed"], mult=record.info["recipe"]["mult"])
    probabilities = rnd(seed_of(text), batch, classes, height, width).softmax(dim=1).requires_grad_()
    answer = network(probabilities)
    answer.square().sum().backward()
    assert list(answer.shape) == record.info["out_shape"]
    assert_close(record, "out", answer)
    assert_close(record, "grad_x_sub", thinned(probabilities.grad, record.tensors["grad_x_sub"]))
    for name in ("classifier.weight", "conv1.bias"):
        largest = record.tensors[f"grad.{name}"].abs().max().item()
        assert_close(record, f"grad.{name}", network.get_parameter(name).grad, atol=1e-5 * largest)


def classes_of(record: Record) -> int:
    return int(record.path.stem.split("_k")[1].split("_")[0])


@parametrize(f"{FOLDER}/manifest_resnet101_*")
def test_keys(record):
    with torch.device("meta"):
        network = Published(MODELS.build(segmentor(classes_of(record), last_norm="bn_clr" in record.name)))
    state = network.state_dict()
    assert {key: [list(v.shape), str(v.dtype).removeprefix("torch.")] for key, v in state.items()} == {
        key: rest for key, *rest in record.info["entries"]
    }
    assert sum(parameter.numel() for parameter in network.parameters()) == record.info["n_params"]


@parametrize(f"{FOLDER}/manifest_resnet101_*")
def test_initial_weights(record):
    """N(0, 0.01) in every convolution, of the decoder as well; torch's own biases."""
    network = MODELS.build(segmentor(classes_of(record), last_norm="bn_clr" in record.name))
    network.init_weights()
    values = Published(network).state_dict()
    for key, (_, std) in record.info["fresh_init_mean_std"].items():
        own = values[key].double()
        if std == 0 or own.numel() > 10_000:
            assert own.std().item() == pytest.approx(std, rel=0.03), key
        elif own.numel() > 1:
            assert own.std().item() == pytest.approx(std, rel=0.4), key


@parametrize(f"{FOLDER}/manifest_discriminator*")
def test_keys_of_the_discriminator(record):
    state = SmallKernelDiscriminator(num_classes=record.info["entries"][0][1][1]).state_dict()
    assert [[key, list(value.shape)] for key, value in state.items()] == [entry[:2] for entry in record.info["entries"]]


def method(kind: str, seed: int, *, last_norm: bool = False):
    narrow = segmentor(5, last_norm=last_norm, depth=50, base_channels=2, stem_channels=2)
    narrow["decode_head"] |= {"in_channels": 64, "channels": 32}
    made = MODELS.build({"type": kind, "segmentor": narrow, "seed": seed})
    made.init_weights()
    return made


@pytest.mark.parametrize("last_norm", [False, True])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_released_file_loads(prefix, last_norm, tmp_path):
    """{ResNet101: {model_state, prototypes_ema}, iter, best_iou}; the warm-up's has a discriminator."""
    kind = "SourceOnly" if last_norm else "OutputAlignment"
    own, other = (method(kind, seed, last_norm=last_norm) for seed in (0, 1))
    network = {f"{prefix}{key}": value for key, value in Published(own.model).state_dict().items()}
    content = {"ResNet101": {"model_state": network, "prototypes_ema": torch.zeros(5, 32)}, "iter": 70_000, "best_iou": np.float64(0.557)}
    if own.model_D is not None:
        content["FCDiscriminator"] = {"model_state": {f"{prefix}{key}": v for key, v in own.model_D["main"].state_dict().items()}}
    torch.save(content, tmp_path / "best.pkl")
    read = read_checkpoint(tmp_path / "best.pkl")
    assert networks(read).keys() == ({"model", "model_D"} if own.model_D is not None else {"model"})
    load_method(other, read, "best.pkl")
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in own.state_dict().items())
