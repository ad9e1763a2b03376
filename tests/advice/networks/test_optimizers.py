"""Advice about optimizers, hooks and schedules."""

from collections.abc import Callable

import pytest
from mmengine.config import Config

from mmseg.config import load_config
from mmseg.config.schedule import other_ends, resolve_ends
from mmseg.engine.optimizers.grouped import GroupedOptimWrapperConstructor
from mmseg.engine.parts import hook_configs, late_note, target_note
from mmseg.registry import DATASETS, MODELS
from tests import tiny
from tests.advice.following import advice
from tests.models.networks import plain
from tests.models.uda.test_methods import build

# The optimizer and hooks


@pytest.fixture(scope="module")
def small():
    return MODELS.build({"type": "SourceOnly", "segmentor": plain()})


def wrapped(small, custom_keys: dict | None = None, **options: object) -> Callable:
    given = {"optimizer": {"type": "AdamW", "lr": 6e-5}, **options}
    paramwise = options.pop("paramwise_cfg", None) or {"custom_keys": custom_keys or {}}
    given.pop("paramwise_cfg", None)
    return lambda: GroupedOptimWrapperConstructor(given, paramwise)(small)


def test_optimizers(small):
    advice(
        "optim_wrapper.accumulative_counts must be 1: {}. Use micro_batches with a larger batch_size instead.",
        wrapped(small, accumulative_counts=2),
    )
    wrapped(small, accumulative_counts=1)()  # beside micro_batches, see tests/advice/configs/test_entries.py
    _, near = advice(
        "optim_wrapper.type={} is not known to a step of several backward passes. Did you mean '{}'?", wrapped(small, type="OptimWraper")
    )
    wrapped(small, type=near)()
    advice(
        "Use 'OptimWrapper', with precision='bf16' or 'fp16' beside optim_wrapper for mixed precision.",
        wrapped(small, type="AmpOptimWrapper"),
    )
    load_config(tiny.ROOT / tiny.CONFIG, {"optim_wrapper.type": "OptimWrapper", "precision": "bf16"})
    advice("Give for example optimizer=dict(type='AdamW', lr=6e-5).", wrapped(small, optimizer={"type": "AdamW"}))
    wrapped(small, optimizer={"type": "AdamW", "lr": 6e-5})()


def test_rates_of_some_parameters(small):
    values = {"lr_mult": 10.0}
    (near,) = advice("Did you mean '{}'? Use custom_keys.", wrapped(small, paramwise_cfg={"custom_kyes": {"head": values}}))
    wrapped(small, paramwise_cfg={near: {"head": values}})()
    near = advice("matches no parameter. Did you mean '{}'?", wrapped(small, {"decode_haed": values}))[0]
    wrapped(small, {near: values})()
    advice("matches no parameter. Leave it out, or write a part of a parameter's name.", wrapped(small, {"zzz": values}))
    wrapped(small)()
    wrapped(small, {"conv_seg": values})()
    _, _, near = advice("custom_keys['{}'] has no option '{}'. Did you mean '{}'?", wrapped(small, {"head": {"lr_mul": 10.0}}))
    wrapped(small, {"head": {near: 10.0}})()
    advice("has no option '{}'. Use lr_mult or decay_mult.", wrapped(small, {"head": {"zzz": 1.0}}))
    wrapped(small, {"head": {"lr_mult": 1.0, "decay_mult": 0.0}})()
    quirks = {"paramwise_cfg": {"published_quirks": "yes"}}
    said = "".join(advice("optim_wrapper.paramwise_cfg.{}{}", wrapped(small, **quirks)))
    assert said == "published_quirks is 'yes'. It should be True or False."
    wrapped(small, paramwise_cfg={"published_quirks": True})()
    *_, wish = advice("optim_wrapper.paramwise_cfg.custom_keys['{}'].{}{}", wrapped(small, {"head": {"lr_mult": "x"}}))
    assert "should be a number" in wish
    wrapped(small, {"head": {"lr_mult": 2.0}})()


def test_a_decay_by_block(small):
    decay = {"paramwise_cfg": {"layer_decay": 0.9}}
    advice("does not have. Leave it out, or use a plain transformer of timm as the encoder.", wrapped(small, **decay))
    wrapped(small)()
    head = {"type": "FCNHead", "in_channels": 64, "in_index": 3, "channels": 4, "num_classes": 3}
    plain_one = {"type": "EncoderDecoder", "backbone": {"type": "TimmBackbone", "name": "test_vit"}, "decode_head": head}
    wrapped(MODELS.build({"type": "SourceOnly", "segmentor": plain_one}), **decay)()


def test_hooks_that_no_training_can_do_without():
    def hooks(**changes: object):
        return lambda: hook_configs(Config({"default_hooks": changes}))

    name, _ = advice("default_hooks.{} is None: {}. Leave it as it is, or give a dictionary with its options.", hooks(checkpoint=None))
    hooks()()
    hooks(**{name: {"interval": 5}})()


# Notes


def test_a_target_that_nothing_looks_at(tiny_data):
    def note(**changes: object) -> str | None:
        cfg = load_config(tiny.ROOT / tiny.CONFIG, {**tiny.values(tiny_data), "uda": {"_delete_": True, "type": "SourceOnly"}, **changes})
        return target_note(DATASETS.build({"seed": 0, **cfg.train_dataloader.dataset}), build("SourceOnly"))

    none = {f"train_dataloader.dataset.{key}": None for key in ("target", "target_crop", "crop_pseudo_margins")}
    advice("Remove target and target_crop, or set both to None.", note())
    assert note(**none) is None


def test_terms_that_never_begin():
    late = build(self_training_start=10)
    advice("Lower self_training_start or start, or train longer, where that is not meant.", late_note(late, 10))
    assert late_note(late, 11) is None and late_note(build(self_training_start=9), 10) is None


def test_schedules_of_another_length():
    def notes(end: int | None) -> list[str]:
        schedule = {"type": "PolyLR", **({} if end is None else {"end": end})}
        return other_ends(resolve_ends(Config({"train_cfg": {"max_iters": 100}, "param_scheduler": [schedule]})))

    advice("Shorten it, or train longer, where that is not meant.", notes(200)[0])
    *_, end = advice("the learning rate {}. Set its end to {}, or leave it out, where that is not meant.", notes(50)[0])
    assert notes(int(end)) == [] and notes(None) == []
