"""How long an image is scored and picked from, against the straightforward way, in turn in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from rich.table import Table
from torch import Tensor

from mmseg.models.uda.acquisition.selection import select
from mmseg.models.uda.acquisition.strategies import PixelAcquisition, PixelImpurity, RegionAcquisition, RegionImpurity
from tools.benchmarks.data import surroundings
from tools.benchmarks.peak import GIB, PeakMemory
from tools.benchmarks.plain.picks import plain_score, plain_select, square_sums, sums_of_windows

CLASSES = 19
SMOOTHNESS = 32
"""Predictions are noise of one pixel in so many, enlarged: classes come in patches, and every class is there."""

STRIP = 16
"""Rows that the published convolution is measured on."""


@dataclass(frozen=True)
class Setting:
    """What is picked in one round.

    Args:
        acquisition: how it is scored.
        window: radius of the windows of the score in pixels.
        count: picks.
    """

    acquisition: RegionAcquisition | PixelAcquisition
    window: int
    count: int


SETTINGS = {
    "regions of 3x3": Setting(RegionImpurity(radius=1), 1, 1026),
    "pixels, windows of 65x65": Setting(PixelImpurity(radius=32), 32, 21),
}
"""The published rounds: 2.2 % of the pixels, and 40 pixels at the network's input, in five rounds."""


def measure_picks(size: tuple[int, int], rounds: int) -> dict:
    """Scores one synthetic image and picks from it, ours and plain in turn; the first turn warms up.

    Args:
        size: (H, W) of the image.
        rounds: the figures are medians over them.

    Returns:
        ``settings``: by name ``ours`` and ``plain`` in CPU seconds for ``score``, ``select`` and ``total``; ``ratio`` = plain / ours of
        the totals with ``ratio_spread``; ``square_windows``: CPU seconds of the published convolution in place of the two of the plain
        way, and ``square_ratio`` with it; ``peak_memory`` of ours in bytes, logits included; ``picks`` and how many ``same_picks``.
    """
    # Before anything else: what the plain way leaves behind would count as well. The logits belong to what a round needs.
    memory = PeakMemory(torch.device("cpu"))
    logits = synthetic_logits(size)
    measured = {name: {"peak_memory": peak(memory, logits, setting)} for name, setting in SETTINGS.items()}
    for name, setting in SETTINGS.items():
        turns = [(ours(logits, setting), plain(logits, setting)) for _ in range(rounds)]
        measured[name] |= summary([turn[0][0] for turn in turns], [turn[1][0] for turn in turns])
        lines, squares = window_seconds(size, setting.window)
        slow = measured[name]["plain"]["total"] - lines + squares
        measured[name] |= {"square_windows": squares, "square_ratio": slow / measured[name]["ours"]["total"]}
        found, expected = ({tuple(pick) for pick in side[1].tolist()} for side in turns[-1])
        measured[name] |= {"picks": len(found), "same_picks": len(found & expected)}
    return {"settings": measured, "size": list(size), "classes": CLASSES, "rounds": rounds, "environment": surroundings()}


def synthetic_logits(size: tuple[int, int]) -> Tensor:
    """Smooth noise, float32 [K, H, W]."""
    small = [max(side // SMOOTHNESS, 1) for side in size]
    noise = 3 * torch.randn(1, CLASSES, *small, generator=torch.Generator().manual_seed(0))
    return F.interpolate(noise, size=size, mode="bilinear", align_corners=True)[0]


def peak(memory: PeakMemory, logits: Tensor, setting: Setting) -> int:
    """The most that is resident while ours scores and picks; the peak of several settings is that of the largest so far."""
    ours(logits, setting)
    return memory.read()


def ours(logits: Tensor, setting: Setting) -> tuple[dict[str, float], Tensor]:
    """CPU seconds of both steps, and the picks [n, 2]."""
    active = torch.zeros(logits.shape[1:], dtype=torch.bool)
    exclusion = setting.acquisition.exclusion
    return in_two_steps(
        lambda: setting.acquisition(logits, np.random.default_rng(0)),
        lambda score: select(score, active, setting.count, exclusion=exclusion),
    )


def plain(logits: Tensor, setting: Setting) -> tuple[dict[str, float], Tensor]:
    """As :func:`ours`, the straightforward way."""
    regions = isinstance(setting.acquisition, RegionAcquisition)
    return in_two_steps(
        lambda: plain_score(logits, setting.window, regions=regions),
        lambda score: plain_select(score, setting.count, setting.acquisition.exclusion),
    )


def window_seconds(size: tuple[int, int], radius: int) -> tuple[float, float]:
    """CPU seconds of the plain sums over the windows of all classes, and of the published ones, from those of a strip of the image."""
    begin = time.process_time()
    sums_of_windows(torch.zeros(CLASSES, *size), radius)
    middle = time.process_time()
    square_sums(torch.zeros(CLASSES, STRIP + 2 * radius, size[1]), radius)
    return middle - begin, (time.process_time() - middle) * size[0] / STRIP


def in_two_steps(score: Callable[[], Tensor], pick: Callable[[Tensor], Tensor]) -> tuple[dict[str, float], Tensor]:
    """CPU seconds of the process for a score, for the picks from it and for both; and the picks."""
    begin = time.process_time()
    scored = score()
    middle = time.process_time()
    picks = pick(scored)
    end = time.process_time()
    return {"score": middle - begin, "select": end - middle, "total": end - begin}, picks


def summary(ours: list[dict[str, float]], plain: list[dict[str, float]]) -> dict:
    """Medians of all rounds, and the ratios of their totals."""
    ratios = [slow["total"] / fast["total"] for fast, slow in zip(ours, plain, strict=True)]
    sides = {"ours": ours, "plain": plain}
    return {
        **{side: {step: statistics.median(turn[step] for turn in turns) for step in turns[0]} for side, turns in sides.items()},
        "ratio": statistics.median(ratios),
        "ratio_spread": [min(ratios), max(ratios)],
    }


def picks_table(result: dict) -> Table:
    """One column per setting."""
    height, width = result["size"]
    environment = result["environment"]
    caption = f"{width}x{height}, {result['classes']} classes, CPU seconds on {environment['cpu']}, torch {environment['torch']}"
    view = Table("", *result["settings"], caption=caption)
    figures = result["settings"].values()
    for side in ("plain", "ours"):
        for step in ("score", "select", "total"):
            view.add_row(f"{side}: {step}", *(f"{figure[side][step]:.3f}" for figure in figures))
    view.add_row(
        "ratio of the totals, windows by rows and columns",
        *("{:.1f} ({:.1f} to {:.1f})".format(f["ratio"], *f["ratio_spread"]) for f in figures),
    )
    view.add_row("plain: windows as squares, as published", *(f"{figure['square_windows']:.3f}" for figure in figures))
    view.add_row("ratio of the totals with these", *(f"{figure['square_ratio']:.1f}" for figure in figures))
    view.add_row("peak memory of ours, GiB", *(f"{figure['peak_memory'] / GIB:.2f}" for figure in figures))
    view.add_row("picks, of these the same", *(f"{figure['picks']}, {figure['same_picks']}" for figure in figures))
    return view
