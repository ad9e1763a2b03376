"""A training or a prediction under measurement, round by round."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

import torch
from mmengine.config import Config
from mmengine.device import get_device

from mmseg.apis.predicting.presets import PRESETS, apply_preset, preset_precision
from mmseg.utils.errors import UserError
from tools.benchmarks.counts import Elapsed, chip_speed, count
from tools.benchmarks.peak import PeakMemory
from tools.benchmarks.phases import PhaseTimer, timed_phases
from tools.benchmarks.settings import BUSY, Setting, config_of
from tools.benchmarks.synthetic import training_batch, validation_sample
from tools.benchmarks.training_log import TrainingLog


class TooLargeError(UserError):
    """A setting needs more memory than the GPU has."""

    @classmethod
    def of(cls, setting: Setting) -> TooLargeError:
        fix = "Find one that does: python tools/benchmark.py fit CONFIG --memory GB"
        return cls(f"The setting '{setting.name}' does not fit into the memory of this GPU. {fix}.")


@contextlib.contextmanager
def busy_neighbour() -> Iterator[None]:
    """Another process keeps one core busy meanwhile."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


class Session(ABC):
    """What one setting of a config does again and again.

    Args:
        setting: see :class:`Setting`.
        config: file of the config.
        options: overrides of the config by dotted key.

    Attributes:
        images: images per step.
    """

    def __init__(self, setting: Setting, config: str, options: Mapping[str, object]) -> None:
        self.cfg = self.read_config(config, {**options, **setting.options})
        torch.backends.cudnn.benchmark = self.cfg.env_cfg.get("cudnn_benchmark", False)
        self.device = torch.device(get_device())
        self.memory = PeakMemory(self.device)
        self.peak = 0
        self.images = 1
        try:
            self.method, self.optim_wrapper = setting.build(self.cfg)
            self.prepare()
        except torch.OutOfMemoryError:
            raise TooLargeError.of(setting) from None
        self.setting = setting

    def read_config(self, path: str, options: dict[str, object]) -> Config:
        """The complete config of what is measured."""
        return config_of(path, options)

    @abstractmethod
    def prepare(self) -> None:
        """Makes what the steps work on."""

    @abstractmethod
    def step(self) -> object:
        """One iteration, or the prediction of one image."""

    def run(self, steps: int) -> Elapsed:
        """Some steps that follow each other without a wait for the device."""
        try:
            elapsed = Elapsed.of(lambda: [self.step() for _ in range(steps)], self.device)
        except torch.OutOfMemoryError:
            raise TooLargeError.of(self.setting) from None
        self.peak = self.memory.read()
        return elapsed

    def round(self, steps: int) -> dict:
        """One round, after a step that does not count: ``seconds`` and ``cpu_seconds`` per step, and what a subclass adds."""
        with busy_neighbour() if self.setting.name == BUSY else contextlib.nullcontext():
            self.run(1)
            elapsed = self.run(steps)
        return {"seconds": elapsed.seconds / steps, "cpu_seconds": elapsed.cpu_seconds / steps}

    def release(self) -> None:
        """Gives memory that is not in use back to the GPU, for the other session of a comparison."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def details(self) -> dict:
        """What is the same in every round. Its own memory and time count nowhere."""
        forwards, flops = count(self.step, self.method)
        return {
            "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu",
            "threads": torch.get_num_threads(),
            "precision": self.precision,
            "images_per_step": self.images,
            "peak_memory": self.peak,
            "peak_memory_is": self.memory.kind,
            "forwards": forwards,
            "flops": flops,
            "chip_flops_per_s": chip_speed(self.device, self.precision),
        }

    @property
    @abstractmethod
    def precision(self) -> str:
        """'fp32', 'tf32', 'bf16' or 'fp16'."""


class TrainingSession(Session):
    """Iterations of a training over one batch, from the first in which all objectives take part."""

    def prepare(self) -> None:
        self.method.train()
        self.batch = training_batch(self.cfg, self.method.model.num_classes)
        self.images = self.cfg.train_dataloader.batch_size
        start = max(1, *(objective.start for objective in self.method.objectives.values()))  # iteration 0 copies the teacher
        self.iterations = itertools.count(start)
        self.log = TrainingLog(self.cfg, self.optim_wrapper)

    def step(self) -> None:
        iteration = next(self.iterations)
        logs = self.method.train_step({**self.batch, "iteration": iteration}, self.optim_wrapper)
        self.log(iteration, self.batch, logs)

    def round(self, steps: int) -> dict:
        """As many steps again with phases, which the speed is measured without.

        Returns:
            also ``phases`` and ``cpu_phases``, seconds per step by phase, and ``seconds_with_phases`` of the whole step.
        """
        figures = super().round(steps)
        timer = PhaseTimer(self.device)
        step = timer.wrap(self.step, "logging and other")
        with timed_phases(self.method, self.optim_wrapper, timer):
            whole = Elapsed.of(lambda: [step() for _ in range(steps)], self.device)
        phases = {"phases": timer.seconds, "cpu_phases": timer.cpu_seconds}
        per_step = {key: {name: total / steps for name, total in clock.items()} for key, clock in phases.items()}
        return {**figures, "seconds_with_phases": whole.seconds / steps, **per_step}

    @property
    def precision(self) -> str:
        return self.cfg.get("precision", "fp32")


class PredictionSession(Session):
    """Predictions of one whole image at the size of the config's validation; the option 'preset' is one of :data:`PRESETS`."""

    def read_config(self, path: str, options: dict[str, object]) -> Config:
        """With the student as the only network, as at test time."""
        name = options.pop("preset", "paper")
        if name not in PRESETS:
            raise UserError(f"preset={name!r} is not known. Use one of {', '.join(PRESETS)}.")
        self.preset = PRESETS[name]
        cfg = config_of(path, options)
        cfg.uda = {"type": "SourceOnly", "data_preprocessor": cfg.uda.get("data_preprocessor")}
        return cfg

    def prepare(self) -> None:
        self.method.eval()
        apply_preset(self.method.model, self.preset)
        self.sample = validation_sample(self.cfg)

    def step(self) -> None:
        with preset_precision(self.preset, self.device.type):
            self.method.test_step(self.sample)

    @property
    def precision(self) -> str:
        return "bf16" if self.preset.bfloat16 and self.device.type == "cuda" else "fp32"
