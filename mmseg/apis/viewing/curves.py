"""The curves of a run: every value that its trainings have logged, over the iterations."""

from __future__ import annotations

import json
from pathlib import Path

from mmseg.apis.viewing.files import inside

MOST = 400
"""Points of a curve that are kept: a chart has no more pixels."""
NO_CURVES = ("step", "iter")
OF_ITERATIONS = ("time", "data_time")
"""Of an evaluation, these are those of its images."""

Curve = list[tuple[int, float]]
"""(iteration, value)."""


def read_curves(run: Path) -> dict[str, Curve]:
    """The values of all log files (``*/vis_data/scalars.json``, a JSON object a line) by name, oldest first.

    A training that was resumed has a file for each start; where two know an iteration, the later one counts. Lines that are none, such
    as one that is being written, and values that are no finite numbers are left out.
    """
    found: dict[str, dict[int, float]] = {}
    for path in sorted(run.glob("*/vis_data/scalars.json")):
        file = inside(run, *path.relative_to(run).parts)
        for line in file.read_bytes().splitlines() if file and file.is_file() else ():
            for name, step, value in _values(line):
                found.setdefault(name, {})[step] = value
    return {name: thinned(sorted(points.items())) for name, points in found.items()}


def _values(line: bytes) -> list[tuple[str, int, float]]:
    """(name, iteration, value) of a line."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return []
    step = entry.get("step") if isinstance(entry, dict) else None
    if not isinstance(step, int) or not 0 <= step < 2**53:
        return []
    left_out = NO_CURVES if "iter" in entry else (*NO_CURVES, *OF_ITERATIONS)
    numbers = ((name, value) for name, value in entry.items() if name not in left_out and isinstance(value, (int, float)))
    return [(name, step, float(value)) for name, value in numbers if -1e15 < value < 1e15]  # NaN is not


def thinned(points: Curve) -> Curve:
    """At most about :data:`MOST` of the points, the last one among them."""
    every = -(-len(points) // MOST)
    return points[:: -max(every, 1)][::-1]
