"""Steps that are left out, on the device, where a gradient is not finite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.optim import Optimizer

from mmseg.engine.optimizers.fused import step_unless
from mmseg.models.uda import UDAMethod
from mmseg.utils.options.engine_options import GradientClipping

LOSS_SCALER = "loss_scaler"


@dataclass(frozen=True)
class GradientHealth:
    """What the gradients of a step say; the tensors are on the device.

    Attributes:
        names: the n parameters with a gradient, in the order of the networks.
        norms: float32 [n], their Euclidean norms.
        overflow: float32 scalar, 1 if one of them is not finite, else 0.
        scale: float32 scalar, factor of the losses whose gradients they were.
    """

    names: tuple[str, ...]
    norms: Tensor
    overflow: Tensor
    scale: Tensor

    @classmethod
    def of(cls, parameters: Mapping[str, nn.Parameter], scaler: torch.amp.GradScaler) -> GradientHealth:
        """From the gradients of named parameters, of which some may have none."""
        gradients = {name: parameter.grad for name, parameter in parameters.items() if parameter.grad is not None}
        norms = torch.stack(torch._foreach_norm(list(gradients.values()))) if gradients else torch.zeros(0)
        return cls(tuple(gradients), norms, (~norms.isfinite()).any().float(), scaler.scale(norms.new_ones(())))


class KeptBuffers:
    """Copies of buffers, to give back after a step that is left out: its passes have reached BatchNorm's statistics.

    Args:
        buffers: all on one device.
    """

    def __init__(self, buffers: Iterable[Tensor]) -> None:
        ordered = sorted(buffers, key=lambda buffer: str(buffer.dtype))
        self.groups = [list(group) for _, group in groupby(ordered, key=lambda buffer: buffer.dtype)]
        self.copies = [_joined(group) for group in self.groups]

    def give_back(self, overflow: Tensor) -> None:
        """Where ``overflow`` is 1; a few kernels for hundreds of buffers, and none on the CPU for a step that counts."""
        if overflow.device.type == "cpu" and not overflow:
            return
        for group, copy in zip(self.groups, self.copies, strict=True):
            chosen = torch.where(overflow.bool(), copy, _joined(group)).split([buffer.numel() for buffer in group])
            torch._foreach_copy_(group, [values.view_as(buffer) for values, buffer in zip(chosen, group, strict=True)])


def _joined(buffers: list[Tensor]) -> Tensor:
    return torch.cat([buffer.flatten() for buffer in buffers])


class GuardedOptimWrapper(OptimWrapper):
    """The optimizer of a config. A step with a gradient that is not finite changes neither weights, state nor statistics.

    All gradients of the step are checked at once after its last backward pass. With several processes they are averaged
    by then, so that all processes agree. Learning rates and the teacher go on; :class:`mmseg.engine.hooks.GuardHook`
    names what was not finite, and stops the training after several such steps.

    With 'fp16', the losses are scaled (Micikevicius et al., "Mixed Precision Training", ICLR 2018): all backward passes
    of a step by the same factor, which halves after an overflow and doubles after 2,000 steps without one.

    Args:
        optimizer: over all trainable parameters of ``method``.
        method: says in which precision it trains.
        clip_grad: options of torch's ``clip_grad_norm_``, or None.
        accumulative_counts: must be 1; see :class:`GroupedOptimWrapperConstructor`.

    Attributes:
        health: of the last step's gradients.
    """

    def __init__(
        self, *, optimizer: Optimizer, method: UDAMethod, clip_grad: GradientClipping | None = None, accumulative_counts: int = 1
    ) -> None:
        super().__init__(optimizer, accumulative_counts=accumulative_counts, clip_grad=clip_grad)
        self.method = method
        self.scaler = torch.amp.GradScaler(get_device(), enabled=method.precision.scales_losses)
        self.kept = KeptBuffers(())
        self.health: GradientHealth | None = None

    def zero_grad(self, **options) -> None:
        """Clears the gradients before the passes of a step, and keeps what these passes change beside them."""
        super().zero_grad(**options)
        self.kept = KeptBuffers(buffer for module in self._buffered_modules for buffer in module.buffers(recurse=False))

    def backward(self, loss: Tensor, **options) -> None:
        """One of the backward passes of a step."""
        super().backward(self.scaler.scale(loss), **options)

    def step(self) -> None:
        """Checks the gradients, then steps or leaves it out."""
        self.scaler.unscale_(self.optimizer)
        self.health = GradientHealth.of(self._parameters, self.scaler)
        if self.clip_grad_kwargs:
            self._clip_grad()
        step_unless(self.optimizer, self.health.overflow)
        self.kept.give_back(self.health.overflow)
        self.scaler.update()

    def _clip_grad(self) -> None:
        """As mmengine's, but leaves the norm on the device: to log it, the host would wait."""
        parameters = [parameter for parameter in self._parameters.values() if parameter.grad is not None]
        if parameters:
            self.clip_func(parameters, **self.clip_grad_kwargs)

    @cached_property
    def _parameters(self) -> dict[str, nn.Parameter]:
        """What is trained, by name; found once, because looking through three large networks takes milliseconds."""
        return {name: parameter for name, parameter in self.method.named_parameters() if parameter.requires_grad}

    @cached_property
    def _buffered_modules(self) -> list[nn.Module]:
        """The modules that have buffers; the buffers themselves are others after a move to another device."""
        return [module for module in self.method.modules() if any(True for _ in module.buffers(recurse=False))]

    def state_dict(self) -> dict:
        """With the state of the loss scaler, where there is one."""
        scaler = {LOSS_SCALER: self.scaler.state_dict()} if self.scaler.is_enabled() else {}
        return {**super().state_dict(), **scaler}

    def load_state_dict(self, state_dict: dict) -> None:
        """Goes on; with a new scale if the state is of a training in another precision."""
        state = dict(state_dict)
        scaler = state.pop(LOSS_SCALER, None)
        super().load_state_dict(state)
        if scaler and self.scaler.is_enabled():
            self.scaler.load_state_dict(scaler)
