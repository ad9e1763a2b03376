"""Every method: one step on tiny crops, gradients, teacher, the options of the short schedule."""

import dataclasses

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper

from mmseg.config.config import load_config
from mmseg.models.uda import DACS, UDAMethod, methods
from mmseg.models.uda.objectives.supervised.source import weight_by_class
from mmseg.models.uda.pseudo_labels.prediction import Prediction
from mmseg.registry import MODELS
from mmseg.structures import Box, CropPlace, StrongGeometry, UDABatch, shown_classes
from mmseg.utils.errors import UserError
from tests import tiny
from tests.models import networks
from tests.models.uda.mixtures_file import mixtures
from tests.models.uda.prototypes_file import prototypes

METHODS = sorted(name for name, kind in vars(methods).items() if kind is MODELS.module_dict.get(name))
REQUIRED = {
    "AdvSeg": {
        "discriminator_type": "LS",
        "lr_D": 1e-4,
        "lr_D_power": 0.9,
        "lr_D_min": 0,
        "lambda_adv_target": {"main": 0.001, "aux": 0.0002},
    },
    "AdvEnt": {"lambda_adv_target": {"main": 0.001, "aux": 0.0002}},
    "ClassifierRectification": {
        "priors": str(tiny.ROOT / "configs" / "label_shift" / "priors" / "gta2cs_original_head.json"),
        "trained": ["backbone", "decode_head"],  # so that all gradients can be looked at
    },
    "MinEnt": {"lambda_ent": {"main": 0.001, "aux": 0.0002}},
    "CPSLDistillation": {"distilled_from": "never_read.pth"},
    "Distillation": {"distilled_from": "never_read"},
    "SourceFree": {"distilled_from": "never_read"},
}
"""Options without a default."""


DEPTH_HEAD = {"type": "DepthDensityHead", "in_channels": 64, "in_index": 2, "channels": 8, "averaged": 4, "init_std": None}


def required(name: str) -> dict:
    """:data:`REQUIRED`; files that are made for a method, a depth head, and as many samples as a small crop has pixels for."""
    if name == "DepthDistribution":
        return {"mixtures": mixtures(), "segmentor": network(depth_head=DEPTH_HEAD)}
    return {"prototypes": prototypes(), "samples": 16, "memory": 48} if name == "CPSL" else REQUIRED.get(name, {})


def network(**changes) -> dict:
    """The demo's HRDA network for crops of 64 pixels."""
    model = load_config(tiny.ROOT / tiny.CONFIG).model.to_dict()
    return {**model, "hr_crop_size": (32, 32), "test_cfg": {"mode": "whole"}, **changes}


def build(name: str = "DACS", **options) -> UDAMethod:
    method = MODELS.build({"type": name, "segmentor": network(), **required(name), **options})
    method.init_weights()
    if name in ("Distillation", "SourceFree"):
        method.learn_from(taught(), "00" * 32)
    return method.train()


def taught() -> UDAMethod:
    """A teacher of 19 classes, ready to predict."""
    torch.manual_seed(1)
    teacher = UDAMethod(segmentor=network())
    teacher.init_weights()
    return teacher.eval()


def batch(valid: torch.Tensor | None = None) -> UDABatch:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 2, 3, 64, 64, generator=generator)
    label = torch.randint(0, 19, (2, 8, 8), generator=generator).repeat_interleave(8, 1).repeat_interleave(8, 2)
    few = torch.rand(2, 64, 64, generator=generator) < 0.02
    annotation = torch.where(few, label.flip(0), 255)  # asked for by methods that learn from it
    whole = torch.randn(2, 3, 64, 128, generator=generator)  # with the rest, asked for by CPSL
    places = tuple(
        CropPlace(native=(64, 128), resized=(80, 160), box=Box(8, 72, 16, 80), crop=(64, 64), flipped=flipped) for flipped in (False, True)
    )
    geometry = (StrongGeometry(flip=True, cutout=(4, 8, 24, 28)), StrongGeometry(rotate=12.0, translate_y=-9))
    return UDABatch(
        images[0],
        label,
        images[1],
        valid,
        annotation,
        target_label=label.flip(0),
        target_soft=torch.rand(2, 19, 64, 64, generator=generator).softmax(dim=1),
        target_whole=whole,
        target_strong=images[1].flip(3),
        target_place=places,
        target_geometry=geometry,
        source_depth=torch.rand(2, 64, 64, generator=generator) * 400 + 1,
        source_place=places[::-1],
        source_classes=shown_classes(label),
    )


def run_step(method: UDAMethod, monkeypatch, iteration: int = 0, crops: UDABatch | None = None):
    """One training step on fixed crops; the gradients are kept."""
    monkeypatch.setattr(method.data_preprocessor, "batch", lambda _: crops or batch())
    optimizer = OptimWrapper(torch.optim.SGD([p for p in method.parameters() if p.requires_grad], lr=0.1))
    return method.train_step({"iteration": iteration}, optimizer)


@pytest.mark.parametrize("name", METHODS)
def test_every_trainable_parameter_gets_a_finite_gradient(name, monkeypatch):
    method = build(name)
    logs = run_step(method, monkeypatch)
    assert all(torch.isfinite(value) for value in logs.values())
    for key, parameter in method.model.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), key
    for frozen in filter(None, (method.ema_model, method.imnet_model)):
        assert all(parameter.grad is None for parameter in frozen.parameters())


