"""Networks of RIPU against the records of the published code: whole networks, decoders, keys, released checkpoints."""

from __future__ import annotations

import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.weights import load_method
from mmseg.models.backbones.residual_blocks import Bottleneck, norm_layer
from mmseg.models.backbones.resnet import BLOCKS
from mmseg.models.decode_heads.decode_head import resize
from mmseg.registry import MODELS
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize
from tests.parity.test_label_shift import rnd

FOLDER = "methods/ripu"
SMALL = 1000  # a depth of ResNet that no one else has: the blocks of a record
ENCODER = {
    "type": "ResNet",
    "depth": 101,
    "strides": (1, 2, 1, 1),
    "dilations": (1, 1, 2, 4),
    "contract_dilation": True,
    "norm_cfg": {"type": "FrozenBN"},
}
PLUS = "plus"
"""Part of the names of networks and manifests of DeepLabV3+; the others are DeepLabV2."""


def decoder(name: str, classes: int, **options) -> dict:
    """The decoder that a record calls so."""
    widths = {"in_channels": [256, 2048], "channels": 512, "c1_channels": 48} if PLUS in name else {"in_channels": 2048}
    return {"type": "DLV3PlusHead" if PLUS in name else "FADAHead", **widths, "num_classes": classes, "align_corners": True, **options}


def segmentor(name: str, classes: int, **encoder) -> dict:
    levels = (0, 3) if PLUS in name else (3,)
    backbone = {**ENCODER, "out_indices": levels, **encoder}
    return {"type": "EncoderDecoder", "backbone": backbone, "decode_head": decoder(name, classes)}


def small_network(record: Record, monkeypatch):
    """The network of a record, with as few blocks and as narrow 3x3 convolutions as it has, filled by its recipe."""
    config, recipe = record.info["config"], record.info["recipe"]
    monkeypatch.setitem(BLOCKS, SMALL, tuple(config["blocks"]))
    narrow = narrow_bottleneck(config["width_per_group"])
    network = MODELS.build(segmentor(config["model"], config.get("num_classes", 19), depth=SMALL, block=narrow))
    fill(network, recipe)
    return network.eval()


def narrow_bottleneck(width_per_group: int):
    """What makes bottlenecks whose 3x3 convolutions have ``width_per_group`` / 64 of the usual channels."""

    def make(*, channels: int, norm_cfg: dict, **options) -> Bottleneck:
        block, width = Bottleneck(channels=channels, norm_cfg=norm_cfg, **options), channels * width_per_group // 64
        for name, (inside, outside) in {"conv1": (None, width), "conv2": (width, width), "conv3": (width, None)}.items():
            old = getattr(block, name)
            shape = {"stride": old.stride, "padding": old.padding, "dilation": old.dilation, "bias": False}
            setattr(block, name, torch.nn.Conv2d(inside or old.in_channels, outside or old.out_channels, old.kernel_size, **shape))
        block.bn1, block.bn2 = (norm_layer(norm_cfg, width) for _ in range(2))
        return block

    return make


def fill(network, recipe: dict) -> None:
    """Encoder and decoder by their own recipes; keys of the encoder begin with 'backbone.'."""
    parts = {"feature_extractor": (network.backbone, "backbone."), "classifier": (network.decode_head, "")}
    for name, (part, prefix) in parts.items():
        fill_by_recipe(part, seed=recipe[name]["seed"], mult=recipe[name]["mult"], prefix=prefix + recipe[name]["prefix"])


@parametrize(f"{FOLDER}/net_*")
def test_network(record, monkeypatch):
    network, image = small_network(record, monkeypatch), record.tensors["x"]
    with torch.no_grad():
        levels = network.extract_features(image)
        logits = network.decode_head(levels)
    assert_close(record, "out", levels[-1][:, ::32])
    if len(levels) > 1:
        assert_close(record, "low", levels[0][:, ::8])
    assert_close(record, "logits", logits)
    assert_close(record, "logits_up_sub", network.enlarge(logits, image.shape[2:])[:, :, 1::2, ::2])


