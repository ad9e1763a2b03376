"""Where the time of a training step goes, measured from outside: parts of the step are wrapped, not changed."""

from __future__ import annotations

import contextlib
import functools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import torch
from mmengine.optim import OptimWrapper

from mmseg.models.uda import UDAMethod
from mmseg.models.uda.objectives import (
    AlignToSource,
    Discriminate,
    MinimizeEntropy,
    MixedSupervision,
    SourceSupervision,
)
from mmseg.models.uda.objectives.consistency.masked import MaskedConsistency
from mmseg.models.uda.step import StepContext

NAMES = {
    SourceSupervision: "source",
    MixedSupervision: "mixed",
    MaskedConsistency: "masked",
    MinimizeEntropy: "entropy",
    AlignToSource: "alignment",
    Discriminate: "discriminator",
}
PREPARATION = {"mixed": "mixing", "masked": "masking"}
"""What an objective does beside its pass through the student and the teacher's labels."""


class PhaseTimer:
    """Seconds by phase, by the clock and of the CPU. Phases may nest; an inner one is not counted in the outer one.

    Args:
        device: a GPU is waited for before a phase begins and after it ends.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.open: list[str] = []
        self.seconds: dict[str, float] = defaultdict(float)
        self.cpu_seconds: dict[str, float] = defaultdict(float)
        self.mark = self.cpu_mark = 0.0

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Everything inside counts as ``name``, except inner phases."""
        self._pass_on()
        self.open.append(name)
        try:
            yield
        finally:
            self._pass_on()
            self.open.pop()

    def _pass_on(self) -> None:
        """Credits the time since the last change to the innermost open phase."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now, cpu_now = time.perf_counter(), time.process_time()
        if self.open:
            self.seconds[self.open[-1]] += now - self.mark
            self.cpu_seconds[self.open[-1]] += cpu_now - self.cpu_mark
        self.mark, self.cpu_mark = now, cpu_now

    def wrap(self, function: Callable, name: str | Callable[[], str]) -> Callable:
        """The same function as a phase; a callable ``name`` is asked when the phase begins."""

        def timed(*args, **kwargs):
            with self.phase(name if isinstance(name, str) else name()):
                return function(*args, **kwargs)

        return timed


class TimedObjective:
    """An objective whose parts are phases.

    Args:
        objective: the objective of a method.
        timer: measures.
        running: gets the name of the objective, for the backward pass that follows.
    """

    def __init__(self, objective: Callable, timer: PhaseTimer, running: list[str]) -> None:
        self.objective, self.start, self.timer, self.running = objective, objective.start, timer, running
        known = (NAMES[base] for base in type(objective).__mro__ if base in NAMES)
        self.name = next(known, type(objective).__name__)

    def __call__(self, step: StepContext) -> torch.Tensor:
        self.running[:] = [self.name]
        forward = f"{self.name} forward"
        for part in ("forward", "student_loss"):
            setattr(step, part, self.timer.wrap(functools.partial(getattr(type(step), part), step), forward))
        with self.timer.phase(PREPARATION.get(self.name, forward)):
            return self.objective(step)


@contextlib.contextmanager
def timed_phases(method: UDAMethod, optim_wrapper: OptimWrapper, timer: PhaseTimer) -> Iterator[None]:
    """Lets the steps inside the context report to ``timer``."""
    running: list[str] = []
    parts = [(method.data_preprocessor, "batch", "to the device")]
    for teacher in method.teachers:
        parts += [(teacher, "update", "EMA"), (teacher, "label", "teacher")]
    for objective in method.objectives.values():
        if getattr(objective, "feature_distance", None):
            parts.append((objective, "feature_distance", "feature distance"))
    parts.append((optim_wrapper, "backward", lambda: f"{running[0]} backward"))
    parts += [(optim_wrapper, name, "optimizer") for name in ("zero_grad", "step")]
    objectives = {name: TimedObjective(objective, timer, running) for name, objective in method.objectives.items()}
    with contextlib.ExitStack() as patches:
        for owner, part, name in parts:
            patches.enter_context(patched(owner, part, timer.wrap(getattr(owner, part), name)))
        patches.enter_context(patched(method, "objectives", objectives))
        yield


@contextlib.contextmanager
def patched(owner: object, name: str, value: object) -> Iterator[None]:
    """Sets an attribute of an instance and restores what the instance had."""
    had, before = name in vars(owner), vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if had:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


def median_phases(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Median over the rounds of the seconds of each phase; a phase that a round lacks took no time there."""
    names = dict.fromkeys(name for single in rounds for name in single)
    return {name: statistics.median(single.get(name, 0.0) for single in rounds) for name in names}
