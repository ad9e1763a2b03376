"""Parts of the adaptation step against the records: mixing, teacher, pseudo-labels, distance, augmentation, schedule."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from mmseg.config.config import load_config
from mmseg.engine.optimizers.grouped import multipliers, parameter_groups
from mmseg.models.losses.features.feature_distance import downscale_label, feature_distance, thing_mask
from mmseg.models.uda.augmentation import augment
from mmseg.models.uda.augmentation.masking import block_mask, grid_size
from mmseg.models.uda.augmentation.mixing import class_masks, draw_class_masks, draw_classes, paste
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels, TargetContext, label_target
from mmseg.models.uda.pseudo_labels.shorthand import labeling_configs
from mmseg.models.uda.pseudo_labels.teacher import ema_decay, ema_update
from mmseg.registry import LABELING_STAGES
from mmseg.structures import UDABatch, shown_classes
from mmseg.utils.randomness import Streams
from tests.parity.records import assert_close, parametrize


@parametrize("uda/classmix*")
def test_class_mix(record):
    """Quirk 20: classes of the whole batch, 255 among them; ceil(n / 2) per image."""
    tensors = record.tensors
    label = tensors["label"].squeeze(1).long()
    for case in record.info["cases"]:
        name = f"s{case['np_seed']}"
        np.random.seed(case["np_seed"])
        classes = shown_classes(label)
        assert list(classes) == case["unique_classes_of_batch"]
        assert draw_classes(np.random, classes, len(label)) == case["chosen_classes"]
        mask = class_masks(label, case["chosen_classes"])
        assert torch.equal(mask, tensors[f"{name}.mask"].bool())
        assert torch.equal(paste(mask, label, tensors["pseudo_label"].long()), tensors[f"{name}.mixed_label"].squeeze(1).long())
        weight = tensors["pseudo_weight"]
        assert torch.equal(paste(mask, torch.ones_like(weight), weight), tensors[f"{name}.mixed_weight"])
        if f"{name}.mixed_img" in tensors:
            assert torch.equal(paste(mask, tensors["img"], tensors["target_img"]), tensors[f"{name}.mixed_img"])


def test_class_mix_draws_classes_of_the_whole_batch():
    """Quirk 20: an image may be asked for classes that only another image shows, and its mask is then empty there."""
    label = torch.stack([torch.zeros(4, 4, dtype=torch.long), torch.full((4, 4), 7)])
    masks = torch.stack([draw_class_masks(np.random.default_rng(seed), label, (0, 7)) for seed in range(20)])
    share = masks.float().mean(dim=(2, 3, 4))
    assert set(share.unique().tolist()) == {0.0, 1.0}


@parametrize("uda/ema*")
def test_ema(record):
    """Quirk 15: step 0 copies, later steps average parameters only."""
    tensors, info = record.tensors, record.info
    for iteration, decay in info["alphas"].items():
        assert ema_decay(int(iteration), info["alpha"]) == pytest.approx(decay, abs=0)

    def network(prefix: str) -> nn.Module:
        made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))
        made.load_state_dict({key: tensors[f"{prefix}.{key}"] for key in made.state_dict()})
        return made

    teacher = network("ema_initial").requires_grad_(False)
    ema_update(teacher, network("model0"), ema_decay(0, info["alpha"]))
    for key, value in teacher.state_dict().items():
        assert torch.equal(value, tensors[f"after_init.{key}"]), key
    student = network("model0")
    from tests.parity.records import fill_by_recipe

    for entry in info["sequence"]:
        fill_by_recipe(student, seed=entry["model_recipe_seed"])
        ema_update(teacher, student, ema_decay(entry["iter"], info["alpha"]))
        for key, value in teacher.state_dict().items():
            stored = f"iter{entry['iter']}.{key}"
            if stored in tensors:
                assert_close(record, stored, value.float(), expected=tensors[stored].float(), rtol=1e-6, atol=1e-7)


def labeled(logits: torch.Tensor, valid: torch.Tensor | None = None, *, threshold: float, top: int = 0, bottom: int = 0) -> PseudoLabels:
    """By the stages that the published options stand for."""
    stages = [LABELING_STAGES.build(stage) for stage in labeling_configs(None, threshold=threshold, top=top, bottom=bottom)]
    batch = UDABatch(logits, logits[:, 0].long(), None, valid, source_classes=())
    return label_target(logits, stages, TargetContext(batch, torch.nn.Identity(), 0, Streams(0, 0)))


@parametrize("uda/pseudo_label*")
def test_pseudo_label(record):
    """Quirk 19: one weight per batch, then margins."""
    tensors, info = record.tensors, record.info
    logits, threshold = tensors["logits"], info["threshold"]
    pseudo = labeled(logits, threshold=threshold)
    assert torch.equal(pseudo.labels, tensors["pseudo_label"].long())
    assert pseudo.confident_share.item() == pytest.approx(info["fraction"], rel=1e-6)
    assert_close(record, "weight_plain", pseudo.weights)
    cases = {"weight_top5_bottom7": (None, 5, 7), "weight_validmask": (tensors["valid_pseudo_mask"].squeeze(1), 0, 0)}
    for key, (valid, top, bottom) in cases.items():
        made = labeled(logits, valid, threshold=threshold, top=top, bottom=bottom)
        assert_close(record, key, made.weights)


@parametrize("uda/feature_distance*")
def test_feature_distance(record):
    """Quirks 18 and 30. On purpose an empty mask gives 0 where the published code logs NaN; the gradient is 0 in both."""
    tensors, info = record.tensors, record.info
    for index, case in enumerate(info["cases"]):
        label = tensors[f"c{index}.in"].squeeze(1).long()
        small = downscale_label(label, case["scale_factor"], case["min_ratio"], case["n_classes"], case["ignore_index"])
        assert torch.equal(small, tensors[f"c{index}.out"].squeeze(1).long())
        assert (small == case["ignore_index"]).sum() == case["n_ignore_out"]
    edge = tensors["edge.in"].squeeze(1).long()
    assert torch.equal(downscale_label(edge, 4, 0.75, 19), tensors["edge.out"].squeeze(1).long())
    assert torch.equal(downscale_label(edge, 4, 0.5, 19), tensors["edge.out_r05"].squeeze(1).long())

    features, reference = tensors["fd.f1"].clone().requires_grad_(), tensors["fd.f2"]
    mask = tensors["fd.mask"].squeeze(1).bool()
    value = feature_distance(features, reference, mask)
    value.backward()
    assert value.item() == pytest.approx(info["fd"]["masked"], rel=1e-5)
    assert_close(record, "fd.grad_f1", features.grad)
    assert feature_distance(features, reference, torch.ones_like(mask)).item() == pytest.approx(info["fd"]["unmasked"], rel=1e-5)
    assert info["fd"]["empty_mask"] == "nan"

    options = info["fdmask"]
    label = tensors["fdmask.label"].squeeze(1).long()
    cells = torch.zeros(2, 1, label.shape[1] // options["scale_factor"], label.shape[2] // options["scale_factor"])
    made = thing_mask(label, cells, options["classes"], options["min_ratio"], 19)
    assert torch.equal(made, tensors["fdmask.mask"].squeeze(1).bool())


def test_empty_feature_distance_mask_is_zero_and_has_no_gradient():
    """Deviation on purpose: the published code logs NaN here."""
    features = torch.randn(1, 3, 2, 2, requires_grad=True)
    value = feature_distance(features, torch.randn(1, 3, 2, 2), torch.zeros(1, 2, 2, dtype=torch.bool))
    value.backward()
    assert value.item() == 0 and features.grad.abs().sum() == 0


def test_identical_features_have_distance_and_gradient_zero():
    features = torch.randn(1, 3, 2, 2, requires_grad=True)
    value = feature_distance(features, features.detach(), torch.ones(1, 2, 2, dtype=torch.bool))
    value.backward()
    assert value.item() == 0 and features.grad.abs().sum() == 0


def recorded_jitter(parameters: dict, index: int = 0) -> augment.JitterParameters:
    """Kornia's parameters of one image as ours."""
    factors = {name: parameters[f"{name}_factor"][index] for name in ("brightness", "contrast", "saturation", "hue")}
    return augment.JitterParameters(**factors, order=tuple(parameters["order"]))