@parametrize(f"{FOLDER}/head_*")
def test_decoder(record):
    info, (height, width) = record.info["config"], record.info["config"]["feature_hw"]
    recipe = record.info["recipe"]
    head = MODELS.build(decoder(info["model"], info["num_classes"])).eval()
    fill_by_recipe(head, seed=recipe["classifier"]["seed"], mult=recipe["classifier"]["mult"])
    last = rnd(recipe["seed"] + 1, 1, 2048, height, width)
    fine = 0.5 * rnd(recipe["seed"] + 2, 1, 256, 2 * height, 2 * width)
    with torch.no_grad():
        logits = head([fine, last])
    assert_close(record, "logits", logits)
    assert_close(record, "logits_up_sub", resize(logits, (5 * height + 1, 6 * width), align_corners=True)[:, :, 1::4, 2::4])


def part_of(record: Record):
    """The network of a manifest, without memory."""
    name = record.path.stem.removeprefix("manifest_")
    with torch.device("meta"):
        if name.startswith("feature_extractor"):
            return torch.nn.ModuleDict({"backbone": MODELS.build(ENCODER)})
        return MODELS.build(decoder(name, int(name.rsplit("_", 1)[1])))


@parametrize(f"{FOLDER}/manifest_*")
def test_keys(record):
    network, info = part_of(record), record.info
    state = network.state_dict()
    assert [[key, list(value.shape), str(value.dtype).removeprefix("torch.")] for key, value in state.items()] == info["entries"]
    assert len(state) == info["n_entries"]
    assert sum(parameter.numel() for parameter in network.parameters()) == info["n_params"]
    if "parameters_order" in info:
        assert [name for name, _ in network.named_parameters()] == info["parameters_order"]


@parametrize(f"{FOLDER}/manifest_*", exclude="*feature_extractor*")
def test_initial_weights(record):
    """N(0, 0.01) in DeepLabV2, He's fan_in in DeepLabV3+, as the spec says; normalisations are the identity."""
    network = part_of(record).to_empty(device="cpu")
    torch.manual_seed(0)
    for norm in network.modules():
        if hasattr(norm, "running_var"):
            for name, value in {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}.items():
                getattr(norm, name).fill_(value)
    network.init_weights()
    for key, value in network.named_parameters():
        if value.ndim == 4 and value.numel() > 10_000:
            expected = (2 / value[0].numel()) ** 0.5 if PLUS in record.name else 0.01
            assert value.std().item() == pytest.approx(expected, rel=0.03), key


def test_dilations():
    """Of the 3x3 convolutions: 1, 2, 2, … in the third stage and 2, 4, 4 in the last."""
    with torch.device("meta"):
        encoder = MODELS.build(ENCODER)
    for layer, (first, others, stride) in {"layer2": (1, 1, 2), "layer3": (1, 2, 1), "layer4": (2, 4, 1)}.items():
        blocks = [block.conv2 for block in getattr(encoder, layer)]
        assert [conv.dilation[0] for conv in blocks] == [first, *[others] * (len(blocks) - 1)], layer
        assert blocks[0].stride[0] == stride


@pytest.mark.parametrize("name", ["deeplabv2", "deeplabv3plus"])
def test_a_released_file_loads(name, tmp_path):
    """{iteration, feature_extractor, classifier, optimizer_fea, optimizer_cls}: no discriminator in it."""
    narrow = {"depth": 50, "base_channels": 2, "stem_channels": 2}
    config = segmentor(name, 5, **narrow)
    config["decode_head"] |= {"in_channels": [8, 64], "channels": 8} if PLUS in name else {"in_channels": 64}
    method, other = (MODELS.build({"type": "SourceOnly", "segmentor": config, "seed": seed}) for seed in (0, 1))
    for each in (method, other):
        each.init_weights()
    content = {
        "iteration": 40000,
        "feature_extractor": {f"backbone.{key}": value for key, value in method.model.backbone.state_dict().items()},
        "classifier": dict(method.model.decode_head.state_dict()),
        "optimizer_fea": torch.optim.SGD(method.model.backbone.parameters(), lr=2.5e-4, momentum=0.9).state_dict(),
        "optimizer_cls": torch.optim.SGD(method.model.decode_head.parameters(), lr=2.5e-3, momentum=0.9).state_dict(),
    }
    torch.save(content, tmp_path / "model_iter040000.pth")
    load_method(other, read_checkpoint(tmp_path / "model_iter040000.pth"), "model_iter040000.pth")
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in method.state_dict().items())
