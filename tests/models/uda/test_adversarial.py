"""The discriminator and its game: shapes, closed forms, who gets which gradient, both of its optimizers."""

import dataclasses
import math

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

from mmseg.engine.optimizers import GuardedOptimWrapper, JointOptimWrapper
from mmseg.engine.parts import build_optimizer, schedules
from mmseg.models.losses.adversarial import SOURCE, TARGET, least_squares, vanilla
from mmseg.models.uda.discriminator import Discriminator, Discriminators
from mmseg.models.uda.objectives.alignment.adversarial import ask_frozen
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models import networks
from tests.models.uda.test_methods import REQUIRED, batch, build, run_step

FIVE_CLASSES = dataclasses.replace(batch(), source_label=batch().source_label % 5)
AUXILIARY = {"type": "FCNHead", "in_channels": 24, "in_index": 2, "channels": 8, "num_classes": 5, "num_convs": 1}


@pytest.mark.parametrize(("size", "answers"), [((512, 1024), (16, 32)), ((512, 512), (16, 16)), ((32, 32), (1, 1))])
def test_one_answer_for_32_pixels(size, answers):
    with torch.device("meta"):
        made = Discriminator(num_classes=19)(torch.empty(1, 19, *size))
    assert made.shape == (1, 1, *answers)


def test_predictions_below_one_answer_are_refused():
    with pytest.raises(UserError, match="not 31x64"):
        Discriminator(num_classes=2)(torch.zeros(1, 2, 31, 64))


def test_convolutions_and_slopes():
    """Negative values pass at a fifth; the classifier has no activation."""
    network = Discriminator(num_classes=1, channels=1)
    for index, convolution in enumerate(network.children()):
        torch.nn.init.zeros_(convolution.weight)
        torch.nn.init.zeros_(convolution.bias)
        convolution.weight.data[0, 0, 1, 1] = -1.0 if index in (0, 4) else 1.0
    image = torch.full((1, 1, 32, 32), 3.0)
    assert network(image).item() == pytest.approx(3.0 * 0.2**4)  # -3, four slopes, and the sign again


@pytest.mark.parametrize(("loss", "answer", "generator", "discriminator"), [
    (least_squares, 0.3, 0.09, 0.29),
    (vanilla, 0.0, math.log(2), math.log(2)),
])  # fmt: skip
def test_closed_forms(loss, answer, generator, discriminator):
    answers = torch.full((2, 1, 2, 2), answer)
    assert loss(answers, SOURCE).item() == pytest.approx(generator, rel=1e-5)
    assert 0.5 * (loss(answers, SOURCE) + loss(answers, TARGET)).item() == pytest.approx(discriminator, rel=1e-5)


def test_alignment_leaves_the_discriminator_alone_and_still_trains_it_later():
    network = Discriminators(levels=["main"], num_classes=3)
    prediction = torch.rand(1, 3, 32, 32, requires_grad=True)
    least_squares(ask_frozen(network, {"main": prediction})["main"], SOURCE).backward()
    assert prediction.grad.abs().sum() > 0
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())


def test_student_and_discriminator_get_only_their_own_gradients(monkeypatch):
    """A step without alignment (λ = 0) trains the student as source-only does, bit by bit; the discriminator learns on."""
    weights = {"lambda_adv_target": {"main": 0.0}}
    aligned, source_only = build("AdvSeg", **weights), build("SourceOnly")
    run_step(aligned, monkeypatch)
    run_step(source_only, monkeypatch)
    for (name, first), second in zip(aligned.model.named_parameters(), source_only.model.parameters(), strict=True):
        assert torch.equal(first.grad, second.grad) and torch.equal(first, second), name
    assert all(parameter.grad.abs().sum() > 0 for parameter in aligned.model_D.parameters())


def test_discriminator_steps_with_both_optimizers(monkeypatch):
    """Published quirk: the optimizer of the config trains the discriminator as well, and before its own Adam does."""
    method = build("AdvSeg")
    monkeypatch.setattr(method.data_preprocessor, "batch", lambda _: batch())
    optimizer = build_optimizer({"optimizer": {"type": "SGD", "lr": 0.1}}, method)
    before = [parameter.detach().clone() for parameter in method.model_D.parameters()]
    method.train_step({"iteration": 0}, optimizer)
    for start, parameter in zip(before, method.model_D.parameters(), strict=True):
        gradient = parameter.grad
        adam = 1e-4 * gradient / (gradient.abs() + 1e-8)  # Adam's first step is the sign
        assert torch.allclose(parameter, start - 0.1 * gradient - adam, atol=1e-7)