@parametrize("uda/color_jitter*")
def test_color_jitter(record):
    """Quirk 21: additive brightness, contrast as a gain, hue in turns, any order."""
    tensors, info = record.tensors, record.info
    base = tensors["base01"]
    operations = {
        "brightness": augment.adjust_brightness,
        "contrast": augment.adjust_contrast,
        "saturation": augment.adjust_saturation,
        "hue": augment.adjust_hue,
    }
    tested = 0
    for key in tensors:
        if key.startswith("op."):
            _, name, factor = key.split(".", 2)
            assert_close(record, key, operations[name](base, float(factor)))
            tested += 1
    assert tested
    hue, saturation, value = tensors["hsv"].unbind(1)
    expected = torch.stack([hue / (2 * math.pi), saturation, value], dim=1)
    assert_close(record, "hsv", augment.rgb_to_hsv(base), expected=expected)

    strong = augment.StrongAugment(mean=info["mean"], std=info["std"], jitter_strength=0.2, jitter_probability=0.2, blur=True)
    for case in info["cases"]:
        key = f"jitter.seed{case['torch_seed']}.s{case['s']}"
        if key in tensors:
            parameters = augment.AugmentParameters((recorded_jitter(case["params"]),), None)
            assert_close(record, key, strong.apply(tensors["x"], parameters), atol=1e-4)


