"""Keeps the last and the best state of a run."""

from __future__ import annotations

from pathlib import Path

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg.registry import HOOKS

LATEST, BEST = "latest.pth", "best.pth"


@HOOKS.register_module(force=True)
class CheckpointHook(Hook):
    """Writes ``latest.pth`` every ``interval`` iterations and at the end, ``best.pth`` after a better evaluation.

    Args:
        interval: iterations between two states; a resumed run continues from the last one.
        save_best: name of the metric to maximise, or None for no ``best.pth``.
        best_score: best value so far (restored on resume).
    """

    priority = "VERY_LOW"

    def __init__(self, *, interval: int, save_best: str | None = "mIoU", best_score: float = float("-inf")) -> None:
        self.interval, self.save_best, self.best_score = interval, save_best, best_score

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Saves when due; ``runner.iter`` counts finished iterations from 0."""
        if self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner):
            runner.save_state(Path(runner.work_dir) / LATEST, iteration=runner.iter + 1)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Saves the best state so far."""
        score = (metrics or {}).get(self.save_best)
        if self.save_best is not None and score is not None and score > self.best_score:
            self.best_score = score
            runner.save_state(Path(runner.work_dir) / BEST, iteration=runner.iter)
