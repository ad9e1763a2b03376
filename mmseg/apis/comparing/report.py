"""What a comparison says, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmseg.apis.comparing.rows import Side, counted_pairs
from mmseg.apis.comparing.statistics import LEVEL, POWER, ROUNDS, SMALLEST, Comparison, compare
from mmseg.utils.errors import UserError

MANY = 30
"""Seeds from which on a deviation is known well enough to be taken as it is."""


def compare_sides(first: Side, second: Side) -> tuple[Comparison, list[Path]]:
    """The comparison of mIoU over the seeds that both have, and the folders without counts of images.

    Raises:
        UserError: they share no seed, or their classes or data differ.
    """
    values = first.values(), second.values()
    seeds = sorted(values[0].keys() & values[1].keys())
    if not seeds:
        own = [f"{side.name} has the seeds {', '.join(map(str, given))}" for side, given in zip((first, second), values, strict=True)]
        raise UserError(f"No pair to compare: {own[0]}, and {own[1]}. Train a seed that both have.")
    if first.classes != second.classes:
        only = sorted({*first.classes} ^ {*second.classes}) or ["their order"]
        raise UserError(f"{first.name} and {second.name} have other classes ({', '.join(only)}). Compare runs of one list of classes.")
    counts, lacking = counted_pairs(first, second, seeds)
    return compare({seed: values[0][seed] for seed in seeds}, {seed: values[1][seed] for seed in seeds}, counts), lacking


def comparison_text(first: Side, second: Side, comparison: Comparison, lacking: Sequence[Path]) -> str:
    """All that ``tools/compare.py`` prints."""
    head = [f"A: {first.name}", f"B: {second.name}", "", *seed_lines(comparison), ""]
    left_out = [
        f"Left out, as only {name} has it: seed {seed}."
        for name, side in (("A", first), ("B", second))
        for seed in sorted(side.folders.keys() - comparison.first.keys())
    ]
    return "\n".join([*head, *left_out, *interval_lines(comparison, lacking), verdict(comparison), *need_lines(comparison)])


def seed_lines(comparison: Comparison) -> list[str]:
    """The numbers of each pair, and their means."""
    rows = [(str(seed), value, comparison.second[seed]) for seed, value in comparison.first.items()]
    count = len(rows)
    rows.append(("mean", sum(row[1] for row in rows) / count, sum(row[2] for row in rows) / count))
    lines = [f"{'seed':>6} {'A':>7} {'B':>7} {'B - A':>7}   mIoU, percent"]
    return lines + [f"{name:>6} {one:7.2f} {two:7.2f} {two - one:+7.2f}" for name, one, two in rows]


def interval_lines(comparison: Comparison, lacking: Sequence[Path]) -> list[str]:
    """What the interval is and what it is over; none where there is none."""
    lines = []
    if comparison.interval is not None:
        seeds = f"{len(comparison.first)} seeds by Student's t" if comparison.deviation is not None else ""
        images = f"{comparison.images} images, drawn {ROUNDS:,} times" if comparison.images else ""
        over = " and ".join(filter(None, (images, seeds)))
        low, high = comparison.interval
        lines.append(f"B - A = {comparison.difference:+.2f}, {LEVEL:.0%} interval {low:+.2f} to {high:+.2f} (over {over})")
    if lacking:
        more = len(lacking) - 1
        named = f"{lacking[0]}{f' (and {more} more)' if more else ''}"
        alone = "Over the seeds alone: " if comparison.deviation is not None else ""
        lines.append(f"{alone}{named} kept no counts of its images (tools/test.py FOLDER writes them).")
    return lines


def verdict(comparison: Comparison) -> str:
    """Whether there is a difference."""
    if comparison.interval is None:
        return "One seed, and no counts of images: nothing can be said about the difference, not even of these two networks."
    low, high = comparison.interval
    found = not low <= 0 <= high
    better = "B" if comparison.difference > 0 else "A"
    if comparison.deviation is None:
        told = f"{better} is better on images like these" if found else "no evidence of a difference on images like these"
        return f"One seed. Of these two networks: {told}. Of the rows: nothing, another seed may turn it round."
    return f"{better} is better: the interval excludes 0." if found else "No evidence of a difference: the interval holds 0."


def need_lines(comparison: Comparison) -> list[str]:
    """How many seeds a small difference needs."""
    if comparison.needed is None:
        return ["How many seeds a difference needs is known from two on."]
    have = len(comparison.first)
    asked = f"To see {SMALLEST} mIoU in {POWER:.0%} of all comparisons (at {1 - LEVEL:.0%})"
    needed = f"{comparison.needed:,} seeds of each row are needed" if comparison.needed > have else f"these {have} seeds are enough"
    rough = ", which so few seeds tell roughly" if have < MANY else ""
    return [f"{asked}, {needed}: differences of pairs have a deviation of {comparison.deviation:.2f}{rough}."]
