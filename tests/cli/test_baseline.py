"""The straightforward training step (tools/benchmarks/plain/training.py) learns what ours learns, the long way.

In float64, where both differ by 1e-14 of what they compute.
"""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from torch import Tensor

from mmseg.config.config import load_config
from mmseg.engine.parts import build_model, build_optimizer
from mmseg.models.backbones.mix_transformer import EfficientAttention
from mmseg.models.uda.augmentation.augment import StrongAugment
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from tests import tiny
from tests.models import networks
from tools.benchmarks.plain.step import PlainAugment, PlainTeacher
from tools.benchmarks.plain.training import LEVERS, build_baseline, without_levers

STEPS = 3
EXACT = 1e-9
GAIN = 20  # of the classifier: its logits would hardly differ at the start
DACS = {"type": "DACS", "alpha": 0.9, "pseudo_threshold": 0.3}  # the teacher is sure of a third of the pixels
DISTANCE = {"imnet_feature_dist_lambda": 0.5, "imnet_feature_dist_classes": [0, 1, 2, 3], "imnet_feature_dist_scale_min_ratio": 0.1}
MASKS = {"mask_mode": "separatetrgaug", "mask_generator": {"type": "block", "mask_ratio": 0.7, "mask_block_size": 16}}
OPTIMIZER = {
    "optimizer": {"type": "AdamW", "lr": 2e-3, "weight_decay": 0.01},
    "paramwise_cfg": {"custom_keys": {"head": {"lr_mult": 10.0}, "norm": {"decay_mult": 0.0}}},
}
TRAININGS = {
    "HRDA, feature distance": (networks.hrda(hr_loss_weight=0.1), DACS | DISTANCE),
    "HRDA, windows side by side": (networks.hrda(hr_slide_overlapping=False, blur_hr_crop=True), DACS),
    "DAFormer": (networks.plain(), DACS),
    "MIC": (networks.hrda(), DACS | MASKS),
    "AdvSeg": (networks.plain(), {"type": "AdvSeg", "discriminator_type": "LS", "lr_D": 1e-4, "lr_D_power": 0.9, "lr_D_min": 0}),
}


def config(name: str) -> Config:
    model, uda = TRAININGS[name]
    model = {**model, "backbone": {**model["backbone"], "drop_path_rate": 0.0}}
    if uda["type"] == "AdvSeg":
        uda = {**uda, "lambda_adv_target": {"main": 0.1}}
    return Config({"seed": 0, "model": model, "uda": uda, "optim_wrapper": OPTIMIZER})


def sample(iteration: int) -> dict:
    """Two crops of 64x64 per domain as the loader sends them; the target ignores a margin."""
    generator = torch.Generator().manual_seed(iteration)
    label = torch.randint(0, 6, (2, 4, 4), generator=generator)
    label = torch.where(label == 5, 255, label).repeat_interleave(16, 1).repeat_interleave(16, 2).to(torch.uint8)
    images = torch.randint(0, 256, (2, 2, 3, 8, 8), generator=generator).to(torch.uint8)
    images = images.repeat_interleave(8, 3).repeat_interleave(8, 4)
    valid = torch.ones(2, 64, 64, dtype=torch.uint8)
    valid[:, :10] = 0
    sizes = torch.full((2, 2), 64)
    source = {"image": images[0], "label": label, "size": sizes}
    return {"iteration": iteration, "source": source, "target": {"image": images[1], "valid": valid, "size": sizes}}


def both(name: str) -> tuple[tuple, tuple]:
    """Ours and the baseline with equal weights: (method, optimizer) each.

    The ImageNet network has moved away from the student: a distance of 0 has no gradient, and one of 1e-16 has that of any other.
    """
    cfg = config(name)
    ours, (baseline, plain_optimizer) = build_model(cfg), build_baseline(cfg)
    ours.init_weights()
    for parameter in ours.imnet_model.parameters() if ours.imnet_model else ():
        parameter.data.mul_(1.1)
    for network in filter(None, (ours.model, ours.ema_model)):
        getattr(network.decode_head, "head", network.decode_head).conv_seg.weight.data.mul_(GAIN)
    baseline.load_state_dict(ours.state_dict())
    return (ours.train(), build_optimizer(cfg.optim_wrapper, ours)), (baseline.train(), plain_optimizer)