def test_jitter_probability_is_that_of_no_jitter():
    """Quirk 21: the coin must exceed p, so p = 0.2 jitters 80 % of the batches; equal coins do not jitter."""
    strong = augment.StrongAugment(mean=(0, 0, 0), std=(1, 1, 1), jitter_strength=0.2, jitter_probability=0.2, blur=True)
    drawn = [strong.draw(np.random.default_rng(seed), 1) for seed in range(1000)]
    assert 0.75 < np.mean([parameters.jitter is not None for parameters in drawn]) < 0.85
    assert 0.45 < np.mean([parameters.sigmas is not None for parameters in drawn]) < 0.55


@parametrize("uda/mic_mask*")
def test_block_mask(record):
    """Quirk 24: a block stays if its noise exceeds the ratio; sides are rounded to whole blocks."""
    for index, case in enumerate(record.info["cases"]):
        noise, mask = record.tensors[f"c{index}.rand"], record.tensors[f"c{index}.mask"]
        assert list(grid_size(mask.shape[2:], case["mask_block_size"])) == case["grid"] == list(noise.shape[2:])
        assert torch.equal(block_mask(noise, case["mask_ratio"], mask.shape[2:]), mask.float())


@parametrize("uda/gaussian_blur*")
def test_gaussian_blur(record):
    tensors, info = record.tensors, record.info
    for side, size in info["kernel_size_table"].items():
        assert augment.blur_kernel_size(int(side)) == size
    for case in info["cases"]:
        assert_close(record, f"seed{case['np_seed']}", augment.gaussian_blur(tensors["x"], case["sigma"]))
    for key in tensors:
        if key.startswith("sigma"):
            sigma, kernel = key.removeprefix("sigma").split("_k")
            rows, columns = map(int, kernel.split("x"))
            assert_close(record, key, augment.gaussian_blur(tensors["x"], float(sigma), (rows, columns)))


def test_blur_leaves_out_only_taps_that_round_to_nothing():
    """The kernel of a 1024 crop has 103 taps; beyond 6 sigma they vanish in float32."""
    image = torch.randn(1, 3, 96, 96, dtype=torch.float32)
    size, sigma = augment.blur_kernel_size(1024), 0.9
    kernel = torch.tensor(augment.gaussian_kernel(size, sigma))
    padded = nn.functional.pad(image, (size // 2,) * 4, mode="reflect")
    full = nn.functional.conv2d(padded, (kernel[:, None] * kernel[None]).expand(3, 1, -1, -1), groups=3)
    assert torch.allclose(augment.gaussian_blur(image, sigma, (size, size)), full, atol=2e-6)


@parametrize("uda/lr_schedule*")
def test_learning_rates(record):
    """Quirks 26 and 27: multipliers by the longest key, warm-up times linear decay, set before every iteration."""
    info = record.info
    cfg = load_config("configs/hrda/gtaHR2csHR_hrda.py")
    keys = cfg.optim_wrapper.paramwise_cfg.custom_keys
    assert keys == info["custom_keys"]
    for name, lr_mult, decay_mult in info["params_lr_mult_decay_mult"]:
        assert multipliers(name, keys) == (lr_mult, decay_mult), name
    optimizer_cfg = cfg.optim_wrapper.optimizer
    for name, decay in info["weight_decay"].items():
        assert multipliers(info["param_of_class"][name], keys)[1] * optimizer_cfg.weight_decay == decay

    kinds = {"backbone_weight": (1.0, 1.0), "backbone_norm": (1.0, 0.0), "decode_head": (10.0, 1.0)}
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": optimizer_cfg.lr * lr_mult} for lr_mult, _ in kinds.values()]
    optimizer = torch.optim.AdamW(groups)
    schedulers = [PARAM_SCHEDULERS.build({**scheduler, "optimizer": optimizer}) for scheduler in cfg.param_scheduler]
    for iteration in range(cfg.train_cfg.max_iters):
        for group, kind in zip(optimizer.param_groups, kinds, strict=True):
            if str(iteration) in info["lr_at_iter"]:
                assert group["lr"] == pytest.approx(info["lr_at_iter"][str(iteration)][kind], rel=1e-9)
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


def test_groups_are_distinct_settings_and_hold_every_trainable_parameter_once():
    """One group per learning rate and decay instead of one per tensor."""
    network = nn.ModuleDict({"norm1": nn.LayerNorm(4), "decode_head": nn.Linear(4, 4), "proj": nn.Linear(4, 4)})
    network["frozen"] = nn.Linear(4, 4).requires_grad_(False)
    keys = {"head": {"lr_mult": 10.0}, "norm": {"decay_mult": 0.0}}
    groups = parameter_groups(network, 1.0, 0.1, keys)
    assert [(group["lr"], group["weight_decay"], len(group["params"])) for group in groups] == [
        (1.0, 0.0, 2),
        (10.0, 0.1, 2),
        (1.0, 0.1, 2),
    ]
