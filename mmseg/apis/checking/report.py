"""The outcome of a data check as tables, as JSON and as a contact sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mmseg.apis.checking.data import DataReport, Finding, SplitReport, spread
from mmseg.apis.checking.splits import OpenSplit
from mmseg.apis.predicting.passes import counted
from mmseg.utils.errors import UserError
from mmseg.visualization.pictures.contact_sheet import Section, SheetImage, contact_sheet

EXAMPLES = 3
"""Findings of one kind that are printed; all of them are in the JSON."""

SHEET_IMAGES = 5
"""Images of a split on the contact sheet."""


def print_report(report: DataReport, console: Console) -> None:
    """Prints a table of the splits, the findings by split and kind, and whether a training would fail."""
    if report.splits:
        console.print(split_table(report))
    for split in report.splits:
        console.print(f"{split.name}: {escape(split.folder)}", highlight=False, soft_wrap=True)
    for (split, kind), found in grouped(report.findings).items():
        console.print(f"[bold {'red' if found[0].fatal else 'yellow'}]{_headline(split, kind, found)}[/]", highlight=False)
        for finding in found[:EXAMPLES]:
            console.print(f"    {escape(finding.text)}", highlight=False, soft_wrap=True)
        if len(found) > EXAMPLES:
            console.print(f"    … and {len(found) - EXAMPLES} more, all in check_data.json", highlight=False)
    console.print(verdict(report), highlight=False, soft_wrap=True)


def grouped(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    """Findings by (split, kind), the fatal kinds first."""
    ordered = sorted(findings, key=lambda finding: (not finding.fatal, finding.split, finding.kind))
    return {key: list(found) for key, found in groupby(ordered, key=lambda finding: (finding.split, finding.kind))}


def _headline(split: str, kind: str, found: Sequence[Finding]) -> str:
    return f"{'FATAL' if found[0].fatal else 'note'}  {split}: {kind} ({len(found)})"


def verdict(report: DataReport) -> str:
    """The last line of the output."""
    notes = counted(len(report.findings) - len(report.fatal), "note")
    if report.fatal:
        kinds = ", ".join(f"{split} {kind}" for (split, kind), found in grouped(report.findings).items() if found[0].fatal)
        return f"A training would fail: {counted(len(report.fatal), 'fatal finding')} ({kinds}), {notes}."
    return f"A training can read these data: no fatal finding, {notes}."


def split_table(report: DataReport) -> Table:
    """One line per split."""
    table = Table(title="Data of this config", title_justify="left")
    for name in ("split", "data set", "images", "size", "format", "labels", "classes", "found"):
        table.add_column(name, justify="right" if name == "found" else "left", overflow="fold")
    for split in report.splits:
        table.add_row(*split_cells(split), str(sum(finding.split == split.name for finding in report.findings)))
    return table


def split_cells(split: SplitReport) -> Iterator[str]:
    """What the table says about a split."""
    yield from (split.name, split.dataset)
    yield f"{split.files}{'' if split.known is None else f' of {split.known}'}{'' if split.read == split.files else f', {split.read} read'}"
    yield most_frequent(split.image_sizes)
    yield most_frequent(split.image_formats)
    yield most_frequent(split.label_formats) if split.labelled else "not read"
    yield f"{sum(map(bool, split.class_pixels.values()))} of {len(split.class_pixels)}" if split.labelled else "-"


def most_frequent(counts: Mapping[str, int]) -> str:
    """The most frequent key, and how many others there are."""
    if not counts:
        return "-"
    first = max(counts, key=lambda key: counts[key])
    return first if len(counts) == 1 else f"{first} and {len(counts) - 1} other"


def report_json(report: DataReport, config: str) -> dict:
    """Everything that was found, as plain values."""
    return {
        "config": config,
        "training_would_fail": bool(report.fatal),
        "splits": [asdict(split) for split in report.splits],
        "findings": [asdict(finding) for finding in report.findings],
    }


def draw_sheet(splits: Sequence[OpenSplit]) -> np.ndarray:
    """Some images of every split with their labels over them: uint8 RGB [height, width, 3]."""
    info = splits[0].dataset.metainfo
    sections = [Section(section_title(split), split.dataset.metainfo["palette"], list(sheet_images(split))) for split in splits]
    return contact_sheet(sections, palette=info["palette"], names=info["classes"])


def section_title(split: OpenSplit) -> str:
    data = split.dataset
    return f"{split.name}: {type(data).__name__}, {len(data)} images in {data.images.folder}{'' if data.labelled else ', no labels read'}"


def sheet_images(split: OpenSplit) -> Iterator[SheetImage]:
    """Evenly spread images that can be read; a label that cannot is left out."""
    data = split.dataset
    for index in spread(len(data), SHEET_IMAGES):
        try:
            image = data.images.read(index)[..., ::-1]
        except UserError:  # is among the findings
            continue
        yield SheetImage(Path(data.images.names[index]).name, image, sheet_label(split, index, image))


def sheet_label(split: OpenSplit, index: int, image: np.ndarray) -> np.ndarray | None:
    """The label of an image, where there is one that fits."""
    if not split.dataset.labelled or index in split.without_label:
        return None
    try:
        label = split.dataset.read_label(index)
    except UserError:  # is among the findings
        return None
    return label if label.shape == image.shape[:2] else None
