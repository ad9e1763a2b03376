"""How much of a network's mIoU is left where images are made worse (``tools/test.py --corruptions``)."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table
from torch.utils.data import DataLoader

from mmseg.apis.evaluating.evaluate import Evaluation
from mmseg.apis.evaluating.records import trust_metrics, without_nan
from mmseg.datasets.corruptions import KINDS, SEVERITIES, Corruption
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.evaluation.trust.record import ALL
from mmseg.utils.errors import UserError, suggestion

MEANS = ("mIoU", "mAcc", "aAcc")
Scores = Mapping[str, Mapping[int, float | None]]
"""mIoU in percent by kind and severity; None where it is undefined."""


def chosen_corruptions(texts: Sequence[str]) -> list[tuple[str, int]]:
    """(kind, severity) of ``all``, ``KIND`` (all severities) and ``KIND:SEVERITY``, each once, in the order of :data:`KINDS`.

    Raises:
        UserError: a kind or a severity does not exist.
    """
    chosen = set()
    for text in texts:
        name, _, number = text.partition(":")
        kinds = list(KINDS) if name == "all" else [name]
        if kinds[0] not in KINDS:
            raise UserError(f"--corruptions {text}: no corruption is called '{name}'.{suggestion(name, KINDS) or f' Use {_listed()}.'}")
        if number and number not in map(str, SEVERITIES):
            raise UserError(f"--corruptions {text}: severities are whole numbers from 1 to 5. Use {name}:3, or {name} for all of them.")
        chosen |= {(kind, severity) for kind in kinds for severity in ([int(number)] if number else SEVERITIES)}
    order = list(KINDS)
    return sorted(chosen, key=lambda each: (order.index(each[0]), each[1]))


def _listed() -> str:
    return f"all, {', '.join(KINDS)}"


def corrupted_loaders(
    build: Callable[[], DataLoader], chosen: Sequence[tuple[str, int]], seed: int
) -> Iterator[tuple[str, int, DataLoader]]:
    """Kind, severity and the loader of the data that are changed so.

    Args:
        build: makes a loader of the data as they are.
        chosen: of :func:`chosen_corruptions`.
        seed: of the corruptions.

    Raises:
        UserError: the data are several data sets in one.
    """
    for kind, severity in chosen:
        loader = build()
        if not isinstance(loader.dataset.images, ImageFiles):
            raise UserError("--corruptions changes the images of one data set, and val_dataloader has several. Evaluate them one by one.")
        loader.dataset.images = replace(loader.dataset.images, change=Corruption(kind, severity, seed))
        yield kind, severity, loader


def corruption_record(evaluations: Mapping[tuple[str, int], Evaluation], seed: int, reference: Scores | None) -> dict:
    """What is kept of the evaluations of corrupted images, by (kind, severity), ready for JSON.

    Returns:
        ``metrics`` by kind and severity (``mIoU``, ``mAcc``, ``aAcc``, and reliability where it was counted), ``mean`` mIoU of each kind,
        ``mIoU`` the mean over kinds, ``seed``, and with a reference ``mCE``, see :func:`mean_corruption_error`.
    """
    metrics: dict[str, dict[str, dict]] = {}
    for (kind, severity), evaluation in evaluations.items():
        scores = {name: evaluation.metrics[name] for name in MEANS if name in evaluation.metrics}
        scores |= trust_metrics(evaluation)[ALL] if evaluation.trust else {}
        metrics.setdefault(kind, {})[str(severity)] = without_nan(scores)
    scores = scores_of(metrics)
    means = {kind: _mean(row.values()) for kind, row in scores.items()}
    record = {"seed": seed, "metrics": metrics, "mean": means, "mIoU": _mean(means.values())}
    return record | ({} if reference is None else {"mCE": mean_corruption_error(scores, reference)})


def scores_of(metrics: Mapping[str, Mapping[str, Mapping]]) -> dict[str, dict[int, float | None]]:
    """mIoU by kind and severity, from the ``metrics`` of a record."""
    return {kind: {int(severity): found["mIoU"] for severity, found in row.items()} for kind, row in metrics.items()}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def mean_corruption_error(scores: Scores, reference: Scores) -> float:
    """The mean over kinds of the errors (100 - mIoU, summed over severities) over those of a reference, in percent.

    100 is as robust as the reference, less is more robust (Hendrycks and Dietterich, ICLR 2019, section 4.2).
    """
    ratios = []
    for kind, row in scores.items():
        errors, others = ([100 - (part[kind][severity] or 0) for severity in row] for part in (scores, reference))
        ratios.append(100 * sum(errors) / max(sum(others), 1e-9))
    return statistics.fmean(ratios)


def read_reference(path: Path, chosen: Sequence[tuple[str, int]]) -> Scores:
    """The scores of an earlier evaluation on the same corruptions.

    Raises:
        UserError: the file is none of ``--corruptions``, or it lacks some of them.
    """
    try:
        scores = scores_of(json.loads(path.read_text())["corruptions"]["metrics"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        fix = "Give the JSON file that tools/test.py --corruptions has written for the reference."
        raise UserError(f"--reference {path} is no result of --corruptions. {fix}") from None
    for kind, severity in chosen:
        if severity not in scores.get(kind, {}):
            fix = f"Evaluate it with the same --corruptions, or leave {kind}:{severity} out."
            raise UserError(f"--reference {path} has no {kind} of severity {severity}. {fix}")
    return scores


def corruption_table(record: Mapping, clean: float) -> Table:
    """One row per kind, one column per severity: mIoU in percent; ``clean`` is that of the images as they are."""
    severities = sorted({severity for row in record["metrics"].values() for severity in row})
    table = Table("corruption")
    for severity in severities:
        table.add_column(f"severity {severity}", justify="right")
    table.add_column("mean", justify="right")
    for kind, row in record["metrics"].items():
        cells = (_cell(row[severity]["mIoU"]) if severity in row else "" for severity in severities)
        table.add_row(kind, *cells, _cell(record["mean"][kind]))
    table.add_section()
    table.add_row("mean over the kinds", *[""] * len(severities), _cell(record["mIoU"]), style="bold")
    table.add_row("images as they are", *[""] * len(severities), _cell(clean))
    if "mCE" in record:
        table.add_row("mCE (100: as the reference, less is better)", *[""] * len(severities), _cell(record["mCE"]))
    return table


def _cell(value: float | None) -> str:
    return "absent" if value is None else f"{value:.2f}"
