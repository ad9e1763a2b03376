"""Parts of a method that a config replaces: stages with state, teacher, mixing, masks, objectives."""

import dataclasses

import pytest
import torch
from torch import nn

from mmseg.models.uda.augmentation.augment import StrongAugment
from mmseg.models.uda.augmentation.image_jitter import ImageJitter
from mmseg.models.uda.objectives import MinimizeEntropy
from mmseg.models.uda.preset import changed
from mmseg.models.uda.pseudo_labels.labelers import LabelingStage
from mmseg.models.uda.pseudo_labels.teacher import Teacher, mean_of_looks
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.models.uda.test_methods import batch, build, run_step

PRESET = {"source": {"type": "SourceSupervision"}, "mixed": {"type": "MixedSupervision", "start": 3}}


class Counting(nn.Module, LabelingStage):
    """Counts in a buffer how often it labeled."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("labeled", torch.zeros(()))

    def on_labels(self, pseudo, target):
        self.labeled += 1
        return pseudo


class LastWeights(Teacher):
    """Copies the student in every iteration."""

    def update(self, student, iteration):
        self.network.load_state_dict(student.state_dict())


class LeftHalf:
    """A mixing: the left half of every crop shows the source."""

    def __call__(self, rng, batch):
        mask = torch.zeros_like(batch.source_label, dtype=torch.bool)
        mask[:, :, : mask.shape[2] // 2] = True
        return mask.unsqueeze(1)


class NothingVisible:
    """A mask generator: hides everything."""

    def __call__(self, image, generator):
        return torch.zeros_like(image)


def test_buffers_of_a_stage_are_state_of_the_training(monkeypatch):
    method = build(labeling=[{"type": Counting}])
    run_step(method, monkeypatch, 0)
    run_step(method, monkeypatch, 1)
    assert method.state_dict()["labeling_1.0.labeled"] == 2
    other = build(labeling=[{"type": Counting}])
    other.load_state_dict(method.state_dict())
    assert other.teachers[0].stages[0].labeled == 2


def test_another_teacher(monkeypatch):
    method = build(teacher={"type": LastWeights})
    run_step(method, monkeypatch, 0)
    student = {key: value.clone() for key, value in method.model.state_dict().items()}
    run_step(method, monkeypatch, 1)
    assert all(torch.equal(value, student[key]) for key, value in method.ema_model.named_parameters())


def test_another_mixing(monkeypatch):
    records = run_step(build(mix={"type": LeftHalf}), monkeypatch).records
    assert torch.equal(records["mixed_label"][:, :, :32], records["source_label"][:, :, :32])
    assert torch.equal(records["mixed_label"][:, :, 32:], records["pseudo_label"][:, :, 32:])


def test_other_masks(monkeypatch):
    records = run_step(build(mask_mode="separatetrg", mask_generator={"type": NothingVisible}), monkeypatch).records
    assert not records["masked_image"].any()


def test_any_method_gets_a_teacher_and_what_needs_one(monkeypatch):
    method = build("SourceOnly", teacher={"type": "Teacher", "alpha": 0.5}, objectives={"mixed": {"type": "MixedSupervision"}})
    logs = run_step(method, monkeypatch)
    assert "mix.decode.loss_seg" in logs and method.teachers[0].alpha == 0.5


def test_an_objective_is_added_and_left_out(monkeypatch):
    entropy = {"type": "MinimizeEntropy", "weights": {"main": 0.1}}
    method = build(objectives={"mixed": None, "entropy": entropy})
    assert list(method.objectives) == ["source", "entropy"] and isinstance(method.objectives["entropy"], MinimizeEntropy)
    logs = run_step(method, monkeypatch)
    assert "ent.loss.main" in logs and not any(name.startswith("mix.") for name in logs)


def test_changes_of_a_preset():
    assert changed(PRESET, {}) == PRESET
    assert changed(PRESET, {"mixed": {"start": 5}})["mixed"] == {"type": "MixedSupervision", "start": 5}
    assert changed(PRESET, {"mixed": {"type": "Other"}})["mixed"] == {"type": "Other"}, "options of another type do not stay"
    assert list(changed(PRESET, {"source": None, "late": {"type": "Other"}})) == ["mixed", "late"]
    with pytest.raises(UserError, match="Did you mean 'mixed'"):
        changed(PRESET, {"mixd": {"start": 5}})


def test_options_for_the_discriminator_need_one(monkeypatch):
    align = {"type": "AlignToSource", "loss": "LS", "weights": {"main": 0.1}}
    with pytest.raises(UserError, match="need a discriminator"):
        run_step(build(objectives={"align": align}), monkeypatch)


MIRRORED = "the labels of mirrored crops are the mirrored labels"


def test_a_teacher_with_two_looks_takes_the_mean_of_their_probabilities(monkeypatch):
    method = build(teacher={"type": "Teacher", "flip": True})
    run_step(method, monkeypatch, 0)
    teacher, image = method.teachers[0], batch().target_image
    teacher.network.eval()
    pseudo = teacher.label(batch(), 1, Streams(0, 1))
    looks = [teacher.network.encode_decode(look).softmax(dim=1) for look in (image, image.flip(3))]
    mean = (looks[0] + looks[1].flip(3)) / 2
    assert torch.equal(pseudo.labels, mean.argmax(dim=1)) and torch.allclose(pseudo.confidence, mean.amax(dim=1), atol=1e-5)
    mirrored = teacher.label(dataclasses.replace(batch(), target_image=image.flip(3)), 1, Streams(0, 1))
    assert (mirrored.labels.flip(2) == pseudo.labels).float().mean() > 0.999, MIRRORED


def test_two_equal_looks_are_one():
    logits = torch.randn(2, 5, 4, 4)
    assert torch.allclose(mean_of_looks(logits, logits + 3).softmax(dim=1), logits.softmax(dim=1), atol=1e-6)


STRONG = {"color_jitter": (0.2, 0.2, 0.2, 0.2), "jitter_probability": 1.0}
WEAK = {"color_jitter": (0.5, 0.0, 0.0, 0.0), "jitter_probability": 1.0}


def test_weak_jitter_is_of_source_crops_and_of_the_target_below_the_paste(monkeypatch):
    """What is pasted has none; without strong jitter the mixed crops show both as they are."""
    method = build(augment={**STRONG, "jitter_probability": 0.0}, weak_augment=WEAK)
    logs = run_step(method, monkeypatch, 0)
    crops, mixed = batch(), logs.records["mixed_image"]
    pasted = (mixed == crops.source_image).all(dim=1)
    assert 0.1 < pasted.float().mean() < 0.9
    weak = method.parts["weak_augment"](crops.target_image, method.context(crops, 0).streams.numpy("mix/target_augment"))
    assert torch.equal(mixed, torch.where(pasted[:, None], crops.source_image, weak)) and not torch.equal(weak, crops.target_image)
    source = method.parts["weak_augment"](crops.source_image, method.context(crops, 0).streams.numpy("source/augment"))
    assert torch.equal(logs.records["source_image"], source)


def test_augment_replaces_the_published_jitter():
    assert isinstance(build(augment=STRONG).objectives["mixed"].augment, ImageJitter)
    assert isinstance(build().objectives["mixed"].augment, StrongAugment) and build().objectives["mixed"].weak_augment is None
