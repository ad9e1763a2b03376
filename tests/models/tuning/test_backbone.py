"""Tunings of a TimmBackbone: built, started, loaded, trained in a method; tokens that are hidden while it is trained."""

import pytest
import torch

from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.uda.augmentation.masking import TokenMask, build_mask_generator
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.encoders.families import make_tiny
from tests.models.uda.test_methods import batch, run_step

VIT = "vit_tiny_patch16_224"
TUNINGS = {"LoRA": {"rank": 4}, "SoMA": {"rank": 4, "first_block": 1}, "Rein": {"tokens": 5, "rank": 4}, "frozen": {}, "full": {}}


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    make_tiny(monkeypatch, embed_dim=24, depth=2, num_heads=2)


def segmentor(levels="last", **backbone) -> dict:
    head = {"type": "LightHead", "in_channels": 24, "num_classes": 19}
    backbone = {"type": "TimmBackbone", "name": VIT, "levels": levels, **backbone}
    return {"type": "EncoderDecoder", "backbone": backbone, "decode_head": head, "test_cfg": {"mode": "whole"}}


def tuning(name: str) -> dict:
    return {"type": name, **TUNINGS[name]}


@pytest.mark.parametrize("levels", ["last", (0, 1)])
@pytest.mark.parametrize("name", ["LoRA", "SoMA", "frozen", "full"])
def test_levels_start_as_those_of_the_encoder_alone(name, levels):
    image, maps = torch.randn(2, 3, 48, 64), []
    for options in ({}, {"tuning": tuning(name)}):
        torch.manual_seed(3)
        backbone = TimmBackbone(name=VIT, levels=levels, out_indices=(0, 1), **options)
        backbone.init_weights()
        maps.append(backbone.eval()(image))
    assert all(torch.equal(plain, tuned) for plain, tuned in zip(*maps, strict=True))


@pytest.mark.parametrize("name", TUNINGS)
def test_a_file_of_weights_is_loaded_below_the_tuning(name, tmp_path):
    plain = TimmBackbone(name=VIT, levels="last")
    plain.init_weights()
    torch.save(plain.network.state_dict(), tmp_path / "weights.pth")
    tuned = TimmBackbone(name=VIT, levels="last", pretrained=str(tmp_path / "weights.pth"), tuning=tuning(name))
    tuned.init_weights()
    state = tuned.network.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in plain.network.state_dict().items())


@pytest.mark.parametrize("name", TUNINGS)
def test_a_method_trains_what_it_is_told(name, monkeypatch):
    method = MODELS.build({"type": "DACS", "segmentor": segmentor(tuning=tuning(name))})
    method.init_weights()
    before = {key: value.clone() for key, value in method.train().model.state_dict().items()}
    run_step(method, monkeypatch, 0)
    run_step(method, monkeypatch, 1)
    changed = {key for key, value in method.model.state_dict().items() if not torch.equal(value, before[key])}
    trained = {key for key, parameter in method.model.named_parameters() if parameter.requires_grad}
    assert changed <= trained and any(key.startswith("decode_head") for key in changed)
    assert any(key.startswith("backbone") for key in changed) == (name != "frozen")
    assert {key for key in trained if key.startswith("backbone.network")} >= {key for key in changed if key.startswith("backbone.network")}


def test_tokens_are_hidden_with_their_probability_in_one_pass_alone(monkeypatch):
    asked, act = [], TimmBackbone._mask_tokens

    def noted(self, *arguments):
        asked.append((self, self._keep))
        return act(self, *arguments)

    monkeypatch.setattr(TimmBackbone, "_mask_tokens", noted)
    options = {"mask_mode": "separatetrg", "mask_generator": {"type": "token", "mask_ratio": 0.7}, "pseudo_threshold": 0.0}
    method = MODELS.build({"type": "DACS", "segmentor": segmentor(mask_token=True), **options})
    method.init_weights()
    backbone = method.train().model.backbone
    logs = run_step(method, monkeypatch, 0)
    masks = [keep for owner, keep in asked if keep is not None and owner is backbone]
    assert (
        len(masks) == 1
        and len(asked) >= 4
        and sum(keep is not None for _, keep in asked) == 1
        and masks[0].shape == (2, 1, 4, 4)
        and backbone.token_masks is None
    )
    assert backbone.mask_token.grad.abs().sum() > 0
    hidden = logs.records["masked_image"] == 0
    assert torch.equal(hidden[:, 0, ::16, ::16], masks[0][:, 0] == 0)


def test_the_share_of_hidden_tokens_is_binomial():
    backbone = TimmBackbone(name=VIT, levels="last", mask_token=True)
    network = torch.nn.Module()
    network.backbone = backbone
    with TokenMask(mask_ratio=0.7).hiding(network, torch.Generator().manual_seed(0)) as masks:
        backbone(torch.zeros(4, 3, 512, 512))
    (mask,) = masks
    assert mask.shape == (4, 1, 32, 32)
    assert abs((1 - mask).mean().item() - 0.7) < 4 * (0.7 * 0.3 / mask.numel()) ** 0.5


def test_hiding_needs_a_token(monkeypatch):
    options = {"mask_mode": "separatetrg", "mask_generator": {"type": "token"}}
    method = MODELS.build({"type": "DACS", "segmentor": segmentor(), **options})
    method.init_weights()
    with pytest.raises(UserError, match="needs an encoder with a mask token"):
        run_step(method.train(), monkeypatch, 0, batch())
    assert build_mask_generator({"type": "token"}).mask_ratio == 0.7
