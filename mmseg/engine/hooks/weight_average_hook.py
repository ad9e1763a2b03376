"""Evaluating the moving average of the weights.

Sources: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992, for averages of weights; Yun et al., SoMA,
CVPR 2025, who evaluate a moving average from iteration 12,000 of 40,000 on.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmseg.models.weights.values import defect
from mmseg.registry import HOOKS
from mmseg.utils.options.ranges import NonNegative, Share

STUDENT = "model"
TRAINED = "trained"


@HOOKS.register_module()
class WeightAverageHook(Hook):
    """Follows the trained parameters of the student by a moving average, which is evaluated and kept in their place.

    The training itself does not see it: no gradient, no teacher and no pseudo-label. Buffers, such as statistics of BatchNorm, are not
    averaged. Evaluations and the networks of a checkpoint have the averaged weights, so that ``tools/test.py`` and all that read a
    checkpoint see what was evaluated; the weights that are trained on lie beside them, and a resumed training goes on with those.

    Args:
        begin: iterations after which the average starts, as a copy of the weights; until then they are evaluated themselves.
        momentum: share of the new weights in each update.
    """

    priority = "ABOVE_NORMAL"  # the state that CheckpointHook writes has the average of its iteration

    def __init__(self, *, begin: NonNegative[int] = 0, momentum: Share = 0.0002) -> None:
        self.begin, self.momentum = begin, momentum
        self.weights: dict[str, nn.Parameter] = {}
        self.average: dict[str, Tensor] = {}  # while they are evaluated: the weights that are trained on
        self.evaluated = False

    def before_run(self, runner: Runner) -> None:
        """Learns whom to follow."""
        named = runner.network.model.named_parameters(prefix=STUDENT)
        self.weights = {name: weight for name, weight in named if weight.requires_grad}
        if self.begin >= runner.max_iters:
            text = f"WeightAverageHook begins after iteration {self.begin}, and the training has {runner.max_iters}"
            runner.logger.warning(f"{text}: the weights themselves are evaluated.")

    @torch.no_grad()
    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Starts the average, or moves it towards the weights; ``runner.iter`` counts finished iterations from 0."""
        if runner.iter + 1 < self.begin:
            return
        if self.average:
            torch._foreach_lerp_(list(self.average.values()), [weight.detach() for weight in self.weights.values()], self.momentum)
        else:
            self.average = {name: weight.detach().clone() for name, weight in self.weights.items()}

    def before_val_epoch(self, runner: Runner) -> None:
        """Evaluates the average."""
        self._exchange()

    def after_val(self, runner: Runner) -> None:
        """Trains on."""
        self._exchange()

    def _exchange(self) -> None:
        """Lets weights and average change places. Tensors are exchanged, not their values: who has noted one still has it."""
        if self.average:
            for name, weight in self.weights.items():
                weight.data, self.average[name] = self.average[name], weight.data
            self.evaluated = not self.evaluated

    def _either(self, *, averaged: bool) -> dict[str, Tensor]:
        """Averages or weights, wherever they are now; empty before the beginning."""
        if averaged == self.evaluated:
            return {name: self.weights[name].detach() for name in self.average}
        return dict(self.average)

    def evaluated_state(self) -> dict[str, Tensor]:
        """Entries of the method's state dict as they are evaluated, where that is not how they are trained."""
        return self._either(averaged=True)

    def state_dict(self) -> dict[str, dict[str, Tensor]]:
        """The weights that are trained on."""
        return {TRAINED: self._either(averaged=False)} if self.average else {}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Goes on with the average that the network has been given, and with these weights in its place.

        Raises:
            ValueError: they are not those of the network.
        """
        if TRAINED not in state:
            return
        trained = state[TRAINED]
        if trained.keys() != self.weights.keys():
            raise ValueError("other parameters are trained")
        for name, weight in self.weights.items():
            if not isinstance(trained[name], Tensor) or trained[name].shape != weight.shape:
                raise ValueError(f"{name} is of another shape")
            if wrong := defect(trained[name], like=weight):
                raise ValueError(f"{name} {wrong}")
        self.average = {name: weight.detach().clone() for name, weight in self.weights.items()}
        for name, weight in self.weights.items():
            weight.copy_(trained[name])
