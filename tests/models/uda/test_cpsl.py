"""Stage 1 of CPSL and its distillation: prototypes, teacher, options."""

import dataclasses

import pytest
import torch

from mmseg.models.uda.self_labelling.class_balance import class_shares
from mmseg.registry import MODELS
from mmseg.structures import StrongGeometry
from mmseg.utils.errors import UserError
from tests.models import networks
from tests.models.uda.prototypes_file import write
from tests.models.uda.test_methods import batch, build, run_step

FULL = {"samples": 16, "memory": 32}
"""The two images of a batch fill the memory."""


def plain() -> dict:
    """A network with one view, of 19 classes."""
    model = networks.plain()
    return {**model, "decode_head": {**model["decode_head"], "num_classes": 19}}


def test_prototypes_equal_their_average_until_the_second_iteration(monkeypatch):
    """The published code keeps both in the same memory until its first update, which comes after the first step."""
    method = build("CPSL", alpha=0.9)
    bank = method.prototypes
    first = bank.vectors.detach().clone()
    assert torch.equal(bank.average, first) and torch.allclose(first.norm(dim=1), torch.ones(19))
    run_step(method, monkeypatch, 0)
    stepped = bank.vectors.detach().clone()
    assert torch.equal(bank.average, first) and not torch.equal(stepped, first)
    run_step(method, monkeypatch, 1)
    assert torch.equal(bank.average, stepped)
    second = bank.vectors.detach().clone()
    run_step(method, monkeypatch, 2)
    assert torch.allclose(bank.average, 0.9 * stepped + 0.1 * second)


def test_the_teacher_follows_from_the_first_update_on_with_all_buffers(monkeypatch):
    method = build("CPSL", alpha=0.9)
    run_step(method, monkeypatch, 0)
    before = {name: value.clone() for name, value in method.ema_model.named_parameters()}
    student = {name: value.detach().clone() for name, value in method.model.named_parameters()}
    method.model.register_buffer("own", torch.ones(1))
    method.ema_model.register_buffer("own", torch.zeros(1))
    run_step(method, monkeypatch, 1)
    assert method.ema_model.own == 1
    for name, value in method.ema_model.named_parameters():
        assert torch.allclose(value, 0.9 * before[name] + 0.1 * student[name], atol=1e-6), name
    assert all(module.training for module in method.ema_model.modules())  # dropout as well, as published


@pytest.mark.parametrize("options", [{}, {"sampling": "class"}, {"contrast": "aligned"}, {"lambda_contrast": 0.0}])
def test_what_is_remembered(options, monkeypatch):
    method = build("CPSL", **FULL, cutmix_probability=0.0, **options)
    memory = method.self_labelling.features
    logs = run_step(method, monkeypatch, 0)
    assert memory.full and torch.allclose(memory.values.norm(dim=1), torch.ones(32))
    assert (memory.labels >= 0).all()
    assert ("contrast.loss" in logs) == ("lambda_contrast" not in options)
    later = run_step(method, monkeypatch, 1)
    assert all(torch.isfinite(value) for value in later.values())


def test_samples_by_class_have_the_shares_of_the_labels(monkeypatch):
    method = build("CPSL", **FULL, sampling="class", contrast="aligned")
    run_step(method, monkeypatch, 0)
    maps = method.teachers[0].label(batch(), 0, method.context(batch(), 0).streams).maps
    for image, labels in enumerate(maps.labels):
        stored = method.self_labelling.features.newest_first(method.self_labelling.features.labels)[16 * (1 - image) :][:16]
        assert (class_shares(stored, 19) - class_shares(labels, 19)).abs().max() < 1.5 / 16


def test_terms_that_are_left_out(monkeypatch):
    """The contrast needs what self-labelling remembers."""
    options = {"lambda_self_labelling": 0.0, "lambda_consistency": 0.0, "cutmix_probability": 0.0}
    method = build("CPSL", **options)
    logs = run_step(method, monkeypatch, 0)
    assert list(method.objectives) == ["source", "target"] and "contrast.loss" not in logs
    assert method.self_labelling.features.pushed == 0


@pytest.mark.parametrize(("marginal", "moves"), [("static", False), ("uniform", False), ("moving", True)])
def test_the_marginal(marginal, moves, monkeypatch):
    method = build("CPSL", marginal=marginal, marginal_momentum=0.5, sampling="class")
    before = method.self_labelling.marginal.clone()
    shares = torch.full((19,), 1 / 19) if marginal == "uniform" else torch.arange(1.0, 20) / 190
    assert torch.allclose(before, shares)
    run_step(method, monkeypatch, 0)
    assert torch.equal(method.self_labelling.marginal, before) != moves
    if moves:
        maps = method.teachers[0].label(batch(), 0, method.context(batch(), 0).streams).maps
        assert torch.allclose(method.self_labelling.marginal, (before + class_shares(maps.labels, 19)) / 2, atol=1e-6)


