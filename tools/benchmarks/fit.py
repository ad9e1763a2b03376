"""The largest setting of a training that fits into a given memory.

Only levers that leave what is trained as it is are tried, the cheapest first, each on top of those before it. Smaller crops or
batches would be another training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from mmengine.config import Config

from mmseg.registry import MODELS, options_of
from mmseg.utils.computing.limits import read_limits
from mmseg.utils.errors import UserError
from tools.benchmarks.peak import GIB
from tools.benchmarks.sessions import TooLargeError, TrainingSession
from tools.benchmarks.settings import OURS, Setting, config_of
from tools.benchmarks.workers import worker

DRIVER = GIB // 2
"""What the driver and the libraries take of a GPU beside torch's allocator, about."""
STEPS = 3


@dataclass(frozen=True)
class Lever:
    """A switch of a config that saves memory.

    Attributes:
        key: its dotted key.
        value: that saves, of a config.
        price: what it costs, in words.
        applies: whether a config can have it and does not have it yet.
    """

    key: str
    value: Callable[[Config], object]
    price: str
    applies: Callable[[Config], bool]


def has_option(part: Mapping, option: str) -> bool:
    """Whether a component of a config knows an option and has not switched it on."""
    known = options_of(MODELS.get(part["type"]))
    return known is not None and option in known and not part.get(option)


LEVERS = (
    Lever(
        "uda.imnet_encoder_only",
        lambda cfg: True,
        "nothing",
        lambda cfg: has_option(cfg.uda, "imnet_encoder_only") and cfg.uda.get("imnet_feature_dist_lambda", 0) > 0,
    ),
    Lever("precision", lambda cfg: "bf16", "rounding", lambda cfg: cfg.get("precision", "fp32") in ("fp32", "tf32")),
    Lever(
        "model.backbone.with_cp",
        lambda cfg: True,
        "time: encoder blocks are computed twice",
        lambda cfg: has_option(cfg.model.backbone, "with_cp"),
    ),
    Lever(
        "micro_batches",
        lambda cfg: cfg.train_dataloader.batch_size,
        "statistics of a batch, where the network has them: one image at a time, as on so many GPUs",
        lambda cfg: cfg.get("micro_batches", 1) < cfg.train_dataloader.batch_size,
    ),
)
"""The cheapest first."""


class FittingSession(TrainingSession):
    """A training whose memory is measured alone."""

    def probe(self, memory: int) -> tuple[int, bool]:
        """The peak of some iterations in bytes, and whether they run within ``memory`` bytes.

        On a GPU, torch's allocator is held to that memory, so that what it loses between its blocks counts, and so that
        cuDNN chooses kernels that fit. Where it runs out, the peak is that without this limit.
        """
        if self.device.type != "cuda":
            self.run(STEPS)
            return self.peak, self.peak <= memory
        fits = self._runs_within(memory - DRIVER)
        if not fits:
            self.run(STEPS)
        return self.memory.read() + DRIVER, fits

    def _runs_within(self, memory: int) -> bool:
        self.release()
        total = torch.cuda.get_device_properties(self.device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(max(memory / total, 0.0), 1.0))
        try:
            for _ in range(STEPS):
                self.step()
        except torch.OutOfMemoryError:
            return False
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        return True


def memory_here(device: str) -> int:
    """Bytes that a training here may take: of the GPU, or without one what the machine and the limits of a container or of Slurm leave.

    Raises:
        UserError: the system does not say.
    """
    memory = torch.cuda.get_device_properties(device).total_memory if device == "cuda" else read_limits().memory
    if memory is None:
        raise UserError("How much memory there is here is not known. Say it with --memory GB.")
    return memory


def candidates(config: str, options: Mapping[str, object]) -> Iterator[tuple[Setting, list[Lever]]]:
    """The config itself, then with one lever after the other, each with the levers so far."""
    changes: dict[str, object] = {}
    used: list[Lever] = []
    yield Setting(), []
    for lever in LEVERS:
        cfg = config_of(config, {**options, **changes})
        if lever.applies(cfg):
            changes, used = {**changes, lever.key: lever.value(cfg)}, [*used, lever]
            yield Setting(OURS, changes), used


def fit(config: str, options: Mapping[str, object], memory: int, report: Callable[[dict], None]) -> dict:
    """Measures settings until one fits.

    Args:
        config, options: file of the config and overrides by dotted key.
        memory: bytes.
        report: called with every entry of ``tried``.

    Returns:
        ``tried``: per setting its ``changes`` by dotted key, ``price``, ``peak_memory`` in bytes (None: more than the GPU has) and
        whether it ``fits``; ``changes`` of the one that fits, None if none does.
    """
    tried = []
    for setting, levers in candidates(config, options):
        peak, fits = probed(setting, config, options, memory)
        tried.append({"changes": dict(setting.options), "price": levers[-1].price if levers else "", "peak_memory": peak, "fits": fits})
        report(tried[-1])
        if fits:
            return {"tried": tried, "changes": dict(setting.options)}
    return {"tried": tried, "changes": None}


def probed(setting: Setting, config: str, options: Mapping[str, object], memory: int) -> tuple[int | None, bool]:
    """See :meth:`FittingSession.probe`, in a process of its own; (None, False) where this GPU is too small to tell."""
    try:
        with worker(FittingSession, setting, config, dict(options)) as session:
            return session.call("probe", memory)
    except TooLargeError:
        return None, False
