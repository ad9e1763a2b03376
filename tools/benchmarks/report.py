"""The figures of a benchmark in words and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rich.table import Table

from tools.benchmarks.peak import GIB

LINES: Mapping[str, tuple[str, Callable[[dict], str]]] = {
    "it_per_s": ("{step}s per second", lambda one: f"{one['it_per_s']:.3f}"),
    "it_per_s_spread": ("  lowest to highest", lambda one: "{:.3f} to {:.3f}".format(*one["it_per_s_spread"])),
    "images_per_s": ("images per second", lambda one: f"{one['images_per_s']:.3f}"),
    "peak_memory": ("peak memory, GiB", lambda one: f"{one['peak_memory'] / GIB:.2f}"),
    "flops": ("GFLOP per {step}", lambda one: f"{one['flops'] / 1e9:.1f}"),
    "chip_flops_per_s": ("GFLOP/s of a matrix product", lambda one: f"{one['chip_flops_per_s'] / 1e9:.0f}"),
    "share_of_peak": ("  share of it", lambda one: f"{one['share_of_peak']:.1%}"),
    "precision": ("precision", lambda one: one["precision"]),
}
"""Title and text of a figure."""


def speed_table(result: dict, step: str) -> Table:
    """One line per figure, phase and network, one column per setting, and how many times as fast the second is.

    Args:
        result: of :func:`tools.benchmarks.compare.measure`.
        step: what is repeated: 'iteration' or 'image'.
    """
    names = result.get("settings")
    sides = [side_of(result, name) for name in names] if names else [result]
    device = sides[0]["device"]
    where = f"{result['environment']['cpu']}, {sides[0]['threads']} threads" if device == "cpu" else device
    caption = f"{result['config']} on {where}, torch {result['environment']['torch']}. Memory: {sides[0]['peak_memory_is']}."
    view = Table("", *(names or ["measured"]), *(["ratio"] if names else []), caption=caption)
    ratios = {} if not names else {"it_per_s": with_spread(result, "ratio"), "teacher": with_spread(result, "teacher_ratio")}
    for key, (title, text) in LINES.items():
        if key == "images_per_s" and step == "image":
            continue
        view.add_row(title.format(step=step), *map(text, sides), ratios.get(key))
    for title, key in {"ratio of CPU times": "cpu_ratio", "  of the teacher": "teacher_cpu_ratio"}.items():
        if device == "cpu" and key in result:
            view.add_row(title, "", "", with_spread(result, key))
    for name in union(side.get("phases", {}) for side in sides):
        view.add_row(name, *(milliseconds(side["phases"].get(name)) for side in sides), ratios.get(name))
    for name in union(side["forwards"] for side in sides):
        view.add_row(f"encoder passes: {name}", *(passes(side["forwards"].get(name)) for side in sides))
    return view


def side_of(result: dict, name: str) -> dict:
    """The figures of one setting of a comparison."""
    return {key: value[name] for key, value in result.items() if isinstance(value, dict) and name in value}


def union(several: Iterable[Mapping]) -> list[str]:
    """The keys of several dictionaries, each once, in their order."""
    return list(dict.fromkeys(key for single in several for key in single))


def with_spread(result: dict, key: str) -> str:
    """'2.31 (2.20 to 2.40)', or nothing."""
    return "{:.2f} ({:.2f} to {:.2f})".format(result[key], *result[f"{key}_spread"]) if result.get(key) else ""


def milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.1f} ms"


def passes(figures: dict | None) -> str:
    """'2 over 8 crops (8 of 128x128)'."""
    if figures is None:
        return ""
    sizes = ", ".join(f"{count} of {size}" for size, count in figures["crops"].items())
    return f"{figures['encoder_passes']} over {figures['images']} crops ({sizes})"


def fit_line(tried: dict) -> str:
    """'  9.87 GB  fits  uda.imnet_encoder_only=True precision=bf16 (the last one costs rounding)'."""
    peak = "too much" if tried["peak_memory"] is None else f"{tried['peak_memory'] / GIB:.2f} GB"
    changes = " ".join(f"{key}={value}" for key, value in tried["changes"].items()) or "as configured"
    price = f" (the last one costs {tried['price']})" if tried["price"] else ""
    return f"{peak:>9}  {'fits' if tried['fits'] else 'does not fit'}  {changes}{price}"


def loader_table(result: dict) -> Table:
    """The figures in samples per second, one line per variant."""
    view = Table("rare classes", "plain", "ours", "ratio", "of the rounds", "by the clock", "passes of plain")
    for name, ratio in result["ratio"].items():
        low, high = result["spread"][name]["cpu"]
        speeds = (f"{result[key][name]:.2f}" for key in ("plain", "ours"))
        wall = f"{result['wall']['ratio'][name]:.2f}"
        view.add_row(name.partition("_")[0], *speeds, f"{ratio:.2f}", f"{low:.2f} to {high:.2f}", wall, f"{result['passes'][name]:.1f}")
    return view
