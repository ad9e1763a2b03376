"""The result of a finished run, and its learning curve, as JSON beside the checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from mmengine.dist import is_main_process, master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg.engine.checkpoints.checkpoint import environment
from mmseg.engine.checkpoints.frozen import weights_hash
from mmseg.engine.provenance.code import code_state
from mmseg.engine.provenance.data import labels_hash, statistics_hash
from mmseg.engine.provenance.record import ORIGIN, provenance
from mmseg.evaluation.curve import VERSION, read_curve
from mmseg.evaluation.image_counts import ImageCounts, read_image_counts
from mmseg.registry import HOOKS
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash
from mmseg.utils.storage.files import write_json
from mmseg.utils.storage.run_folder import CURVE, IMAGES, LATEST, PREVIOUS, RESULT, check_still_there


@HOOKS.register_module()
class ResultHook(Hook):
    """Writes ``evaluations.json`` after every evaluation and ``result.json`` at the end of the training.

    What was counted in each image of the last evaluation is in ``images.npz``: ``tools/compare.py`` draws from it.
    ``result.json`` marks a run as finished: launchers skip a run that has one. The order makes a kill at any
    moment harmless: curve, then state (:class:`CheckpointHook`), then result. A resumed run repeats what the
    state does not hold, and replaces its entries in the curve. The state before the last one is removed when all is done.
    """

    priority = "NORMAL"

    def __init__(self) -> None:
        self.origin: dict[str, str | bool | None] = dict.fromkeys(ORIGIN)

    def before_train(self, runner: Runner) -> None:
        """Reads the curve that a resumed run goes on with: a broken one is named now, not at the next evaluation.

        Notes what trains: the initial weights are those of iteration 0, whatever a run was resumed from.
        """
        read_curve(runner.work_dir)
        if is_main_process():
            if runner.iter == 0:
                self.origin["initial"] = weights_hash(runner.network.model.state_dict())
            self.origin |= {**code_state(), "statistics": statistics_hash(runner.cfg.train_dataloader.dataset)}

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Adds the metrics (percent) of this iteration, and what other hooks have to add, to the curve.

        JSON knows no NaN: an absent class is null.
        """
        percent = {name: None if math.isnan(value) else value for name, value in (metrics or {}).items()}
        entry = {"version": VERSION, "iteration": runner.iter, "metrics": percent}
        for hook in runner.hooks:
            if hasattr(hook, "curve_entry"):  # as ClassHealthHook
                entry |= hook.curve_entry()
        if is_main_process():
            check_still_there(Path(runner.work_dir))
            if counts := self._image_counts(runner):
                counts.write(Path(runner.work_dir) / IMAGES)
            earlier = [other for other in read_curve(runner.work_dir) if other["iteration"] < runner.iter]
            write_json(Path(runner.work_dir) / CURVE, [*earlier, entry])

    @staticmethod
    def _image_counts(runner: Runner) -> ImageCounts | None:
        """Of the last evaluation; a metric of one's own may have none."""
        found = (getattr(metric, "last_images", None) for metric in runner.val_loop.evaluator.metrics)
        return next(filter(None, found), None)

    def state_dict(self) -> dict[str, str | bool | None]:
        """What trains, for those who evaluate the checkpoint."""
        return dict(self.origin)

    def load_state_dict(self, state: Mapping[str, str | bool | None]) -> None:
        """Goes on with the initial weights of the state.

        Raises:
            TypeError: they are no hash.
        """
        initial = state.get("initial")
        if not isinstance(initial, str | None):
            raise TypeError(f"{initial!r} is no hash")
        self.origin["initial"] = initial

    @master_only
    def after_train(self, runner: Runner) -> None:
        """Takes the last entry of the curve as the result.

        Raises:
            UserError: the curve was deleted before a resume at the last iteration.
        """
        curve = read_curve(runner.work_dir)
        if not curve:
            fix = "Evaluate the last checkpoint with tools/test.py, or put the file back and resume again."
            raise UserError(f"{Path(runner.work_dir) / CURVE} is gone, and with it the result of this training. {fix}")
        latest, images = Path(runner.work_dir) / LATEST, Path(runner.work_dir) / IMAGES
        counts = self._image_counts(runner)
        if counts is None and images.is_file():  # resumed behind the last evaluation
            counts = read_image_counts(images)
        known = {
            "checkpoint": file_hash(latest) if latest.is_file() else None,
            "labels": labels_hash(counts) if counts else None,
            "origin": self.origin,
        }
        device = next(runner.network.parameters()).device
        whence = {"environment": environment(), "provenance": provenance(runner.digest, device, **known)}
        result = {**curve[-1], "seed": runner.seed, **whence}
        for hook in runner.hooks:
            if hasattr(hook, "result_entry"):  # as LostClassHook
                result |= hook.result_entry()
        write_json(Path(runner.work_dir) / RESULT, result)
        (Path(runner.work_dir) / PREVIOUS).unlink(missing_ok=True)  # the last state was read back from the disk
