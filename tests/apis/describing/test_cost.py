"""What a training costs by arithmetic: closed forms of parameters, bytes and operations."""

import pytest
import torch

from mmseg.apis.describing.cost import Cost, cost_of
from mmseg.config import load_config
from mmseg.engine.parts import build_method
from mmseg.models.uda import UDAMethod
from mmseg.registry import MODELS
from tests import tiny

CROP = 128
CLASSES, WIDTH = 19, 64
"""Of timm's test_vit, whose patches have 16 pixels per side."""
VFM = tiny.ROOT / "configs" / "foundation" / "gta2cs_vfmuda_dinov2_vitb.py"


def config(**changes: object):
    """VFM-UDA with a tiny transformer in the place of its encoder."""
    tuning = changes.pop("tuning", None)
    options = {
        "crop_size": (CROP, CROP),
        "model.pretrained": None,
        "model.backbone.name": "test_vit",
        "model.backbone.input_scale": 1.0,
        "model.decode_head.in_channels": WIDTH,
        **({} if tuning is None else {"model.backbone.tuning": tuning}),
        **changes,
    }
    return load_config(VFM, options)


def numbers(method: UDAMethod, part: str, *, trained: bool | None = None) -> int:
    chosen = (value for value in method.get_submodule(part).parameters() if trained in (None, value.requires_grad))
    return sum(value.numel() for value in chosen)


def test_all_is_trained():
    """Student and teacher, and of the student a gradient and two moments: 5 numbers for each, 4 bytes each."""
    cost, student = cost_of(config()), numbers(build_method(config()), "model")
    assert cost.parameters == cost.trained == student and cost.held == 2 * student
    assert cost.kept == 4 * 5 * student and cost.crop == (CROP, CROP)


@pytest.mark.parametrize("tuning", [{"type": "frozen"}, {"type": "LoRA", "rank": 4}, {"type": "Rein", "tokens": 8, "rank": 4}])
def test_what_is_frozen_is_there_once_without_gradients(tuning):
    """Student and teacher: one frozen encoder, two of what is trained, and its gradients and moments."""
    built, cost = build_method(config(tuning=tuning)), cost_of(config(tuning=tuning))
    trained, frozen = (numbers(built, "model", trained=kind) for kind in (True, False))
    encoder = numbers(build_method(config()), "model.backbone.network")
    assert frozen == encoder and cost.trained == trained and cost.held == encoder + 2 * trained
    assert cost.kept == 4 * (encoder + 5 * trained)


def test_three_users_share_one_encoder():
    """Student, teacher and the network of the feature distance."""
    three = {"tuning": {"type": "frozen"}, "uda.imnet_feature_dist_lambda": 0.005}
    built, cost = build_method(config(**three)), cost_of(config(**three))
    encoder, trained = numbers(built, "model.backbone.network"), numbers(built, "model", trained=True)
    assert built.imnet_model is not None and cost.held == encoder + 3 * trained
    copies = 3 * numbers(built, "model")
    assert cost.held < copies


def test_optimizers_hold_what_is_counted():
    """Moments of AdamW after a step, beside the arithmetic."""
    unmasked = {"model.backbone.mask_token": False, "uda.mask_mode": None, "uda.mask_generator": None}
    cfg = config(tuning={"type": "frozen"}, **unmasked)
    built, cost = build_method(cfg), cost_of(cfg)
    optimizer = torch.optim.AdamW([value for value in built.parameters() if value.requires_grad])
    built.model.segment(torch.zeros(1, 3, CROP, CROP)).logits.sum().backward()
    optimizer.step()
    moments = sum(value.numel() for state in optimizer.state.values() for value in state.values() if value.dim() > 0)
    gradients = sum(value.grad.numel() for value in built.parameters() if value.grad is not None)
    assert gradients == cost.trained and moments == 2 * cost.trained


def test_operations_of_a_transformer():
    """n tokens of width D: 2 n D² for each D x D product, twice 2 n² D for attention; the patches; and the decoder, by hand."""
    cost, width = cost_of(config()), WIDTH
    network = MODELS.build(config().model).backbone.network
    blocks, hidden = len(network.blocks), network.blocks[0].mlp.fc1.out_features
    tokens, extra = (CROP // 16) ** 2, network.num_prefix_tokens
    n = tokens + extra
    block = 2 * n * (4 * width * width + 2 * width * hidden) + 2 * (2 * n * n * width)
    patches = 2 * tokens * width * 3 * 16 * 16
    half, quarter = width // 2, width // 4
    decoder = 2 * tokens * width * half * 4 + 2 * 4 * tokens * half * quarter * 4
    decoder += 2 * 16 * tokens * (quarter * quarter * 9 + quarter * CLASSES)
    assert cost.flops == blocks * block + patches + decoder


def test_a_large_encoder_needs_no_memory():
    cost = cost_of(load_config(tiny.ROOT / "configs" / "foundation" / "gta2cs_vfmuda_dinov2_vitl.py"))
    n, width = 80 * 80 + 1, 1024
    blocks = 24 * (2 * n * 12 * width**2 + 4 * n * n * width)
    assert cost.parameters == pytest.approx(307.6e6, rel=1e-3) and blocks < cost.flops < 1.05 * blocks


def test_it_is_said_in_a_line():
    cost = Cost(parameters=304_600_000, trained=2_500_000, held=309_600_000, flops=8_080_000_000_000, crop=(1024, 768))
    assert str(cost) == (
        "304.6 million parameters, 2.5 of them trained; 1.18 GiB are kept without an image; 8.08 TFLOP for a prediction of 1024x768"
    )
