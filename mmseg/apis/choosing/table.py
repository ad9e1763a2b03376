"""A choice as text."""

from __future__ import annotations

from mmseg.apis.choosing.choose import SAYS
from mmseg.apis.choosing.rule import SCORES
from mmseg.apis.reporting.tables import ABSENT, TextTable
from mmseg.evaluation.choice import Choice

TRUE = "true mIoU"


def choice_table(choice: Choice) -> TextTable:
    """The checkpoints and their scores, the chosen one marked; last the correlations with the true mIoU, where that is known."""
    entries = choice["checkpoints"]
    rows = [
        (
            f"{entry['file']}{' <' if entry['file'] == choice['chosen'] else ''}",
            str(entry["iteration"]),
            *(_cell(entry["scores"][name]) for name in SCORES),
            _cell(entry["rank"]),
            _cell(entry["mIoU"]),
        )
        for entry in entries
    ]
    related = choice["correlation"]
    if any(entry["mIoU"] is not None for entry in entries):
        for kind in ("linear", "rank"):
            rows.append((f"{kind} correlation", "", *(_cell(related[name][kind]) for name in (*SCORES, "rank")), ""))
    return TextTable(
        title=f"Scores without labels, percent, on {choice['images']} images of the target",
        headings=("checkpoint", "iteration", *SCORES, "mean rank", TRUE),
        rows=tuple(rows),
        left=1,
        notes=tuple(f"{name}: {text}" for name, text in SAYS.items()),
    )


def verdict(choice: Choice) -> list[str]:
    """What is chosen, by which rule, and what labels were used for."""
    lines = [f"Chosen without labels: {choice['chosen']} ({choice['rule']})."]
    if any(entry["mIoU"] is not None for entry in choice["checkpoints"]):
        lines.append(f"Labels were used for the column '{TRUE}' (evaluations.json) and the correlations with it, and for nothing else.")
    return lines


def _cell(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.2f}"
