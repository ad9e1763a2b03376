"""Compares a training with the reference band of its config while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg.engine.message_hub import LOG_WINDOW
from mmseg.evaluation.bands.file import read_band
from mmseg.evaluation.bands.making import is_evaluated
from mmseg.evaluation.bands.watching import Watch
from mmseg.registry import HOOKS

LOGGED = "train/"
"""Begins the names of logged values in the message hub."""


@HOOKS.register_module()
class ReferenceBandHook(Hook):
    """Says once, for each quantity, since which iteration it has been outside the band (docs/trust.md).

    Every training whose config has a band that ships, whatever its seed, has this hook. It reads what is logged at the iterations of
    the band, and what is evaluated; nothing that is learned depends on it. Of several processes, the first one compares.

    Args:
        file: of ``tools/prepare/band.py``.

    Raises:
        UserError: the file is missing or broken.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, *, file: str) -> None:
        self.watch = Watch(read_band(Path(file)))
        curves = self.watch.band.curves
        self.logged = {name: frozenset(curve.iterations) for name, curve in curves.items() if not is_evaluated(name)}
        self.due = frozenset().union(*self.logged.values())

    def before_train(self, runner: Runner) -> None:
        """Says what is compared with what."""
        band = self.watch.band
        runner.logger.info(f"Compared with the reference band of {band.config}: {len(band.curves)} quantities over {len(band.seeds)} seeds")

    @master_only
    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Compares logged values where the band has points; ``runner.iter`` counts finished iterations from 0."""
        iteration = runner.iter + 1
        if iteration not in self.due:
            return
        scalars = runner.message_hub.log_scalars
        wanted = [name for name, iterations in self.logged.items() if iteration in iterations and LOGGED + name in scalars]
        self._tell(runner, iteration, {name: float(scalars[LOGGED + name].mean(LOG_WINDOW)) for name in wanted})

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: Mapping[str, float] | None = None) -> None:
        """Compares what was evaluated, percent; NaN is an absent class."""
        self._tell(runner, runner.iter, {name: None if value != value else value for name, value in (metrics or {}).items()})

    def _tell(self, runner: Runner, iteration: int, values: Mapping[str, float | None]) -> None:
        for departure in self.watch.see(iteration, values):
            runner.logger.warning(f"Left the reference band of {self.watch.band.config}: {departure}")

    def state_dict(self) -> dict[str, dict | list]:
        """What is averaged, what is outside, and what was said."""
        return {"recent": dict(self.watch.recent), "outside": dict(self.watch.outside), "named": list(self.watch.named)}

    def load_state_dict(self, state: Mapping[str, dict | list]) -> None:
        """Goes on with it.

        Raises:
            TypeError: it is no such state.
        """
        recent, outside, named = state.get("recent", {}), state.get("outside", {}), state.get("named", [])
        self.watch.recent = {str(name): [float(value) for value in values] for name, values in recent.items()}
        self.watch.outside = {str(name): [int(value) for value in values] for name, values in outside.items()}
        self.watch.named = [str(name) for name in named]