def test_optimizers_are_named_and_hold_what_they_train():
    method = build("AdvSeg", lr_D=3e-4, lr_D_power=0.7, lr_D_min=1e-6)
    optimizer = build_optimizer({"optimizer": {"type": "SGD", "lr": 0.1}}, method)
    assert isinstance(optimizer, JointOptimWrapper) and list(optimizer.keys()) == ["main", "discriminator"]
    assert optimizer.get_lr() == {"lr": [0.1], "discriminator.lr": [3e-4]}
    assert optimizer["discriminator"].param_groups[0]["betas"] == (0.9, 0.99)
    assert method.own_optimizers["discriminator"].schedule == {"type": "PolyLR", "power": 0.7, "eta_min": 1e-6}
    assert type(build_optimizer({"optimizer": {"type": "SGD", "lr": 0.1}}, build("MinEnt"))) is GuardedOptimWrapper


def test_learning_rate_of_the_discriminator():
    """(1 - t / T) ** 0.9 of the first; the config's own schedule stays with the config's optimizer."""
    method = build("AdvSeg")
    optimizer = build_optimizer({"optimizer": {"type": "SGD", "lr": 0.1}}, method)
    cfg = Config({"param_scheduler": [{"type": "LinearLR"}], "train_cfg": {"max_iters": 1000}})
    made = schedules(cfg, method)
    assert made["main"] == cfg.param_scheduler and made.keys() == {"main", "discriminator"}
    schedule = PARAM_SCHEDULERS.build({**made["discriminator"][0], "optimizer": optimizer["discriminator"]})
    for iteration in range(1001):
        if iteration in (0, 500, 1000):
            expected = 1e-4 * (1 - iteration / 1000) ** 0.9
            assert optimizer.get_lr()["discriminator.lr"] == pytest.approx([expected], rel=1e-9, abs=1e-18)
        optimizer.step()
        schedule.step()
    assert schedules(cfg, build("MinEnt")) == cfg.param_scheduler


def test_initial_discriminator_depends_on_the_seed_alone():
    first, second, other = (build("AdvSeg", seed=seed, lambda_adv_target={"main": 0.1}).model_D for seed in (3, 3, 4))
    for one, same, different in zip(first.parameters(), second.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, same) and not torch.equal(one, different)


@pytest.mark.parametrize(("name", "terms"), [("AdvSeg", ("G_trg.loss", "D_src.loss", "D_trg.loss")), ("MinEnt", ("ent.loss",))])
def test_an_auxiliary_head_takes_part_with_its_own_weight(name, terms, monkeypatch):
    option = {"AdvSeg": "lambda_adv_target", "MinEnt": "lambda_ent"}[name]
    plain, helped = networks.plain(), networks.plain(auxiliary_head=AUXILIARY)
    for segmentor, levels in ((plain, {"main"}), (helped, {"main", "aux"})):
        method = build(name, segmentor=segmentor, **{option: {"main": 0.1, "aux": 0.2}})
        logs = run_step(method, monkeypatch, crops=FIVE_CLASSES)
        assert {key for key in logs if key.startswith(terms)} == {f"{term}.{level}" for term in terms for level in levels}


def test_a_level_without_weight_is_left_out(monkeypatch):
    method = build("AdvSeg", segmentor=networks.plain(auxiliary_head=AUXILIARY), lambda_adv_target={"main": 0.1})
    assert list(method.model_D) == ["main"]
    assert "G_trg.loss.aux" not in run_step(method, monkeypatch, crops=FIVE_CLASSES)


def test_unknown_discriminator_type_is_refused():
    with pytest.raises(UserError, match="Did you mean 'Vanilla'"):
        MODELS.build({"type": "AdvSeg", "segmentor": networks.plain(), **REQUIRED["AdvSeg"], "discriminator_type": "vanilla"})
