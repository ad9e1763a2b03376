"""Reference bands from finished runs: their logs and evaluations, put together."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmseg.config.config import load_config
from mmseg.config.identity import row_digest, run_name
from mmseg.config.reading.safe import may_be_of_others
from mmseg.evaluation.bands.file import Band, BandCurve
from mmseg.evaluation.bands.making import DIGITS, is_evaluated, is_watched, limits, smoothed
from mmseg.evaluation.curve import read_curve, read_result
from mmseg.utils.errors import UserError
from mmseg.utils.storage.run_folder import CONFIG

SCALARS = "*/vis_data/scalars.json"
"""What LocalVisBackend writes, in a folder for each start of a run."""
Points = dict[str, dict[int, float]]
"""Values by iteration, by the name of the quantity."""


def band_of_runs(folders: Sequence[Path], trust: bool | None = None) -> Band:
    """The band of finished trainings of one config with different seeds.

    Args:
        folders: of the runs.
        trust: whether their configs may run code; None decides as :func:`mmseg.config.reading.safe.may_be_of_others` says.

    Raises:
        UserError: they are fewer than two, not finished, of different configs, of one seed, or share no point; or a file is broken.
    """
    if len(folders) < 2:
        raise UserError("A band needs the scatter over seeds, and one run has none. Give the folders of two runs or more.")
    runs: dict[int, Path] = {}
    digests: dict[str, Path] = {}
    for folder in folders:
        read_result(folder)  # which only a finished run has
        config = folder / CONFIG
        cfg = load_config(config, trust=not may_be_of_others(config) if trust is None else trust)
        if cfg.seed in runs:
            raise UserError(f"{runs[cfg.seed]} and {folder} have the same seed {cfg.seed}. Give runs that differ in their seeds.")
        runs[cfg.seed] = folder
        digests[row_digest(cfg)] = folder
    if len(digests) > 1:
        one, other = list(digests.values())[:2]
        raise UserError(f"{one} and {other} differ in more than their seeds. Give runs of one config.")
    (digest,) = digests
    name = folder.resolve().name.removesuffix(run_name("", cfg))
    return Band(config=name, digest=digest, seeds=tuple(sorted(runs)), curves=band_curves([points_of(folder) for folder in runs.values()]))


def band_curves(runs: Sequence[Points]) -> dict[str, BandCurve]:
    """The bands of all quantities that every run has, at the iterations that they share.

    Raises:
        UserError: there is none.
    """
    shared = {name: sorted(set.intersection(*(set(points.get(name, {})) for points in runs))) for name in runs[0]}
    shared = {name: iterations for name, iterations in shared.items() if iterations}
    if not shared:
        raise UserError("The runs have no logged or evaluated point in common. Give runs with the same log and evaluation intervals.")
    values = {}
    for name, iterations in shared.items():
        each = [[points[name][iteration] for iteration in iterations] for points in runs]
        values[name] = np.array(each if is_evaluated(name) else [smoothed(series) for series in each], np.float64)
    found = limits(values)
    return {name: BandCurve(tuple(iterations), *map(_short, found[name])) for name, iterations in shared.items()}


def _short(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{value:.{DIGITS}g}") for value in values)


def points_of(folder: Path) -> Points:
    """What a run has logged and evaluated, of the quantities that bands have; of an iteration that was repeated, the last values.

    A loss that is not finite, whose step the training has left out, is no point.
    """
    points: Points = {}
    for step, values in _logged(folder):
        for name, value in values.items():
            if is_watched(name) and not is_evaluated(name) and isinstance(value, (int, float)) and math.isfinite(value):
                points.setdefault(name, {})[step] = float(value)
    for entry in read_curve(folder):
        for name, value in entry["metrics"].items():
            if is_evaluated(name) and is_watched(name) and value is not None:
                points.setdefault(name, {})[entry["iteration"]] = value
    return points


def _logged(folder: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The lines of logged values, oldest first, each with its iteration."""
    for file in sorted(folder.glob(SCALARS)):
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
            try:
                values = json.loads(line)
                step = values["step"]
            except (ValueError, TypeError, KeyError):
                raise UserError(f"{file}, line {number}, holds no logged values. Remove the line, or give another run.") from None
            if "mIoU" not in values and isinstance(step, int):
                yield step, values
