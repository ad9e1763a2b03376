"""The result of a finished run, and its learning curve, as JSON beside the checkpoint."""

from __future__ import annotations

import json
import math
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg.engine.checkpoint import environment
from mmseg.registry import HOOKS
from mmseg.utils.files import write_json

RESULT, CURVE = "result.json", "evaluations.json"


@HOOKS.register_module()
class ResultHook(Hook):
    """Writes ``evaluations.json`` after every evaluation and ``result.json`` after the last one.

    ``result.json`` marks a run as finished: launchers skip a run that has one.
    """

    priority = "VERY_LOW"  # after the state is saved: a run that is marked as finished has its last state

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Adds the metrics (percent) of this iteration; a resumed run replaces what it repeats."""
        folder = Path(runner.work_dir)
        # JSON knows no NaN: a class absent from labels and predictions is null.
        percent = {name: None if math.isnan(value) else value for name, value in (metrics or {}).items()}
        entry = {"iteration": runner.iter, "metrics": percent}
        curve_file = folder / CURVE
        curve = json.loads(curve_file.read_text()) if curve_file.is_file() else []
        write_json(curve_file, [*(old for old in curve if old["iteration"] < runner.iter), entry])
        if runner.iter >= runner.max_iters:
            write_json(folder / RESULT, {**entry, "seed": runner.seed, "environment": environment()})
