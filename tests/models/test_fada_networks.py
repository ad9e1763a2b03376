"""Networks of FADA and RIPU: heads that learn, a frozen BatchNorm in a residual network, VGG, what a released file needs to load."""

from __future__ import annotations

import pytest
import torch

from mmseg.engine.checkpoints.weights import load_method, networks
from mmseg.models.backbones.frozen_batch_norm import FrozenBatchNorm2d
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError

HEADS = {"FADAHead": {"dilations": (1, 2)}, "SEASPPHead": {"dilations": (1, 2), "channels": 8}}
FROZEN = {"type": "ResNet", "depth": 50, "base_channels": 4, "stem_channels": 4, "norm_cfg": {"type": "FrozenBN"}, "out_indices": (3,)}
FROZEN |= {"strides": (1, 2, 1, 1), "dilations": (1, 1, 2, 4), "contract_dilation": True}


def segmentor(head: str = "FADAHead", **options) -> dict:
    decoder = {"type": head, "in_channels": 128, "num_classes": 5, "align_corners": True, **HEADS[head]}
    return {"type": "EncoderDecoder", "backbone": FROZEN, "decode_head": decoder, **options}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_learns(name):
    head = MODELS.build({"type": name, "in_channels": 16, "num_classes": 5, **HEADS[name]})
    head.init_weights()
    logits = head([torch.randn(2, 16, 9, 7)])
    assert logits.shape == (2, 5, 9, 7)
    logits.square().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())
    assert head.classifiers[0] in dict(head.named_modules())


def test_the_head_of_deeplab_v3_plus_learns():
    """Its normalisations are no parameters and stay the identity; the map has the size of the first level."""
    head = MODELS.build(
        {"type": "DLV3PlusHead", "in_channels": [6, 16], "num_classes": 5, "channels": 8, "c1_channels": 4, "dilations": (1, 2)}
    )
    head.init_weights()
    logits = head([torch.randn(2, 6, 17, 13), torch.randn(2, 16, 9, 7)])
    assert logits.shape == (2, 5, 17, 13)
    logits.square().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())
    assert not any("bn" in name for name, _ in head.named_parameters())
    norms = [module for module in head.modules() if isinstance(module, FrozenBatchNorm2d)]
    assert len(norms) == 12 and torch.equal(norms[0](logits.new_ones(1, 8, 1, 1)), logits.new_ones(1, 8, 1, 1))


def test_a_frozen_batch_norm_is_no_parameter_and_never_starts_at_zero():
    encoder = MODELS.build(FROZEN)
    encoder.init_weights()
    norms = [module for module in encoder.modules() if isinstance(module, FrozenBatchNorm2d)]
    assert len(norms) == 53 and all((norm.weight == 1).all() for norm in norms)
    assert not any("bn" in name for name, _ in encoder.named_parameters())
    before = {name: value.clone() for name, value in encoder.named_buffers()}
    encoder.train()(torch.randn(2, 3, 32, 32))[0].square().mean().backward()
    assert all(torch.equal(value, before[name]) for name, value in encoder.named_buffers())


def test_the_other_levels_of_a_vgg_are_dilated():
    encoder = MODELS.build({"type": "VGG", "base_channels": 2})
    encoder.init_weights()
    (level,) = encoder(torch.randn(1, 3, 67, 40))
    assert level.shape == (1, 32, 8, 5)
    level.square().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in encoder.parameters())
    convolutions = [layer for layer in encoder.features if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.dilation[0] for layer in convolutions] == [1] * 10 + [2] * 3


def test_vgg_takes_the_convolutions_of_torchvision(tmp_path):
    """Whose last two poolings have numbers as well, so that ours have to keep their places."""
    encoder, other = (MODELS.build({"type": "VGG", "base_channels": 2}) for _ in range(2))
    encoder.init_weights()
    state = {f"features.{key}": value for key, value in encoder.features.state_dict().items()}
    assert [int(key.split(".")[1]) for key in state if key.endswith("weight")] == [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    torch.save({**state, "classifier.0.weight": torch.zeros(2, 2)}, tmp_path / "vgg16.pth")
    other.pretrained = str(tmp_path / "vgg16.pth")
    other.init_weights()
    assert all(torch.equal(value, other.features.state_dict()[key]) for key, value in encoder.features.state_dict().items())
    image = torch.randn(1, 3, 16, 16)
    red_first = MODELS.build({"type": "VGG", "base_channels": 2, "bgr": False})
    red_first.load_state_dict(encoder.state_dict())
    assert torch.equal(encoder(image)[0], red_first(image.flip(1))[0])


def released(method) -> dict:
    """A file of four processes as FADA writes it."""
    parts = {"feature_extractor": ("backbone", method.model.backbone), "classifier": ("", method.model.decode_head)}
    content = {"iteration": 2, "optimizer_fea": {"state": {}, "param_groups": []}}
    for name, (prefix, network) in parts.items():
        content[name] = {f"module.{prefix}{'.' if prefix else ''}{key}": value.clone() for key, value in network.state_dict().items()}
    return content | {"model_D": {f"module.{key}": value.clone() for key, value in method.model_D.state_dict().items()}}


@pytest.mark.parametrize("head", HEADS)
def test_a_released_file_holds_all_networks(head):
    method, other = (MODELS.build({"type": "FADA", "segmentor": segmentor(head), "seed": seed}) for seed in (0, 1))
    for each in (method, other):
        each.init_weights()
    content = released(method)
    assert networks(content).keys() == {"model", "model_D"}
    load_method(other, content, "released.pth")
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in method.state_dict().items())


def test_logits_go_to_the_native_size_at_once():
    model = MODELS.build(segmentor(test_cfg={"mode": "whole", "enlarge_once": True})).eval()
    plain = MODELS.build(segmentor()).eval()
    plain.load_state_dict(model.state_dict())
    image = torch.randn(1, 3, 33, 41)
    with torch.no_grad():
        small = model.inference(image)
        assert small.shape == (1, 5, 5, 6)
        assert torch.equal(model.enlarge(small, image.shape[2:]), plain.inference(image))
    with pytest.raises(UserError, match="enlarge_once=True is for whole images"):
        MODELS.build(segmentor(test_cfg={"mode": "slide", "enlarge_once": True, "crop_size": (8, 8), "stride": (8, 8)}))


def test_the_discriminator_has_an_optimizer_of_its_own_alone():
    from mmseg.engine.parts import build_optimizer

    method = MODELS.build({"type": "FADA", "segmentor": segmentor()})
    optimizer = build_optimizer({"optimizer": {"type": "SGD", "lr": 1e-3}}, method)
    trained = {id(parameter) for group in optimizer["main"].optimizer.param_groups for parameter in group["params"]}
    assert trained == {id(parameter) for parameter in method.model.parameters()}
    own = {id(parameter) for group in optimizer["discriminator"].optimizer.param_groups for parameter in group["params"]}
    assert own == {id(parameter) for parameter in method.model_D.parameters()}


def test_features_are_kept_where_they_are_looked_at():
    from tests.models.networks import plain

    for uda, kept in (({"type": "FADA", "segmentor": segmentor()}, True), ({"type": "SourceOnly", "segmentor": plain()}, False)):
        method = MODELS.build(uda).train()
        step = method.context(batch=None, iteration=0)
        step.forward(torch.randn(2, 3, 64, 64), "source")
        assert (step.predictions["source"].features is not None) is kept
