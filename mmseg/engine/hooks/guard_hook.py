"""Names what was not finite, counts the steps that were left out for it, and stops a training that cannot go on."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from mmseg.engine.checkpoints.checkpoint import save_checkpoint
from mmseg.engine.optimizers import GradientHealth
from mmseg.registry import HOOKS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive

TRAIN_AGAIN = "Train again in another folder (--work-dir) with a lower optim_wrapper.optimizer.lr, or precision='fp32' if it is another."
"""The steps before may have ruined the weights of the stored state: a resume with a lower rate could not help."""
LEAST_SCALE = 1.0
"""A smaller factor of the losses cannot be what makes a gradient overflow."""


class HostCopy:
    """A tensor on its way to the host, which waits for it in :meth:`read` and not before."""

    def __init__(self, tensor: Tensor) -> None:
        self._copy = tensor.to("cpu", non_blocking=True)
        self._arrived = torch.cuda.Event() if tensor.is_cuda else None
        if self._arrived is not None:
            self._arrived.record()

    def read(self) -> Tensor:
        """The tensor on the CPU."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._copy


@dataclass(frozen=True)
class CheckedStep:
    """A step whose health the host does not know yet.

    Attributes:
        iteration: its number, from 1 as in the log.
        batch: what the loader gave for it.
        losses: what it logged and is a loss, by name.
        names: of the parameters with a gradient.
        norms: of these gradients.
        scale: of the losses.
    """

    iteration: int
    batch: dict
    losses: Mapping[str, Tensor]
    names: tuple[str, ...]
    norms: HostCopy
    scale: HostCopy

    @classmethod
    def of(cls, iteration: int, batch: dict, logs: Mapping[str, Tensor], health: GradientHealth) -> CheckedStep:
        """From the values that a step leaves."""
        losses = {name: value for name, value in logs.items() if "loss" in name}
        return cls(iteration, batch, losses, health.names, HostCopy(health.norms), HostCopy(health.scale))

    @property
    def left_out(self) -> bool:
        """Whether a gradient was not finite."""
        return not self.norms.read().isfinite().all()

    def reason(self) -> str:
        """The losses that were not finite; else the gradient that the backward pass met first, which is that of the last parameter."""
        wrong = [f"{name} = {float(value)}" for name, value in self.losses.items() if not torch.isfinite(value)]
        if wrong:
            return ", ".join(wrong)
        last = (~self.norms.read().isfinite()).nonzero().max()
        return f"the gradient of {self.names[last]}"


@HOOKS.register_module()
class GuardHook(Hook):
    """Watches over the steps that :class:`mmseg.engine.optimizers.GuardedOptimWrapper` leaves out.

    Each of them is one line in the log, and ``skipped_steps`` counts them there from the first one on. On a GPU the host
    learns of a step after the next one, so that the device never waits. Every training has this hook; the option
    ``default_hooks.guard.patience`` of a config changes its patience.

    With precision='fp16', overflows are how the scale of the losses is found: they count towards ``patience`` only when
    the scale has fallen to 1.

    Args:
        patience: steps in a row that may be left out; then the training stops and the last batch is saved.

    Raises:
        UserError: a patience below 1; the training has stopped.
    """

    priority = "HIGHEST"  # before a state is saved, or anything else is done with a training that stops

    def __init__(self, *, patience: Positive[int] = 10) -> None:
        self.patience = patience
        self.skipped = self.in_a_row = 0
        self.told_of_nothing = False
        self.unread: deque[CheckedStep] = deque()
        self.runner: Runner | None = None

    def before_train(self, runner: Runner) -> None:
        """Learns where to write."""
        self.runner = runner

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Reads the health of this step, or on a GPU that of the one before; ``runner.iter`` counts finished iterations from 0."""
        health = runner.optim_wrapper.health
        self.unread.append(CheckedStep.of(runner.iter + 1, data_batch, outputs, health))
        while len(self.unread) > int(health.norms.is_cuda):
            self._read(self.unread.popleft())
        if self.skipped:
            runner.message_hub.update_scalar("train/skipped_steps", self.skipped)

    def after_train(self, runner: Runner) -> None:
        """Reads what is left."""
        self._read_all()

    def state_dict(self) -> dict[str, int]:
        """The counts."""
        self._read_all()
        return {"skipped": self.skipped, "in_a_row": self.in_a_row}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Goes on with these counts.

        Raises:
            TypeError: they are no counts.
        """
        self.skipped, self.in_a_row = operator.index(state.get("skipped", 0)), operator.index(state.get("in_a_row", 0))

    def _read_all(self) -> None:
        while self.unread:
            self._read(self.unread.popleft())

    def _read(self, step: CheckedStep) -> None:
        if not step.left_out:
            self.in_a_row = 0
            self._tell_of_nothing(step)
            return
        self.skipped += 1
        scale, text = float(step.scale.read()), f"Step {step.iteration} is left out, not finite: {step.reason()}"
        if scale > LEAST_SCALE:
            self.runner.logger.info(f"{text}. The scale {scale:g} of the losses is halved; {self.skipped} left out so far.")
            return
        self.in_a_row += 1
        self.runner.logger.warning(f"{text}. {self.skipped} left out so far, {self.in_a_row} in a row.")
        if self.in_a_row >= self.patience:
            self._stop(step)

    def _tell_of_nothing(self, step: CheckedStep) -> None:
        """One line for the first step whose gradients are all 0: a batch may have no labels, and a training that never has any learns
        nothing."""
        if self.told_of_nothing or step.norms.read().any():
            return
        self.told_of_nothing = True
        why = "all labels of its batch are ignored, or all weights of its losses (loss_weight, class_weight) are 0"
        self.runner.logger.warning(f"Step {step.iteration} teaches nothing, every gradient is 0: {why}. Later such steps are not named.")

    def _stop(self, step: CheckedStep) -> None:
        """Ends the training. What was learned before these steps is unharmed."""
        rank = f"_{get_rank()}" if get_world_size() > 1 else ""
        path = Path(self.runner.work_dir) / f"nonfinite_batch{rank}.pth"
        losses = {name: float(value) for name, value in step.losses.items()}
        save_checkpoint(path, {"iteration": step.iteration, "losses": losses, "batch": step.batch})
        what = f"{self.in_a_row} steps in a row were not finite, in the last one {step.reason()}"
        raise UserError(f"Training stopped after iteration {step.iteration}: {what}. Its batch is in {path}. {TRAIN_AGAIN}")
