"""Several optimizers that take part in every step."""

from __future__ import annotations

from mmengine.optim import OptimWrapperDict
from torch import Tensor

from mmseg.engine.optimizers.fused import step_unless
from mmseg.engine.optimizers.guarded import GradientHealth


class JointOptimWrapper(OptimWrapperDict):
    """The optimizer of the config, 'main', and after it those that a method brings along.

    A step treats it like a single optimizer. Parts may overlap: every optimizer sees the same gradients. 'main', which
    has all of them, checks them for all.
    """

    def zero_grad(self, **options) -> None:
        """Clears the gradients of all."""
        for wrapper in self.values():
            wrapper.zero_grad(**options)

    def backward(self, loss: Tensor, **options) -> None:
        """One backward pass for all."""
        self["main"].backward(loss, **options)

    def step(self) -> None:
        """One step of each, in their order, or of none."""
        main, *others = self.values()
        main.step()
        for other in others:
            step_unless(other.optimizer, main.health.overflow)

    @property
    def health(self) -> GradientHealth | None:
        """See :class:`GuardedOptimWrapper`."""
        return self["main"].health

    def get_lr(self) -> dict[str, list[float]]:
        """Learning rates: 'lr' of the main optimizer, as if it were alone, and '<name>.lr' of the others."""
        others = {f"{name}.lr": wrapper.get_lr()["lr"] for name, wrapper in self.items() if name != "main"}
        return {**self["main"].get_lr(), **others}