def test_a_class_without_pixels_is_left_out_and_named(tmp_path, monkeypatch):
    pixels, said = torch.ones(19, dtype=torch.int64), []
    pixels[[3, 7]] = 0
    monkeypatch.setattr("mmseg.models.uda.methods.cpsl.print_log", lambda text, **_: said.append(text))
    method = build("CPSL", prototypes=write(tmp_path / "prototypes.npz", 19, 48, pixels))
    assert len(said) == 1 and "no pixel is predicted as class [3, 7]" in said[0]
    assert all(torch.isfinite(value) for value in run_step(method, monkeypatch, 0).values())
    assert (method.prototypes.vectors.grad[[3, 7]] != 0).any()  # they repel what they are not assigned


def test_a_box_of_the_source_is_pasted_with_its_labels(monkeypatch):
    crops = batch()
    for probability in (0.0, 1.0):
        records = run_step(build("CPSL", cutmix_probability=probability), monkeypatch, 0, crops).records
        pasted = (records["mixed_image"] == crops.source_image).all(dim=1)
        assert pasted.float().mean().item() == pytest.approx(0.5 * probability, abs=0.05)
        assert torch.equal(records["mixed_label"][pasted], crops.source_label[pasted])
        assert torch.equal(records["mixed_label"][~pasted], records["pseudo_label"][~pasted])
        assert torch.equal(records["mixed_image"].where(pasted[:, None], 0), crops.source_image.where(pasted[:, None], 0))


def test_margins_get_no_labels(monkeypatch):
    valid = torch.ones(2, 64, 64, dtype=torch.uint8)
    valid[:, :, 32:] = 0
    labels = run_step(build("CPSL", cutmix_probability=0.0), monkeypatch, 0, batch(valid)).records["pseudo_label"]
    assert (labels[..., 32:] == 255).all() and (labels[..., :32] != 255).all()


def test_the_distilled_network_stays_as_it_is(monkeypatch):
    method = build("CPSLDistillation")
    before = {name: value.clone() for name, value in method.distilled.state_dict().items()}
    logs = run_step(method, monkeypatch, 0)
    assert "target.loss_distillation" in logs and not method.distilled.training
    assert all(torch.equal(value, before[name]) for name, value in method.distilled.state_dict().items())
    assert dict(method.networks_from) == {"distilled": "never_read.pth"}
    assert "target.loss_distillation" not in run_step(build("CPSLDistillation", lambda_distillation=0.0), monkeypatch, 0)


@pytest.mark.parametrize(("replay", "columns"), [("published", 32), ("exact", 16)])
def test_the_replay_of_a_horizontal_translation(replay, columns, monkeypatch):
    """In crops of 32 rows and 64 columns that move by 16 pixels, labels move by 16, or as published by 64 / 32 times as many."""
    crops = batch()
    half = {name: getattr(crops, name)[..., :32, :] for name in ("source_image", "source_label", "target_image", "target_strong")}
    labels = torch.arange(64).div(4, rounding_mode="floor").expand(2, 32, 64)
    moved = (StrongGeometry(translate_x=16),) * 2
    crops = dataclasses.replace(crops, **half, target_label=labels, target_geometry=moved)
    shown = run_step(build("CPSLDistillation", replay=replay, segmentor=plain()), monkeypatch, 0, crops).records["mixed_label"]
    assert torch.equal(shown[..., : 64 - columns], labels[..., columns:])
    assert (shown[..., 64 - columns :] == 255).all()


def test_the_distilled_network_may_be_another_one():
    method = build("CPSLDistillation", distilled_model=plain())
    assert type(method.distilled).__name__ == "EncoderDecoder" != type(method.model).__name__


def test_prototypes_of_another_network(tmp_path):
    for classes, channels, words in ((18, 48, "of 18 classes, but the network has 19"), (19, 32, "of 32 channels, but the map")):
        with pytest.raises(UserError, match=words):
            build("CPSL", prototypes=write(tmp_path / "prototypes.npz", classes, channels))


def test_what_the_training_data_lacks(monkeypatch):
    for name, words in {"soft": "soft pseudo-labels", "whole": "the whole images", "strong": "a strong view"}.items():
        crops = dataclasses.replace(batch(), **{f"target_{name}": None})
        with pytest.raises(UserError, match=f"needs {words} of the target, which the training data does not give"):
            run_step(build("CPSL"), monkeypatch, 0, crops)


@pytest.mark.parametrize("option", ["sampling", "marginal", "contrast", "replay"])
def test_misspelt_values(option):
    with pytest.raises(UserError, match=rf"CPSL: {option} is 'clas'"):
        MODELS.build({"type": "CPSL", "segmentor": networks.plain(), "prototypes": "a.npz", option: "clas"})
