"""What a step computes: passes of the encoders, floating point operations, and what the chip could do in the same time."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.precision import Precision

MATRIX = {"cpu": 1024, "cuda": 8192}
"""Rows and columns of the square matrices whose product shows what the chip can do."""
TRIALS = 30


class Passes:
    """Passes of one encoder.

    Attributes:
        encoder_passes: their number.
        crops: images that went through it, by size 'HxW'.
    """

    def __init__(self) -> None:
        self.encoder_passes = 0
        self.crops: Counter[str] = Counter()

    def note(self, module: nn.Module, inputs: tuple) -> None:
        """A forward pre-hook of the encoder."""
        count, _, height, width = inputs[0].shape
        self.encoder_passes += 1
        self.crops[f"{height}x{width}"] += count

    def figures(self) -> dict:
        """Ready for JSON."""
        return {"encoder_passes": self.encoder_passes, "images": self.crops.total(), "crops": dict(self.crops)}


@contextlib.contextmanager
def counted_passes(method: UDAMethod) -> Iterator[dict[str, Passes]]:
    """Counts the encoder passes of student, teachers, ImageNet network and reference while the context lasts."""
    networks = {"student": [method.model], "teacher": [teacher.network for teacher in method.teachers], "imnet": [method.imnet_model]}
    networks["reference"] = [method.feature_reference]
    passes, hooks = {}, []
    for name, several in networks.items():
        for network in several:
            if network is not None:
                passes.setdefault(name, Passes())
                hooks.append(network.backbone.register_forward_pre_hook(passes[name].note))
    try:
        yield passes
    finally:
        for hook in hooks:
            hook.remove()


def count(step: Callable[[], object], method: UDAMethod) -> tuple[dict[str, dict], int]:
    """Encoder passes by network, and floating point operations (matrix products, convolutions, attention), of one step.

    Compiled parts run eagerly meanwhile: counters do not see into them.
    """
    counter = FlopCounterMode(display=False)
    with torch.compiler.set_stance("force_eager"), counted_passes(method) as passes, counter:
        step()
    return {name: seen.figures() for name, seen in passes.items() if seen.encoder_passes}, counter.get_total_flops()


def chip_speed(device: torch.device, precision: str) -> float:
    """Floating point operations per second of the best of some products of large square matrices.

    Args:
        device: where they are multiplied.
        precision: 'fp32', 'tf32', 'bf16' or 'fp16'.
    """
    size = MATRIX[device.type]
    left, right = (torch.randn(size, size, device=device).to(Precision(precision).dtype or torch.float32) for _ in range(2))
    with Precision(precision).kernels():
        fastest = min(Elapsed.of(lambda: left @ right, device).seconds for _ in range(TRIALS))
    return 2 * size**3 / fastest


@dataclass(frozen=True)
class Elapsed:
    """How long some work took.

    Attributes:
        seconds: by the clock on the wall.
        cpu_seconds: of all threads of this process; what else the machine does hardly changes them.
    """

    seconds: float
    cpu_seconds: float

    @classmethod
    def of(cls, work: Callable[[], object], device: torch.device) -> Elapsed:
        """Does the work; a GPU is waited for."""
        synchronize(device)
        begin, cpu_begin = time.perf_counter(), time.process_time()
        work()
        synchronize(device)
        return cls(time.perf_counter() - begin, time.process_time() - cpu_begin)


def synchronize(device: torch.device) -> None:
    """Waits for a GPU; a CPU has no work pending."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
