"""Presets: where they look, and what a pass costs, in closed form."""

import contextlib

import pytest
import torch

from mmseg.apis.predicting.passes import Pass, counted_passes, describe_passes, encoder_work
from mmseg.apis.predicting.presets import PRESETS, apply_preset, preset_precision
from mmseg.registry import MODELS
from tests.models.networks import hrda, plain

SLIDE = {"mode": "slide", "crop_size": (64, 64), "stride": (32, 32), "batched_slide": True}


@pytest.mark.parametrize(
    ("model", "preset", "crops"),
    [
        (hrda(test_cfg=SLIDE), "paper", {"32x32": 3 + 21}),
        (hrda(test_cfg=SLIDE), "balanced", {"32x32": 2 + 18}),
        (hrda(test_cfg=SLIDE), "fast", {"64x32": 1, "32x32": 8}),
        (hrda(), "balanced", {"64x32": 1, "32x32": 21}),
        (hrda(), "fast", {"64x32": 1, "32x32": 8}),
        (plain(test_cfg=SLIDE), "paper", {"64x64": 3}),
        (plain(test_cfg=SLIDE), "balanced", {"64x64": 2}),
        (plain(test_cfg=SLIDE), "fast", {"128x64": 1}),
        (plain(), "fast", {"128x64": 1}),
    ],
)
@torch.no_grad()
def test_crops_of_a_preset(model, preset, crops):
    network = MODELS.build(model).eval()
    apply_preset(network, PRESETS[preset])
    with counted_passes(network) as passes:
        network.inference(torch.zeros(1, 3, 64, 128))
    assert encoder_work(passes, 1)["crops"] == crops


def test_a_preset_never_adds_overlap():
    network = MODELS.build(hrda(test_cfg=SLIDE, hr_slide_overlapping=False))
    before = dict(network.test_cfg)
    apply_preset(network, PRESETS["paper"])
    assert network.test_cfg == before and not network.hr_slide_overlapping


def test_low_precision_is_for_cuda():
    assert isinstance(preset_precision(PRESETS["fast"], "cpu"), contextlib.nullcontext)
    assert isinstance(preset_precision(PRESETS["paper"], "cuda:0"), contextlib.nullcontext)


@pytest.mark.parametrize("model", [plain(test_cfg=SLIDE), hrda(test_cfg=SLIDE)], ids=["plain", "hrda"])
@torch.no_grad()
def test_logits_are_float32_under_autocast(model):
    torch.manual_seed(0)
    network, image = MODELS.build(model).eval(), torch.randn(1, 3, 64, 128)
    expected = network.inference(image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network.inference(image)
    assert logits.dtype == torch.float32 and not torch.equal(logits, expected)
    assert (logits - expected).abs().mean() < 0.5 * expected.std()


def test_work_per_image():
    passes = [Pass(4, (100, 200)), Pass(4, (100, 200)), Pass(1, (1000, 1000))]
    work = encoder_work(passes, 4)
    assert work == {"passes": 0.75, "crops": {"200x100": 2, "1000x1000": 0.25}, "megapixels": pytest.approx(0.29)}
    expected = "Images of 9x7: 8 crops of 200x100 and 1 crop of 1000x1000 (1.16 megapixels) through the encoder in 3 passes"
    assert describe_passes((7, 9), passes) == expected
    assert describe_passes((7, 9), passes[:1]).endswith("4 crops of 200x100 (0.08 megapixels) through the encoder in 1 pass")
