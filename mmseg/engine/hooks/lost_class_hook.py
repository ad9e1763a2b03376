"""Goes back to before a class was lost, and on with other random draws.

Self-training may lose a class for good, see :mod:`mmseg.evaluation.class_health`. Which one, and whether at all, is often chance: the
same training with another seed keeps it.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import barrier, broadcast_object_list, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg.engine.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from mmseg.engine.hooks.annotation_rounds import AnnotationRounds
from mmseg.evaluation.class_health import DEAD, LEARNED, class_iou, dead_classes
from mmseg.evaluation.curve import read_curve
from mmseg.registry import HOOKS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive
from mmseg.utils.randomness import derive_seed
from mmseg.utils.storage.files import atomic_path
from mmseg.utils.storage.run_folder import BEST, LATEST, PREVIOUS, check_still_there, kept_states


class GoBack(Exception):  # noqa: N818  (no error)
    """A training has to go on from its last state, which is an earlier one now."""


def newly_lost(curve: Sequence[dict], absent: Sequence[str] = ()) -> list[str]:
    """The classes that had been learned, lived at the evaluation before the last one, and are dead at the last one."""
    if len(curve) < 2:
        return []
    collapsed = [death.name for death in dead_classes(curve, absent=absent) if death.collapsed]
    return [name for name in collapsed if (class_iou(curve[-2], name) or 0) >= DEAD]


def before_loss(curve: Sequence[dict], lost: Sequence[str], kept: Collection[int]) -> int | None:
    """The last kept iteration whose evaluation had all lost classes at 10 % or more; None if there is none."""
    learned = [entry["iteration"] for entry in curve if all((class_iou(entry, name) or 0) >= LEARNED for name in lost)]
    return max((iteration for iteration in learned if iteration in kept), default=None)


@HOOKS.register_module()
class LostClassHook(Hook):
    """When a class is lost, goes back to the last kept state in which it was learned, and on from there with other random draws.

    A class is lost when :func:`mmseg.evaluation.dead_classes` says that it has collapsed; needs ``default_hooks.checkpoint.max_keep``. The
    state becomes the last one of the run, ``latest.pth``, with a note of the return, before anything else happens; so a training that is
    killed at any moment goes on as one that is not. From the note follows the seed of all further draws: that of the run, hashed with the
    number of returns. A training that loses no class has the same bits with this hook and without it. The loss is judged by
    the validation data: where these are the target, labels of the target have a say in the training, and a result should say so.

    Where ``best.pth`` is of the iterations that are given up, the best kept state before them takes its place.

    Args:
        attempts: how often at most; then the training goes on whatever it loses.

    Attributes:
        returns: so far: ``iteration`` of the loss, the classes ``lost``, and ``back_to`` which iteration. ``result.json`` has them.
    """

    priority = 65  # after ResultHook and ClassHealthHook, before CheckpointHook: no state of a loss becomes the last or the best

    def __init__(self, *, attempts: Positive[int] = 2) -> None:
        self.attempts = attempts
        self.returns: list[dict[str, Any]] = []
        self.absent: tuple[str, ...] = ()

    def check(self, max_keep: int, hooks: Sequence[Hook]) -> None:
        """Refuses a training that it could not help, before anything is written.

        Args:
            max_keep: states of evaluations that are kept.
            hooks: the other hooks of the config.

        Raises:
            UserError: no states are kept, or labels are asked for, whose rounds cannot be given up.
        """
        if not max_keep:
            fix = "Set default_hooks.checkpoint.max_keep to a few evaluations, such as 4."
            raise UserError(f"LostClassHook goes back to states of evaluations, and none is kept. {fix}")
        if any(isinstance(hook, AnnotationRounds) for hook in hooks):
            text = "LostClassHook would give up iterations, and AnnotationRounds may have asked for labels in them"
            raise UserError(f"custom_hooks: {text}. Remove one of the two.")

    def before_train(self, runner: Runner) -> None:
        """Has the training draw as the number of returns says; loader workers have not started."""
        self.absent = tuple(runner.train_dataloader.dataset.source.metainfo["absent"])
        if self.returns:
            seed = derive_seed(runner.seed, "lost class", len(self.returns))
            runner.network.seed = runner.train_dataloader.dataset.seed = seed

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Looks for a loss, in the first process, whose answer all of them take.

        Raises:
            GoBack: the last state is an earlier one now.
        """
        found = [self.found_loss(runner) if is_main_process() and len(self.returns) < self.attempts else None]
        broadcast_object_list(found)
        if found[0] is None:
            return
        if is_main_process():
            self.go_back(runner, found[0])
        barrier()
        raise GoBack

    def found_loss(self, runner: Runner) -> dict[str, Any] | None:
        """An entry of ``returns``; None where nothing is lost, or no state of before is kept."""
        curve = read_curve(runner.work_dir)
        lost = newly_lost(curve, self.absent)
        if not lost:
            return None
        iteration = before_loss(curve, lost, kept_states(Path(runner.work_dir)))
        if iteration is None:
            names = ", ".join(lost)
            runner.logger.warning(f"LostClassHook: no state is kept in which {names} was learned, so the training goes on without.")
            return None
        return {"iteration": runner.iter, "lost": lost, "back_to": iteration}

    def go_back(self, runner: Runner, loss: Mapping[str, Any]) -> None:
        """Makes the earlier state the last one. A kill before that leaves the last state as it was, which leads here again."""
        folder, iteration = Path(runner.work_dir), loss["back_to"]
        check_still_there(folder)
        content = read_checkpoint(kept_states(folder)[iteration])
        content["hooks"] = {**content["hooks"], type(self).__name__: {"returns": [*self.returns, dict(loss)]}}
        content["meta"]["best_score"] = self.best_score(runner, iteration)
        save_checkpoint(folder / LATEST, content, folder / PREVIOUS)
        attempt = f"{len(self.returns) + 1} of at most {self.attempts}"
        text = f"Lost {', '.join(loss['lost'])} at iteration {runner.iter}: back to iteration {iteration}, and on with other random draws"
        runner.logger.warning(f"{text} (return {attempt}).")

    def best_score(self, runner: Runner, iteration: int) -> float:
        """Of ``best.pth``, which is a state up to this iteration afterwards."""
        folder, metric = Path(runner.work_dir), runner.checkpoint_hook.save_best
        scores = {entry["iteration"]: entry["metrics"].get(metric) for entry in read_curve(folder)}
        if not (folder / BEST).is_file():
            return float("-inf")
        best = read_checkpoint(folder / BEST, values=False)["meta"]["iteration"]
        if best > iteration:
            known = {number: path for number, path in kept_states(folder).items() if number <= iteration and scores.get(number) is not None}
            best = max(known, key=lambda number: (scores[number], -number), default=iteration)
            source = kept_states(folder)[best]
            with atomic_path(folder / BEST, source.stat().st_size) as temporary:
                shutil.copyfile(source, temporary)
        score = scores.get(best)
        return float("-inf") if score is None else score

    def result_entry(self) -> dict[str, list]:
        """What :class:`ResultHook` adds to the result: nothing where there was no return."""
        return {"returns": self.returns} if self.returns else {}

    def state_dict(self) -> dict[str, list]:
        """The returns so far."""
        return {"returns": list(self.returns)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on with these returns.

        Raises:
            TypeError: they are none.
        """
        returns = state.get("returns", [])
        if not isinstance(returns, list) or not all(isinstance(entry, Mapping) for entry in returns):
            raise TypeError("returns are no list")
        self.returns = [dict(entry) for entry in returns]
