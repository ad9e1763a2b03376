"""The studies by id: data only, one row per row of a table. ``python run_experiments.py --exp ID`` runs one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table.

    Attributes:
        title: what the table prints.
        config: path of the config, relative to the repository.
    """

    title: str
    config: str


@dataclass(frozen=True, kw_only=True)
class Study:
    """One table.

    Attributes:
        title: what the study shows.
        rows: its rows, in the order of the table.
        seeds: seeds of every row.
        metrics: columns, as (name in the results, heading); percent.
    """

    title: str
    rows: tuple[Row, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    metrics: tuple[tuple[str, str], ...] = (("mIoU", "mIoU"),)


STUDIES: dict[int, Study] = {
    0: Study(
        title="Demo domains: what adaptation and high resolution bring, from scratch on a CPU",
        rows=(
            Row(title="source-only (HRDA network)", config="configs/demo/demoHR_source_only.py"),
            Row(title="DAFormer (half resolution)", config="configs/demo/demo2demo_daformer.py"),
            Row(title="HRDA", config="configs/demo/demoHR2demoHR_hrda.py"),
            Row(title="target-only (oracle)", config="configs/demo/demoHR_target_only.py"),
        ),
        metrics=(("mIoU", "mIoU"), ("mIoU.thin", "mIoU of thin classes")),
    ),
}