@pytest.mark.parametrize("name", TRAININGS)
def test_losses_and_weights_are_ours(name, float64):
    (ours, optimizer), (baseline, plain_optimizer) = both(name)
    for iteration in range(STEPS):
        expected = ours.train_step(sample(iteration), optimizer)
        logs = baseline.train_step(sample(iteration), plain_optimizer)
        assert not any(isinstance(value, Tensor) for value in logs.values())
        check_parts(logs)
        assert dict(logs) == pytest.approx({key: float(value) for key, value in expected.items()}, rel=EXACT, abs=EXACT), iteration
        torch.testing.assert_close(dict(logs.records), dict(expected.records), rtol=EXACT, atol=EXACT)
    torch.testing.assert_close(dict(baseline.state_dict()), dict(ours.state_dict()), rtol=EXACT, atol=EXACT)


def check_parts(logs: dict) -> None:
    """Self-training and the feature distance have something to say."""
    assert 0.1 < logs.get("mix.confident_share", 0.5) < 0.9
    assert logs.get("src.loss_imnet_feat_dist", 1) > 0.1


def test_every_part_is_plain():
    """Nothing is left that has a plain form."""
    (ours, _), (baseline, optimizer) = both("MIC")
    assert baseline.state_dict().keys() == ours.state_dict().keys()
    assert not any(type(module) is EfficientAttention for module in baseline.modules())
    assert all(type(teacher) is PlainTeacher for teacher in baseline.teachers) and type(baseline.augment) is PlainAugment
    assert all(type(teacher) is Teacher for teacher in ours.teachers) and type(ours.augment) is StrongAugment
    groups = optimizer.optimizer.param_groups
    assert all(len(group["params"]) == 1 and not group["foreach"] and not group["fused"] for group in groups)
    assert len(groups) == sum(parameter.requires_grad for parameter in baseline.parameters())
    assert {group["lr"] for group in groups} == {2e-3, 2e-2} and {group["weight_decay"] for group in groups} == {0.0, 0.01}


def test_encoder_passes_one_by_one():
    """Context and detail of the student's two passes, the feature distance, and the context and nine windows of the teacher."""
    _, (baseline, optimizer) = both("HRDA, feature distance")
    batches = []
    for network in (baseline.model, baseline.ema_model, baseline.imnet_model):
        network.backbone.register_forward_pre_hook(lambda module, arguments: batches.append(len(arguments[0])))
    baseline.train_step(sample(0), optimizer)
    assert batches == [2] * (2 + 1 + 10 + 2)


def test_a_lever_does_not_reach_the_baseline():
    cfg = config("HRDA, feature distance")
    plain = without_levers(cfg)
    for path in LEVERS:
        cfg.merge_from_dict({path: True})
    assert without_levers(cfg).to_dict() == plain.to_dict()
    assert cfg.uda.imnet_encoder_only


def test_the_demo_config():
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"model.hr_crop_size": (32, 32), "uda.self_training_start": 0})
    baseline, optimizer = build_baseline(cfg)
    baseline.init_weights()
    logs = baseline.train().train_step(sample(0), optimizer)
    assert logs["mix.decode.loss_seg"] > 0


def test_predictions_are_ours_with_more_windows():
    (ours, _), (baseline, _) = both("HRDA, feature distance")
    image = torch.randn(1, 3, 64, 128, generator=torch.Generator().manual_seed(0))
    seen: dict[str, int] = {}
    for name, method in {"ours": ours, "baseline": baseline}.items():
        method.eval()
        method.model.test_cfg = {"mode": "slide", "crop_size": (64, 64), "stride": (32, 32), "batched_slide": True}
        method.model.backbone.register_forward_pre_hook(lambda _, args, name=name: seen.update({name: seen.get(name, 0) + len(args[0])}))
    with torch.no_grad():
        torch.testing.assert_close(baseline.model.inference(image), ours.model.inference(image), rtol=1e-5, atol=1e-5)
    assert seen == {"ours": 3 + 21, "baseline": 3 * (1 + 9)}
