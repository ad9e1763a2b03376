"""Which classes a training has lost.

Self-training can lose a class for good: the teacher stops naming it, so the student never sees it in a pseudo-label
again. The mean IoU hides that for a while, the curve of the class does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmseg.evaluation.names import class_names

DEAD, LEARNED = 1.0, 10.0
"""IoU in percent: below the first a class is dead, from the second on it had been learned."""


@dataclass(frozen=True)
class ClassDeath:
    """A class that is dead at the last evaluation.

    Attributes:
        name: of the class.
        iou: at the last evaluation, percent.
        best_iou, best_iteration: the best evaluation of the class, percent, and the first one with that value.
        pseudo_share: percent of the pseudo-label pixels since the evaluation before; None without pseudo-labels.
    """

    name: str
    iou: float
    best_iou: float
    best_iteration: int
    pseudo_share: float | None

    @property
    def collapsed(self) -> bool:
        """Whether the class had been learned; otherwise it never was."""
        return self.best_iou >= LEARNED


def class_iou(entry: dict, name: str) -> float | None:
    """IoU of a class in an entry of the curve, percent; None where the validation labels lack the class.

    Such a class has no accuracy. Its IoU is null as well, or 0 as soon as one pixel is taken for it.
    """
    metrics = entry["metrics"]
    absent = f"Acc.{name}" in metrics and metrics[f"Acc.{name}"] is None
    return None if absent else metrics.get(f"IoU.{name}")


def dead_classes(curve: Sequence[dict], max_iters: int | None = None, absent: Sequence[str] = ()) -> list[ClassDeath]:
    """The classes with an IoU below 1 % at the last evaluation, in the order of the metrics.

    A class that once had 10 % or more has collapsed. One that never had is named from the middle of the training
    on: before that, rare classes are just not learned yet. Classes that the validation labels lack are not judged.

    Args:
        curve: entries of ``evaluations.json``, oldest first: ``iteration``, ``metrics`` with ``IoU.<class>`` and
            ``Acc.<class>`` in percent (null if absent), and ``pseudo_share`` by class where there are pseudo-labels.
        max_iters: iterations of the whole training; None if the curve is complete.
        absent: classes that the source does not show, as terrain in Synthia: nobody expects them to be learned.
    """
    if not curve:
        return []
    late = max_iters is None or 2 * curve[-1]["iteration"] >= max_iters
    judged = [name for name in class_names(curve[-1]["metrics"]) if name not in absent]
    deaths = [death for name in judged if (death := _death(curve, name)) is not None]
    return [death for death in deaths if death.collapsed or late]


def _death(curve: Sequence[dict], name: str) -> ClassDeath | None:
    """The death of one class, however early; None if it lives or is not judged."""
    now = class_iou(curve[-1], name)
    if now is None or now >= DEAD:
        return None
    history = [(iou, entry["iteration"]) for entry in curve if (iou := class_iou(entry, name)) is not None]
    best, iteration = max(history, key=lambda point: point[0])
    return ClassDeath(name, now, best, iteration, curve[-1].get("pseudo_share", {}).get(name))


def death_notices(deaths: Sequence[ClassDeath]) -> list[str]:
    """Sentences for the log: one for each class that collapsed, one for all that were never learned."""
    return [*(_collapse(death) for death in deaths if death.collapsed), *_never_learned(deaths)]


def _collapse(death: ClassDeath) -> str:
    share = "" if death.pseudo_share is None else f", {death.pseudo_share:.2f} % of the pseudo-label pixels"
    best = f"best {death.best_iou:.1f} % at iteration {death.best_iteration}"
    return f"Class '{death.name}' has died: IoU {death.iou:.1f} % ({best}){share}."


def _never_learned(deaths: Sequence[ClassDeath]) -> list[str]:
    never = [death for death in deaths if not death.collapsed]
    if not never:
        return []
    labelled = never[0].pseudo_share is not None  # a training has pseudo-labels or has none
    names = [f"'{death.name}' {death.pseudo_share:.2f} %" if labelled else f"'{death.name}'" for death in never]
    return [f"Not learned so far (IoU below {DEAD:.0f} %{'; share of the pseudo-label pixels' if labelled else ''}): {', '.join(names)}."]
