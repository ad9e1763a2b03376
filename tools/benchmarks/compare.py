"""Measures one setting, or two in turn, and puts their figures together."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import getitem

from tools.benchmarks.data import surroundings
from tools.benchmarks.phases import median_phases
from tools.benchmarks.sessions import Session
from tools.benchmarks.settings import Setting
from tools.benchmarks.workers import worker


def measure(
    kind: type[Session],
    settings: Sequence[Setting],
    config: str,
    options: Mapping[str, object],
    *,
    iterations: int,
    rounds: int,
    warmup: int,
) -> dict:
    """Runs settings round by round, in turn, each in a process of its own.

    Args:
        kind: what is measured.
        settings: one, or the two sides A and B of a comparison.
        config, options: file of the config and overrides by dotted key.
        iterations: steps per round.
        rounds: all figures of speed are medians over them.
        warmup: steps before the first round.

    Returns:
        the figures of :func:`figures`; of two settings each is a dictionary by their names, and those of
        :func:`ratios` are added.
    """
    with contextlib.ExitStack() as opened:
        workers = [opened.enter_context(worker(kind, setting, config, dict(options))) for setting in settings]
        for single in workers:
            single.call("run", warmup)
            single.call("release")
        records: list[list[dict]] = [[] for _ in workers]
        for number in range(rounds):
            turn = list(zip(workers, records, strict=True))
            for single, record in turn if number % 2 == 0 else reversed(turn):
                record.append(single.call("round", iterations))
                single.call("release")
        results = [figures(record, single.call("details")) for single, record in zip(workers, records, strict=True)]
    how = {"config": config, "iterations": iterations, "rounds": rounds, "warmup": warmup, "environment": surroundings()}
    if len(settings) == 1:
        return {**results[0], "ratio": None, **how}
    names = unique_names(settings)
    together = {key: dict(zip(names, (result[key] for result in results), strict=True)) for key in results[0]}
    return {"settings": names, **together, **ratios(*records), **how}


def unique_names(settings: Sequence[Setting]) -> list[str]:
    """Their names; a setting that is compared with itself is told apart."""
    first, second = (setting.name for setting in settings)
    return [first, f"{second} again" if first == second else second]


def figures(rounds: Sequence[dict], details: dict) -> dict:
    """The figures of a setting.

    Returns:
        ``it_per_s`` and ``images_per_s`` with ``it_per_s_spread`` (lowest and highest round), ``peak_memory`` in bytes,
        ``phases`` in seconds, ``teacher`` (its phase, None without), ``share_of_peak``, and the details of the session.
    """
    speeds = [1 / single["seconds"] for single in rounds]
    speed = statistics.median(speeds)
    result = {
        "it_per_s": speed,
        "it_per_s_spread": [min(speeds), max(speeds)],
        "images_per_s": speed * details["images_per_step"],
        "share_of_peak": details["flops"] * speed / details["chip_flops_per_s"],
        **details,
    }
    if "phases" in rounds[0]:
        phases = median_phases([single["phases"] for single in rounds])
        whole = statistics.median(single["seconds_with_phases"] for single in rounds)
        result |= {"phases": phases, "seconds_with_phases": whole, "teacher": phases.get("teacher")}
    return result


def ratios(first: Sequence[dict], second: Sequence[dict]) -> dict:
    """How many times as fast B is as A: medians over the rounds of their ratios, and the lowest and highest of them.

    Returns:
        ``ratio`` and ``ratio_spread`` by the clock on the wall, ``cpu_ratio`` and ``cpu_ratio_spread`` by CPU time; of trainings
        with a teacher also the same of its pass: ``teacher_ratio``, ``teacher_cpu_ratio``, ….
    """
    places = {"ratio": ("seconds",), "cpu_ratio": ("cpu_seconds",)}
    if all("teacher" in single.get("phases", ()) for single in (*first, *second)):
        places |= {"teacher_ratio": ("phases", "teacher"), "teacher_cpu_ratio": ("cpu_phases", "teacher")}
    result = {}
    for name, place in places.items():
        found = [reduce(getitem, place, a) / reduce(getitem, place, b) for a, b in zip(first, second, strict=True)]
        result |= {name: statistics.median(found), f"{name}_spread": [min(found), max(found)]}
    return result
