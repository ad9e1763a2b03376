"""Averaging gradients over the processes of a training, once per step."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mmseg.models.uda.step import Objective, StepContext


class ObjectivePass(nn.Module):
    """The parameters that a method trains, with any of its objectives as their forward pass.

    DistributedDataParallel looks at what a forward pass returns to find the parameters that its backward pass will
    reach. From a loss it finds exactly those; from all that a network returns, it would also find a head that the loss
    leaves out, and wait for its gradients forever.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        super().__init__()
        self.trained = nn.ParameterList(parameter for parameter in parameters if parameter.requires_grad)

    def forward(self, objective: Objective, step: StepContext) -> Tensor:
        """The scalar loss of an objective."""
        return objective(step)


class GradientExchange:
    """One DistributedDataParallel around all that a method trains: the student, and a discriminator.

    Every backward pass but the last of a step adds to the gradients of this process alone. The last one averages the
    sums, in buckets that travel while it is still running, those of parameters that it does not reach at its start. A
    parameter without a gradient in the whole step keeps none. Buffers stay where they are, see
    :func:`mmseg.engine.batch_norm.average_statistics`.

    Args:
        parameters: of the method; frozen ones are left out.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        warnings.filterwarnings("ignore", message="Grad strides do not match bucket view strides")  # of sides of 1, which have many
        self.wrapper = DistributedDataParallel(ObjectivePass(parameters), find_unused_parameters=True, gradient_as_bucket_view=True)

    def __call__(self, objective: Objective, step: StepContext, *, last: bool) -> Tensor:
        """The loss of an objective, whose backward pass comes next.

        Args:
            objective, step: of this iteration.
            last: whether that is the last backward pass of the step.
        """
        with contextlib.nullcontext() if last else self.wrapper.no_sync():
            return self.wrapper(objective, step)
