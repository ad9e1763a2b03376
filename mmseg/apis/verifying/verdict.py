"""Comparing recorded numbers with new ones, and what produced each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OF_MEANS, OF_CLASSES = 0.1, 0.5
"""Percentage points that a mean, and the number of a single class, may differ by on another machine, with other versions or in float16.

Chosen, not derived: rounding turns single pixels at the borders of classes, which is little of a mean and more of a class of few pixels."""
MEANS = ("mIoU", "mAcc", "aAcc")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One number.

    Attributes:
        name: of the metric.
        before, now: percent; None for an absent class.
        tolerance: percentage points that they may differ by; 0 for not at all.
        measured: whether there is a number now.
    """

    name: str
    before: float | None
    now: float | None
    tolerance: float
    measured: bool = True

    @property
    def holds(self) -> bool:
        if not self.measured or (self.before is None) != (self.now is None):
            return False
        return self.before is None or abs(self.before - self.now) <= self.tolerance


def tolerance(name: str, *, exact: bool) -> float:
    """How far a number may be off, percentage points; of depth errors, their own unit."""
    if exact:
        return 0.0
    return OF_MEANS if name in MEANS or name.startswith("mIoU.") else OF_CLASSES


def check_numbers(before: Mapping[str, float | None], now: Mapping[str, float], *, exact: bool) -> list[Checked]:
    """Each recorded number beside the one that was measured now (percent, NaN for an absent class)."""
    checked = []
    for name, value in before.items():
        new = now.get(name, math.nan)
        shown = None if math.isnan(new) else float(new)
        checked.append(Checked(name=name, before=value, now=shown, tolerance=tolerance(name, exact=exact), measured=name in now))
    return checked


def is_exact(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """Whether numbers have to be the same to the last digit: equal versions and hardware, on a CPU.

    A GPU chooses its algorithms by speed and adds in no fixed order.
    """
    if before is None or any(before.get(part) != now[part] for part in ("versions", "hardware")):
        return False
    return now["hardware"]["device"] == "cpu"


def differences(before: Mapping[str, Any] | None, now: Mapping[str, Any], *, same_file: bool = True) -> list[str]:
    """Lines on what is other than it was, entry by entry; what is not known on either side says so.

    Args:
        before: recorded provenance; None where there was none.
        now: of this process.
        same_file: whether the hash of the checkpoint was of this very file, see :class:`mmseg.apis.verifying.recorded.Recorded`.
    """
    if before is None:
        return ["provenance: not recorded, this result is of before it was, or of a training that has not finished"]
    lines = []
    for part in now:
        old, new = before.get(part), now[part]
        pairs = [(part, old, new)]
        if isinstance(new, Mapping):
            old = old if isinstance(old, Mapping) else {}
            pairs = [(f"{part} {key}", old.get(key), value) for key, value in new.items()]
        compared = [pair for pair in pairs if same_file or pair[0] != "weights checkpoint"]
        lines += [f"{name}: {_shown(one)} -> {_shown(two)}" for name, one, two in compared if one != two]
    return lines


def _shown(value: object) -> str:
    """Hashes are known by their beginnings."""
    if value is None:
        return "unknown"
    return f"{value[:12]}…" if isinstance(value, str) and len(value) >= 40 and value.isalnum() else str(value)
