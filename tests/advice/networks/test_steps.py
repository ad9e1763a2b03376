"""Advice that a step of a training gives."""

from types import SimpleNamespace

import torch

from mmseg.engine.dry_pass import dry_pass
from mmseg.engine.hooks.base_styles_hook import BaseStylesHook, hallucination_of
from mmseg.models.uda.discriminator import Discriminator
from mmseg.registry import MODELS
from mmseg.structures import UDABatch
from tests.advice.following import advice
from tests.advice.networks.parts import MASK
from tests.engine.test_dry_pass import method as on_plain
from tests.engine.test_dry_pass import pooled
from tests.models.networks import plain
from tests.models.uda.test_methods import batch, build, network, run_step

# Steps


def test_a_discriminator(monkeypatch):
    align = {"type": "AlignToSource", "loss": "LS", "weights": {"main": 0.1}}
    (said,) = advice("{}. Use uda.type='AdvSeg'.", lambda: run_step(build(objectives={"align": align}), monkeypatch))
    assert "AlignToSource and Discriminate need a discriminator of predictions" in said
    assert run_step(build("AdvSeg", objectives={"own": align}), monkeypatch)
    advice(
        "The discriminator needs predictions of {}x{} pixels or more, not {}. Use a larger crop_size.",
        lambda: Discriminator(num_classes=2)(torch.zeros(1, 2, 31, 64)),
    )
    assert Discriminator(num_classes=2)(torch.zeros(1, 2, 32, 64)).shape == (1, 1, 1, 2)


def test_one_crop_of_each(monkeypatch):
    three = UDABatch(
        *(torch.cat([value, value[:1]]) for value in (batch().source_image, batch().source_label, batch().target_image)),
        source_classes=batch().source_classes,
    )
    advice("Set it, or use 'separatetrg'.", lambda: run_step(build(mask_generator=MASK, mask_mode="separate"), monkeypatch, crops=three))
    assert run_step(build(mask_generator=MASK, mask_mode="separate"), monkeypatch)
    assert run_step(build(mask_generator=MASK, mask_mode="separatetrg"), monkeypatch, crops=three)


def test_a_target_that_is_missing(monkeypatch):
    alone = UDABatch(batch().source_image, batch().source_label, source_classes=batch().source_classes)
    advice("Give train_dataloader.dataset.target, or use a method without one", lambda: run_step(build(), monkeypatch, crops=alone))
    assert run_step(build(), monkeypatch) and run_step(build("SourceOnly"), monkeypatch, crops=alone)


def test_margins(monkeypatch):
    valid = batch(torch.ones(2, 64, 64))
    advice(
        "{} ignore the same margins twice. Set one of the two to 0 or None.",
        lambda: run_step(build(pseudo_weight_ignore_top=4), monkeypatch, crops=valid),
    )
    assert run_step(build(), monkeypatch, crops=valid) and run_step(build(pseudo_weight_ignore_top=4), monkeypatch)
    advice("so no pseudo-label would count. Use less.", lambda: run_step(build(pseudo_weight_ignore_top=64), monkeypatch))
    assert run_step(build(pseudo_weight_ignore_top=63), monkeypatch)


def styled(options: dict | None, **more: object):
    """A method that compares styles, of a network that shows every image in two; they are measured."""
    model = network()
    model["backbone"] = {**model["backbone"], "style_hallucination_cfg": options}
    method = MODELS.build({"type": "DomainGeneralization", "segmentor": model, "style_consistency_lambda": 10.0, **more})
    method.init_weights()
    if options is not None:
        method.model.backbone.style_hallucination.proto_std.fill_(1)
    return method.train()


def test_styles(monkeypatch):
    advice(
        "Set model.backbone.style_hallucination_cfg=dict(), or uda.style_consistency_lambda=0", lambda: run_step(styled(None), monkeypatch)
    )
    assert run_step(styled({}), monkeypatch) and run_step(styled(None, style_consistency_lambda=0), monkeypatch)


def test_base_styles():
    def runner(options: dict | None, images: int = 6):
        dataset = list(range(images))
        network = styled(options, **({} if options is not None else {"style_consistency_lambda": 0}))
        return SimpleNamespace(network=network, iter=1, train_dataloader=SimpleNamespace(dataset=dataset))

    advice(
        "Set model.backbone.style_hallucination_cfg=dict(), or leave the hook out of custom_hooks", lambda: hallucination_of(runner(None))
    )
    assert hallucination_of(runner({}))
    seven = runner({"base_style_num": 7})
    _, most, _ = advice("BaseStylesHook: {}. Use at most {}, or {}.", lambda: BaseStylesHook().before_train(seven))
    BaseStylesHook().before_train(runner({"base_style_num": int(most)}))
    BaseStylesHook().before_train(runner({"base_style_num": 7}, images=7))
    *_, more = advice(
        "BaseStylesHook: {}. Use at most {}, or {}.", lambda: BaseStylesHook(samples=2).before_train(runner({"base_style_num": 3}))
    )
    assert more == "more samples"
    BaseStylesHook(samples=3).before_train(runner({"base_style_num": 3}))


# A pass of shapes


def test_a_batch_of_one():
    advice(
        "which leaves nothing. Set train_dataloader.batch_size=2 or more, or leave the pooling out (pool=False of an 'aspp').",
        lambda: dry_pass(on_plain(pooled()), 1, (64, 64)),
    )
    dry_pass(on_plain(pooled()), 2, (64, 64))
    dry_pass(on_plain(plain()), 1, (64, 64))


def test_layers_that_do_not_fit():
    trained = on_plain(plain())
    right = trained.model.decode_head.fuse_layer
    trained.model.decode_head.fuse_layer = torch.nn.Conv2d(7, 8, 1)
    part, *_ = advice(
        "{} does not fit what comes in, for a batch of {} crops of {}x{}: {}. Correct the options of this part, or of the one before it.",
        lambda: dry_pass(trained, 2, (64, 64)),
    )
    assert part == "model.decode_head.fuse_layer"
    trained.model.decode_head.fuse_layer = right
    dry_pass(trained, 2, (64, 64))
