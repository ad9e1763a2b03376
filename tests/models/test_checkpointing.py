"""Activation checkpointing: gradients, running statistics and keys are those without it, and less is kept."""

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from mmseg.registry import MODELS

SMALL = {"embed_dims": (8, 16, 16, 16), "depths": (2, 2, 2, 2), "num_heads": (1, 2, 2, 2)}
BACKBONES = {
    "MixVisionTransformer": {**SMALL, "drop_rate": 0.3, "drop_path_rate": 0.5},
    "ResNetV1c": {"depth": 18, "base_channels": 8, "stem_channels": 8},
    "ResNet": {"depth": 50, "base_channels": 8, "stem_channels": 8, "contract_dilation": True, "dilations": (1, 1, 2, 4)},
    "ResNeSt": {"depth": 50, "base_channels": 8, "stem_channels": 8},
}


def build(name: str, **options):
    torch.manual_seed(0)
    backbone = MODELS.build({"type": name, **BACKBONES[name], **options})
    for parameter in backbone.parameters():  # residual branches start at zero, which would hide them
        torch.nn.init.normal_(parameter, std=0.1)
    return backbone.train()


def run(backbone) -> dict[str, torch.Tensor]:
    """Levels, gradients and state after a pass."""
    image = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    torch.manual_seed(2)
    levels = backbone(image)
    sum(level.square().mean() for level in levels).backward()
    gradients = {f"gradient of {name}": p.grad for name, p in backbone.named_parameters()}
    return {**{f"level {i}": level.detach() for i, level in enumerate(levels)}, "image": image.grad, **gradients, **backbone.state_dict()}


@pytest.mark.parametrize("name", BACKBONES)
def test_everything_is_the_same(name):
    plain, saving = run(build(name)), run(build(name, with_cp=True))
    assert list(plain) == list(saving)
    assert all(torch.equal(plain[key], saving[key]) for key in plain)
    counters = [value for key, value in saving.items() if key.endswith("num_batches_tracked")]
    assert all(counter == 1 for counter in counters)


@pytest.mark.parametrize("name", BACKBONES)
def test_less_is_kept(name):
    assert kept_bytes(build(name, with_cp=True)) < 0.75 * kept_bytes(build(name))


def kept_bytes(backbone) -> int:
    """What a pass keeps for the backward pass, each storage once."""
    storages: dict[int, torch.UntypedStorage] = {}
    parameters = {parameter.data_ptr() for parameter in backbone.parameters()}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in parameters:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        levels = backbone(torch.randn(2, 3, 128, 128))
    del levels
    return sum(storage.nbytes() for storage in storages.values())


def test_variants_have_the_option():
    assert MODELS.build({"type": "mit_b0", "with_cp": True}).with_cp and not MODELS.build({"type": "mit_b0"}).with_cp
