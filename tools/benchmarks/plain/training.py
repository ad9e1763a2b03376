"""The training step the straightforward way: what ours is measured against, with equal losses.

A method is built as usual, then its parts exchange their class for a plain one. Weights, their names and all random draws
stay: networks as in :mod:`tools.benchmarks.plain.networks`, teacher and mixing as in
:mod:`tools.benchmarks.plain.step`, and here one optimizer group per tensor and float32 whatever the config says.
What has no plain form (losses, decoders, other encoders) is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.registry import OPTIMIZERS
from torch import Tensor, nn

from mmseg.engine.optimizers import parameter_groups
from mmseg.engine.parts import build_model
from mmseg.models.uda import UDAMethod
from mmseg.registry import build_checked
from tools.benchmarks.plain.networks import PLAIN_MODULES
from tools.benchmarks.plain.step import PLAIN_PARTS, PlainStep

LEVERS = ("precision", "compile", "model.backbone.with_cp", "uda.imnet_encoder_only")
"""Entries of a config that make its training faster or smaller; the baseline does without."""


class PlainOptimizers(OptimWrapperDict):
    """The optimizer of the config, 'main', and after it those of the method; no step is ever skipped."""

    def backward(self, loss: Tensor, **options) -> None:
        """One backward pass for all."""
        self["main"].backward(loss, **options)

    def step(self, **options) -> None:
        """One step of each, in their order."""
        for wrapper in self.values():
            wrapper.step(**options)


def build_baseline(cfg: Config) -> tuple[UDAMethod, OptimWrapper]:
    """The method of a config and its optimizer; ``method.train_step(data, optim_wrapper)`` is the plain step.

    Args:
        cfg: see :func:`mmseg.config.config.load_config`.

    Returns:
        a method whose state has the keys of ``build_model(cfg)`` (without its levers), and the wrapper of its optimizers.
    """
    cfg = without_levers(cfg)
    method = build_model(cfg)
    for module in method.modules():
        exchange_class(module, PLAIN_MODULES)
    for part in (*method.teachers, *method.objectives.values(), method.augment):
        exchange_class(part, PLAIN_PARTS)
    method.__class__ = type(f"Plain{type(method).__name__}", (PlainStep, type(method)), {})
    return method, build_plain_optimizer(cfg.optim_wrapper, method)


def without_levers(cfg: Config) -> Config:
    """A copy of a config that trains as published: in float32, eagerly, with everything kept in memory."""
    plain = Config(cfg.to_dict())
    for path in LEVERS:
        *sections, key = path.split(".")
        place = plain
        for section in sections:
            place = place[section]
        place.pop(key, None)
    return plain


def exchange_class(part: Any, plain: Mapping[type, type]) -> None:
    """Gives an object that has a plain form its class; what it holds stays."""
    if type(part) in plain:
        part.__class__ = plain[type(part)]


def build_plain_optimizer(optim_wrapper: Mapping, method: UDAMethod) -> OptimWrapper:
    """The optimizers of a config and a method, with one group per tensor that is updated on its own."""
    optimizer, keys = optim_wrapper["optimizer"], (optim_wrapper.get("paramwise_cfg") or {}).get("custom_keys", {})
    groups = parameter_groups(method, optimizer["lr"], optimizer.get("weight_decay", 0.0), keys)
    main = plain_optimizer(optimizer, [{**group, "params": [tensor]} for group in groups for tensor in group["params"]])
    own = {name: plain_optimizer(spec.optimizer, each_tensor(spec.part)) for name, spec in method.own_optimizers.items()}
    return PlainOptimizers(main=main, **own) if own else main


def each_tensor(part: nn.Module) -> list[dict]:
    """One group per parameter."""
    return [{"params": [tensor]} for tensor in part.parameters()]


def plain_optimizer(optimizer: Mapping, groups: list[dict]) -> OptimWrapper:
    """A torch optimizer that loops over its tensors, in the wrapper without any extras."""
    return OptimWrapper(build_checked({**optimizer, "params": groups, "foreach": False, "fused": False}, OPTIMIZERS))
