"""What a training does with the values of every iteration, beside the step."""

from __future__ import annotations

import logging
from types import SimpleNamespace

from mmengine.config import Config
from mmengine.hooks import RuntimeInfoHook
from mmengine.optim import OptimWrapper

from mmseg.engine.hooks import GuardHook
from mmseg.engine.message_hub import DeferredMessageHub

ENDLESS = 2**31
"""Patience of the guard: weights and labels are random here, and nothing is learned."""


class TrainingLog:
    """The hooks of a training that run in every iteration.

    Args:
        cfg: complete config.
        optim_wrapper: its steps are watched, if it checks its gradients (that of the baseline does not).
    """

    def __init__(self, cfg: Config, optim_wrapper: OptimWrapper) -> None:
        self.interval = cfg.default_hooks.logger.interval
        self.hub = DeferredMessageHub("benchmark")
        self.runner = SimpleNamespace(message_hub=self.hub, optim_wrapper=optim_wrapper, iter=0, logger=logging.getLogger("benchmark"))
        self.hooks = [RuntimeInfoHook()]
        if hasattr(optim_wrapper, "health"):
            guard = GuardHook(patience=ENDLESS)
            guard.before_train(self.runner)
            self.hooks.append(guard)

    def __call__(self, iteration: int, batch: dict, logs: dict) -> None:
        """Takes the values of an iteration; they are read when a training would write a line."""
        self.runner.iter = iteration
        for hook in self.hooks:
            hook.after_train_iter(self.runner, iteration, batch, logs)
        if (iteration + 1) % self.interval == 0:
            _ = self.hub.log_scalars
