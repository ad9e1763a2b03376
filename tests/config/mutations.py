"""Random mistakes in a config: each a function of the config and a number."""

from __future__ import annotations

import copy
import random
from typing import Any

NOT_A_NUMBER, INFINITE = float("nan"), float("inf")
ODD_VALUES = (
    *(None, True, False, 0, 1, 2, 3, 7, 40, -1, 0.5, 1.5, -0.5, 1e-9, NOT_A_NUMBER, INFINITE, -INFINITE),
    *("", "x", "false", "0.5", "None", [], {}, [1], [1, 2], [0.5, "x"], [[1, 2]], [None], {"type": "x"}, {"type": None}, {"a": 1}),
)
DEEPER = 0.9
"""Probability to go on into a part instead of changing it as a whole."""
LARGE = ("model", "uda", "train_dataloader", "optim_wrapper", "data")
"""Sections with most of the options."""


def mutated(config: dict, number: int) -> tuple[dict, str, Any]:
    """A copy of a config of JSON's types with one mistake or two.

    Args:
        number: decides which.

    Returns:
        the copy; the path of its last mistake, as in 'model.scales[1]'; what stands there now, None where nothing does.
    """
    rng = random.Random(number)
    changed = copy.deepcopy(config)
    for _ in range(rng.choice((1, 1, 1, 2))):
        large = [key for key in LARGE if isinstance(changed.get(key), dict) and changed[key]]
        section = rng.choice(large) if large and rng.random() < 0.6 else ""
        holder, key, path = _place(changed[section] if section else changed, rng, section)
        _change(holder, key, rng)
    present = key in holder if isinstance(holder, dict) else key < len(holder)
    return changed, path, holder[key] if present else None


def _place(part: dict | list, rng: random.Random, path: str = "") -> tuple[dict | list, Any, str]:
    """A dictionary or a list, one of its keys, and the path of that entry."""
    key = rng.choice(sorted(part)) if isinstance(part, dict) else rng.randrange(len(part))
    below = f"{path}.{key}".lstrip(".") if isinstance(part, dict) else f"{path}[{key}]"
    entry = part[key]
    if isinstance(entry, (dict, list)) and entry and rng.random() < DEEPER:
        return _place(entry, rng, below)
    return part, key, below


def _change(holder: dict | list, key: Any, rng: random.Random) -> None:
    """Replaces, deletes, misspells or wraps an entry."""
    value, kind = holder[key], rng.random()
    if kind < 0.08:
        del holder[key]
    elif kind < 0.14 and isinstance(holder, dict):
        place = rng.randrange(len(key) + 1)
        holder[key[:place] + rng.choice("aexu_") + key[place:]] = holder.pop(key)
    elif kind < 0.2:
        holder[key] = rng.choice(([value], {"a": value}, {str(key): value}, [value, value]))
    elif kind < 0.7 and isinstance(value, (int, float)):
        holder[key] = rng.choice((-value, value * 2, value + 1, value - 1, value / 2, float(value), str(value), not value))
    elif kind < 0.7 and isinstance(value, list) and value:
        holder[key] = rng.choice((value[:-1], [*value, value[-1]], value[::-1], value[0], [str(entry) for entry in value]))
    elif kind < 0.7 and isinstance(value, str):
        holder[key] = rng.choice((f"{value}x", value.upper(), value[1:], [value], f" {value}"))
    else:
        holder[key] = copy.deepcopy(rng.choice(ODD_VALUES))
