"""A config as a file that reads back as the same config."""

from __future__ import annotations

import ast
import keyword
import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from mmengine.config import Config

from mmseg.utils.options.custom_modules import copied_sources
from mmseg.utils.storage.files import write_text

WIDTH = 120  # columns
INDENT = 4


WRITABLE = "None, numbers, texts, bytes, paths, and lists, tuples, sets and dictionaries of them"
SIMPLE = (bool, int, float, str, bytes)
"""Types with a text of their own; each before those that it is a kind of."""


def config_text(cfg: Config) -> str:
    """The config as a Python file that :func:`mmseg.config.load_config` reads again.

    What is not finite is written as ``float("inf")``, paths become texts. Values have to be :func:`writable <unwritable>`.
    """
    return "".join(f"{key} = {_text(value, 0, len(key) + 3)}\n" for key, value in sorted(cfg.to_dict().items()))


def read_config_text(text: str) -> dict[str, Any]:
    """The values that :func:`config_text` has written, without running anything: the text may come out of a file of others.

    Raises:
        ValueError: it holds more than names with plain values.
    """
    try:
        return dict(map(_entry, ast.parse(text).body))
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:  # of the parser, and of keys that no dictionary takes
        raise ValueError(str(error)) from error


def _entry(line: ast.stmt) -> tuple[str, Any]:
    if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
        raise ValueError(f"line {line.lineno} gives no name a value")
    return line.targets[0].id, _value(line.value)


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True)}
    if type(node) in (ast.List, ast.Tuple, ast.Set):
        return {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)](map(_value, node.elts))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "dict" and not node.args:
            return {entry.arg: _value(entry.value) for entry in node.keywords}
        if node.func.id in ("set", "frozenset") and not node.keywords and len(node.args) < 2:
            return {"set": set, "frozenset": frozenset}[node.func.id](*map(_value, node.args))
        if node.func.id == "float" and not node.keywords and len(node.args) == 1:
            return float(ast.literal_eval(node.args[0]))
    return ast.literal_eval(node)


def write_config(path: str | os.PathLike, cfg: Config, comment: str = "") -> list[Path]:
    """Writes a config, and beside it the user's own modules that it names, so that the folder can be used wherever it lies.

    Args:
        path: the file.
        cfg: complete config.
        comment: whole lines that begin with ``#``, for its top.

    Returns:
        all files that were written.
    """
    modules = copied_sources(cfg.get("custom_imports"))
    for name, content in modules.items():
        write_text(Path(path).parent / name, content.decode())
    write_text(path, comment + config_text(cfg))
    return [Path(path), *(Path(path).parent / name for name in modules)]


def unwritable(value: Any, key: str = "") -> tuple[str, Any] | None:
    """The dotted key and the value of the first entry that :func:`config_text` cannot write; None if there is none."""
    if isinstance(value, dict):
        inner = [(f"{key}.{name}" if key else str(name), entry) for name, entry in value.items()]
        wrong = [(f"A key of {key or 'the config'}", name) for name in value if unwritable(name)]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner, wrong = [(f"{key}[{index}]", entry) for index, entry in enumerate(value)], []
    else:
        return None if value is None or isinstance(value, (*SIMPLE, PurePath)) else (key, value)
    return next(iter(wrong), None) or next(filter(None, (unwritable(entry, name) for name, entry in inner)), None)


def _text(value: Any, indent: int, taken: int) -> str:
    """A value as Python: on one line if it fits, else with one entry per line.

    Args:
        value: of builtin types.
        indent: columns before the line that it starts in.
        taken: columns of that line that are used, and one that follows.
    """
    flat = _flat(value)
    if indent + taken + len(flat) <= WIDTH or not (isinstance(value, (dict, list, tuple)) and value):
        return flat
    opening, closing = _brackets(value)
    inner = indent + INDENT
    lines = [f"{' ' * inner}{start}{_text(entry, inner, len(start) + 1)},\n" for start, entry in _entries(value)]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _flat(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, (dict, list, tuple)):
        opening, closing = _brackets(value)
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{opening}{', '.join(start + _flat(entry) for start, entry in _entries(value))}{comma}{closing}"
    if isinstance(value, (set, frozenset)):
        inner = f"{{{', '.join(sorted(map(_flat, value)))}}}" if value else ""  # empty braces are a dictionary
        return inner if inner and isinstance(value, set) else f"{'set' if isinstance(value, set) else 'frozenset'}({inner})"
    if isinstance(value, PurePath):
        return repr(str(value))
    kind = next((kind for kind in SIMPLE if isinstance(value, kind)), None)
    if kind is float and not math.isfinite(value):
        return f'float("{float(value)}")'
    return repr(kind(value) if kind else value)  # without the name of a type that is derived from it


def _brackets(value: dict | list | tuple) -> tuple[str, str]:
    if isinstance(value, dict):
        return ("dict(", ")") if _has_names(value) else ("{", "}")
    return ("[", "]") if isinstance(value, list) else ("(", ")")


def _entries(value: dict | list | tuple) -> Iterator[tuple[str, Any]]:
    """What each entry begins with, and the entry; the type comes first, other keys are sorted."""
    if not isinstance(value, dict):
        yield from (("", entry) for entry in value)
        return
    for key, entry in sorted(value.items(), key=lambda item: (item[0] != "type", str(item[0]))):
        yield f"{key}=" if _has_names(value) else f"{_flat(key)}: ", entry


def _has_names(value: dict) -> bool:
    """Whether all keys can be written as names of arguments."""
    return all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key) for key in value)
