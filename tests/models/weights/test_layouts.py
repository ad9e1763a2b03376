"""Weights in every layout that encoders are published in become ours: same keys, same features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from mmseg.models.weights.layouts import encoder_weights
from mmseg.registry import MODELS
from tests.models.networks import tiny_encoder
from tests.models.weights.foreign_layouts import State, hugging_face, openmmlab_mit, timm_deep_stem

IMAGE = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
WITH_HEAD = {"head.weight": torch.zeros(10, 256), "head.bias": torch.zeros(10)}


def mit(**options) -> nn.Module:
    return MODELS.build(dict(type="MixVisionTransformer", **tiny_encoder(), **options)).eval()


def resnet(**options) -> nn.Module:
    return MODELS.build(dict(type="ResNetV1c", depth=18, base_channels=8, stem_channels=8, **options)).eval()


def prefixed(prefix: str, state: State) -> State:
    return {prefix + key: value for key, value in state.items()}


LAYOUTS: dict[str, tuple[Callable[..., nn.Module], Callable[[State], dict]]] = {
    "SegFormer": (mit, lambda state: state | WITH_HEAD),
    "Hugging Face": (mit, hugging_face),
    "Hugging Face without classifier": (mit, lambda state: {k.removeprefix("segformer."): v for k, v in hugging_face(state).items()}),
    "OpenMMLab MiT": (mit, openmmlab_mit),
    "OpenMMLab MiT, state_dict": (mit, lambda state: {"meta": {"epoch": 3}, "state_dict": prefixed("backbone.", openmmlab_mit(state))}),
    "wrapped": (mit, lambda state: {"model": prefixed("module.model.", state | WITH_HEAD)}),
    "OpenMMLab ResNet": (resnet, lambda state: state | {"fc.weight": torch.zeros(10, 64)}),
    "OpenMMLab classifier": (resnet, lambda state: {"state_dict": prefixed("backbone.", state) | {"head.fc.weight": torch.zeros(1)}}),
    "timm ResNet": (resnet, timm_deep_stem),
    "before torch 0.4.1": (resnet, lambda state: {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_features_equal_those_of_the_source(name: str, tmp_path: Path) -> None:
    build, write = LAYOUTS[name]
    source = build()
    source.apply(_shake)
    torch.save(write(dict(source.state_dict())), tmp_path / "weights.pth")
    loaded = build(pretrained=str(tmp_path / "weights.pth"))
    loaded.init_weights()
    with torch.no_grad():
        assert all(torch.equal(a, b) for a, b in zip(source(IMAGE), loaded(IMAGE), strict=True))


def _shake(module: nn.Module) -> None:
    """Other values than those of a new network in every normalisation, so that none can be mixed up."""
    if isinstance(module, (nn.LayerNorm, nn.BatchNorm2d)):
        nn.init.normal_(module.weight, 1, 0.2)
        nn.init.normal_(module.bias, 0, 0.2)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_safetensors_under_any_name(suffix: str, tmp_path: Path) -> None:
    source, path = mit(), tmp_path / f"model{suffix}"
    save_file({key: value.contiguous() for key, value in hugging_face(source.state_dict()).items()}, path)
    loaded = mit(pretrained=str(path))
    loaded.init_weights()
    assert all(torch.equal(value, source.state_dict()[key]) for key, value in loaded.state_dict().items())


def test_keys_of_hugging_face_written_out() -> None:
    """Names and shapes of a block as they stand in nvidia/mit-b0, and what becomes of them."""
    block = "segformer.encoder.block.0.1."
    state = {"segformer.encoder.patch_embeddings.0.proj.weight": torch.zeros(32, 3, 7, 7)}
    state |= {f"{block}attention.self.key.weight": torch.full((32, 32), 1.0), f"{block}attention.self.value.weight": torch.zeros(32, 32)}
    state |= {f"{block}attention.self.layer_norm.bias": torch.zeros(32), f"{block}attention.output.dense.bias": torch.zeros(32)}
    state |= {f"{block}layer_norm_2.bias": torch.zeros(32), f"{block}mlp.dense1.bias": torch.zeros(128)}
    state |= {"segformer.encoder.layer_norm.3.bias": torch.zeros(256), "classifier.bias": torch.zeros(1000)}
    converted, unused = encoder_weights(state)
    assert unused == ["classifier.bias"]
    names = ["attn.kv.weight", "attn.norm.bias", "attn.proj.bias", "norm2.bias", "mlp.fc1.bias"]
    assert list(converted) == ["patch_embed1.proj.weight", *(f"block1.1.{name}" for name in names), "norm4.bias"]
    assert converted["block1.1.attn.kv.weight"].shape == (64, 32)
    assert converted["block1.1.attn.kv.weight"].sum(1).tolist() == [32.0] * 32 + [0.0] * 32  # keys first


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({"type": "ResNetV1c", "depth": 50}, lambda: timm.create_model("resnet50c")),
        ({"type": "ResNetV1c", "depth": 101}, lambda: timm.create_model("resnet101c")),
        ({"type": "ResNeXt", "depth": 50, "groups": 32}, lambda: torchvision.models.resnext50_32x4d()),
        ({"type": "ResNeXt", "depth": 101, "groups": 32}, lambda: timm.create_model("resnext101_32x4d")),
        ({"type": "ResNeSt", "depth": 50}, lambda: timm.create_model("resnest50d")),
        ({"type": "ResNeSt", "depth": 101, "stem_channels": 128}, lambda: timm.create_model("resnest101e")),
        ({"type": "ResNeSt", "depth": 200, "stem_channels": 128}, lambda: timm.create_model("resnest200e")),
    ],
    ids=lambda value: f"{value['type']}-{value['depth']}" if isinstance(value, dict) else "",
)
def test_residual_networks_of_other_libraries_have_our_keys_and_shapes(options: dict, source: Callable[[], nn.Module]) -> None:
    with torch.device("meta"):
        ours, theirs = MODELS.build(options).state_dict(), source().state_dict()
    converted, unused = encoder_weights(theirs)
    assert {key: value.shape for key, value in converted.items()} == {key: value.shape for key, value in ours.items()}
    assert set(unused) == {"fc.weight", "fc.bias"}