def test_initial_weights_depend_on_the_seed_alone():
    """Rows of a study start equal, whatever networks their methods keep."""
    states = {name: build(name, seed=3).model.state_dict() for name in METHODS}
    first = states.popitem()[1]
    assert all(torch.equal(value, state[key]) for state in states.values() for key, value in first.items())
    assert not torch.equal(build(seed=4).model.decode_head.head.conv_seg.weight, first["decode_head.head.conv_seg.weight"])


def test_networks_of_a_plain_and_a_multi_scale_model_start_with_equal_encoders_and_decoders():
    head = {**network()["decode_head"], "type": "DAFormerHead"}
    options = {
        key: value
        for key, value in head.items()
        if key not in ("single_scale_head", "attention_embed_dim", "attention_classwise", "hr_loss_weight")
    }
    plain = MODELS.build(
        {"type": "DACS", "segmentor": {"type": "EncoderDecoder", "backbone": network()["backbone"], "decode_head": options}}
    )
    plain.init_weights()
    hrda = build().model
    assert all(torch.equal(value, hrda.backbone.state_dict()[key]) for key, value in plain.model.backbone.state_dict().items())
    assert all(torch.equal(value, hrda.decode_head.head.state_dict()[key]) for key, value in plain.model.decode_head.state_dict().items())


def test_self_training_starts_when_it_is_told(monkeypatch):
    method = build(self_training_start=5)
    assert not any(name.startswith("mix.") for name in run_step(method, monkeypatch, 4))
    assert any(name.startswith("mix.") for name in run_step(method, monkeypatch, 5))


def test_draws_do_not_depend_on_other_features(monkeypatch):
    """Switching the feature distance on changes neither boxes, classes nor jitter of the same iteration."""
    plain = run_step(build(), monkeypatch, 7).records
    distance = run_step(build(imnet_feature_dist_lambda=0.1, imnet_feature_dist_classes=[6, 7]), monkeypatch, 7).records
    assert torch.equal(plain["mixed_image"], distance["mixed_image"])


def test_teacher_is_a_copy_at_first_and_an_average_later(monkeypatch):
    method = build()
    run_step(method, monkeypatch, 0)
    initial = {key: value.clone() for key, value in method.ema_model.named_parameters()}
    student = {key: value.detach().clone() for key, value in method.model.named_parameters()}
    run_step(method, monkeypatch, 1)  # α = 1/2
    for key, value in method.ema_model.named_parameters():
        assert torch.allclose(value, (initial[key] + student[key]) / 2, atol=1e-6), key


def test_a_restored_teacher_is_not_overwritten(monkeypatch):
    """Training that continues from a released wrapper: the teacher moves slowly from the first step."""
    method = build(alpha=0.9)
    method.teachers[0].restored = True
    with torch.no_grad():
        for parameter in method.ema_model.parameters():
            parameter.zero_()
    student = {key: value.detach().clone() for key, value in method.model.named_parameters()}
    run_step(method, monkeypatch, 0)
    for key, value in method.ema_model.named_parameters():
        assert torch.allclose(value, 0.1 * student[key], atol=1e-6), key


@pytest.mark.parametrize(
    ("changes", "size"), [({}, (32, 32)), ({"hr_crop_size": (48, 64)}, (32, 32)), ({"scales": [1, 1], "feature_scale": 1}, (64, 64))]
)
def test_predictions_are_compared_at_the_size_in_which_the_whole_crop_was_seen(changes, size):
    """HRDA's fused logits at half of the crop (table 2), whatever the size of the detail crop; a plain network's at the crop."""
    image = batch().source_image
    output = build(segmentor=network(**changes)).model(image, np.random.default_rng(0))
    assert Prediction.of(output).probabilities()["main"].shape == (2, 19, *size)
    plain = MODELS.build(networks.plain())
    assert Prediction.of(plain(image)).probabilities()["main"].shape == (2, 5, 64, 64)


def test_margins_must_not_be_given_twice(monkeypatch):
    method = build(pseudo_weight_ignore_top=4)
    with pytest.raises(UserError, match="crop_pseudo_margins"):
        run_step(method, monkeypatch, crops=batch(torch.ones(2, 64, 64, dtype=torch.uint8)))


@pytest.mark.parametrize("name", ["AdvSeg", "DACS", "MinEnt"])
def test_a_missing_target_is_said(name, monkeypatch):
    with pytest.raises(UserError, match="needs target images, but the training data has none"):
        run_step(build(name), monkeypatch, crops=dataclasses.replace(batch(), target_image=None))


def test_unknown_mix_is_refused():
    with pytest.raises(UserError, match=r"'cut' is not a registered mixing\. Known: ClassMix, class"):
        DACS(segmentor=network(), mix="cut")


def test_class_weights_by_pixel():
    label = torch.tensor([[[0, 1, 255]]])
    assert torch.equal(weight_by_class(label, [0.5, 2.0]), torch.tensor([[[0.5, 2.0, 0.0]]]))
