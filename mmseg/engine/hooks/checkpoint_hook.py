"""Keeps the last and the best state of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg.registry import HOOKS
from mmseg.utils.options.ranges import NonNegative, Positive
from mmseg.utils.storage.run_folder import BEST, LATEST, kept_file, kept_states


@HOOKS.register_module(force=True)
class CheckpointHook(Hook):
    """Writes ``latest.pth`` every ``interval`` iterations and at the end, ``best.pth`` after a better evaluation.

    Args:
        interval: iterations between two states; a resumed run continues from the last one.
        save_best: name of the metric to maximise, or None for no ``best.pth``.
        weights: 'all', or 'trainable' to leave out the frozen weights of an encoder, which the file ``model.pretrained`` holds: a
            checkpoint has their hash instead, and can be loaded where this file is. Those that are of no file are kept.
        max_keep: how many states of evaluations to keep, as ``iter_<iteration>.pth``; the oldest goes first. 0 keeps none.
        best_score: best value so far (restored on resume).
    """

    priority = "LOW"

    def __init__(
        self,
        *,
        interval: Positive[int],
        save_best: str | None = "mIoU",
        weights: Literal["all", "trainable"] = "all",
        max_keep: NonNegative[int] = 0,
        best_score: float = float("-inf"),
    ) -> None:
        self.interval, self.save_best, self.weights, self.best_score = interval, save_best, weights, best_score
        self.max_keep = max_keep

    def before_train(self, runner: Runner) -> None:
        """Removes kept states that lie ahead: a training that goes on from an earlier one makes them anew."""
        if self.max_keep and is_main_process():
            for iteration, path in kept_states(Path(runner.work_dir)).items():
                if iteration > runner.iter:
                    path.unlink()

    def before_train_epoch(self, runner: Runner) -> None:
        """Makes up for the evaluation in which the training was stopped, before it goes on; an epoch is the whole training."""
        if runner.evaluation_due:
            runner.counted = runner.hook_states()
            runner.val_loop.run()

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: list | None = None) -> None:
        """A signal ends an evaluation as well. Its other processes are asked by the same signal, or are ended by their launcher."""
        if (number := runner.stopping.request.number) is not None:
            runner.end(number, evaluation_due=True)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Saves when due, unless an evaluation follows: its result belongs into the state, or a resume would miss it."""
        iteration = runner.iter + 1  # runner.iter counts finished iterations, and this one is not counted yet
        if self.due(runner, iteration) and not runner.train_loop.validates_after(iteration):
            runner.save_state(Path(runner.work_dir) / LATEST, iteration=iteration)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Saves the best state so far, one to keep, and the last one where it was put off."""
        score = (metrics or {}).get(self.save_best)
        if score is not None and score > self.best_score:
            self.best_score = score
            runner.save_state(Path(runner.work_dir) / BEST, iteration=runner.iter)
        if self.max_keep:
            runner.save_state(Path(runner.work_dir) / kept_file(runner.iter), iteration=runner.iter)
            if is_main_process():
                for path in list(kept_states(Path(runner.work_dir)).values())[: -self.max_keep]:
                    path.unlink()
        if self.due(runner, runner.iter):
            runner.save_state(Path(runner.work_dir) / LATEST, iteration=runner.iter)

    def due(self, runner: Runner, iteration: int) -> bool:
        """Whether ``latest.pth`` is to be written when ``iteration`` iterations are done."""
        return iteration % self.interval == 0 or iteration == runner.max_iters
