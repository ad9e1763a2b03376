"""Configs of others as plain values: nothing in the file runs, and nothing that it names is imported.

A JSON file, or a Python file of assignments: literals, ``dict(…)``, names that stand above, ``*`` and ``**`` of them, ``_base_`` and
``{{_base_.name}}``. This is what trainings write beside their checkpoints, and nearly all that our own configs use. Bounded in memory and
time, whatever the file holds.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config.config import RESERVED_KEYS

from mmseg.config.reading.plain import BASE, MAX_VALUES, Assignments, NotPlainError, is_base, parts, size
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT

MAX_BYTES = 4 << 20
"""Of a file; the longest published config has 30 kB."""
MAX_FILES = 100
"""Of a config with those that it inherits from."""
MAX_DEPTH = 50
"""Of entries in entries; published configs have 12."""
DELETE = "_delete_"
WEIGHTS = (".pth", ".pt", ".safetensors", ".ckpt", ".bin", ".tar", ".pkl")
"""Ends of the names of checkpoints, in small letters."""
PLACEHOLDER = re.compile(r"\{\{\s*(file|\$|_base_)")
"""In a text: a part of the name of the file, a variable of the environment, an entry that it inherits."""


class BrokenError(ValueError):
    """A file that is no config at all; the text says why."""


def may_be_of_others(path: str | Path, checkpoint: str | Path | None = None) -> bool:
    """Whether a config belongs to a run or a released folder, which others may have made: a checkpoint lies beside it.

    Args:
        path: of the config.
        checkpoint: that is read with it; a folder that holds both is such a folder, unless we work in it.
    """
    if checkpoint is not None:
        shared = os.path.commonpath([os.path.realpath(path), os.path.realpath(checkpoint)])
        if not any(place.is_relative_to(shared) for place in (Path.cwd(), ROOT)):
            return True
    try:
        return any(file.suffix.lower() in WEIGHTS for file in Path(path).absolute().parent.iterdir())
    except OSError:  # a folder that may be entered and not be listed: nobody knows what lies there
        return True


def plain_values(path: str | Path) -> dict[str, Any]:
    """The entries of a config and of what it inherits from, without running anything.

    Raises:
        UserError: it holds code, names code (``custom_imports``, a ``type`` with a dot), inherits from itself, is too large or broken.
    """
    try:
        values = _Files().read(Path(path), ())
        if reserved := RESERVED_KEYS & values.keys():
            raise BrokenError(f"it has an entry '{min(reserved)}', which configs cannot have")
        _check_names(values)
    except NotPlainError as error:
        fix = "Add --trust-config to have it run, if you trust whoever made it"
        raise UserError(f"Config {path} is not read as plain values: {error}. {fix}.") from None
    except BrokenError as error:
        raise UserError(f"Config {path} cannot be read: {error}. Correct the file, or download it again.") from None
    return values


class _Files:
    """The files of one config."""

    def __init__(self) -> None:
        self.count = 0
        self.budget = MAX_VALUES

    def read(self, path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
        """The values of a file and of those it inherits from."""
        here = _resolved(path)
        self.count += 1
        if here in above:
            raise NotPlainError(f"{path} inherits from itself")
        if self.count > MAX_FILES:
            raise NotPlainError(f"it inherits from more than {MAX_FILES} files")
        text = _text(path)
        if path.suffix == ".json":
            given = _from_json(path, text)
            base = self._bases(path, given.pop(BASE, ()), (*above, here))
        else:
            lines = _assignments(path, text)
            base = self._bases(path, _base_entry(path, lines), (*above, here))
            given = Assignments(path, base, self.spend).read(lines)
        _check_depth(given)
        return _merged(path, given, base)

    def spend(self, count: int) -> None:
        """Counts values.

        Raises:
            NotPlainError: there are too many.
        """
        self.budget -= count
        if self.budget < 0:
            raise NotPlainError(f"it holds more than {MAX_VALUES} values")

    def _bases(self, path: Path, names: Any, above: tuple[Path, ...]) -> dict[str, Any]:
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            raise NotPlainError(f"{path} inherits from what is no list of files")
        base: dict[str, Any] = {}
        for name in names:
            found = self.read(path.parent / name, above)
            if twice := base.keys() & found.keys():
                raise NotPlainError(f"two files that {path} inherits from have an entry '{min(twice)}'")
            base |= found
        self.spend(size(base))
        return base


def _resolved(path: Path) -> Path:
    """The file itself, where links lead to it; a name in a config may be none that any system has."""
    try:
        if path.is_file():
            return path.resolve()
    except (OSError, RuntimeError, ValueError):  # too long, links in a circle, a zero byte
        pass
    raise BrokenError(f"{str(path)[:200]} is no file")


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise NotPlainError(f"{path} has more than {MAX_BYTES >> 20} MB")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise BrokenError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BrokenError(f"{path} is no text") from None


def _from_json(path: Path, text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenError(f"{path} is not valid JSON ({error})") from None
    if not isinstance(values, dict):
        raise BrokenError(f"{path} is no dictionary")
    return values


def _assignments(path: Path, text: str) -> list[ast.Assign]:
    try:
        lines = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the parser's limits of nesting are the last two
        raise BrokenError(f"{path} is no Python ({str(error) or type(error).__name__})") from None
    for line in lines:
        words = isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
        named = isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], (ast.Name, ast.Subscript))
        if not words and not named:
            raise NotPlainError(f"line {line.lineno} of {path} gives no name a value")
    return [line for line in lines if isinstance(line, ast.Assign)]


def _base_entry(path: Path, lines: list[ast.Assign]) -> Any:
    for line in lines:
        if is_base(line.targets[0]):
            try:
                return ast.literal_eval(line.value)
            except (ValueError, TypeError, RecursionError, MemoryError):
                raise NotPlainError(f"line {line.lineno} of {path} is more than a list of files") from None
    return ()


def _check_depth(value: Any) -> None:
    level, depth, count = [value], 0, 0
    while level:
        count += len(level)
        if count > MAX_VALUES:
            raise NotPlainError(f"it holds more than {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            raise NotPlainError(f"its entries are nested deeper than {MAX_DEPTH}")
        level, depth = [part for entry in level for part in parts(entry)], depth + 1


def _check_names(value: Any) -> None:
    """Refuses what would import or run something later, when parts are built, and texts that mmengine replaces; the depth is small."""
    if isinstance(value, str) and PLACEHOLDER.search(value):
        raise NotPlainError(f"'{value[:60]}' stands for something else")
    if isinstance(value, Mapping):
        if value.get("custom_imports"):
            raise NotPlainError(f"custom_imports names code ({str(value['custom_imports'])[:60]})")
        kind = value.get("type")
        if isinstance(kind, str) and "." in kind:
            raise NotPlainError(f"type={kind!r} names a part by its module")
    for part in parts(value):
        _check_names(part)


def _merged(path: Path, given: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """What a file says over what it inherits, as mmengine merges them: dictionaries entry by entry, unless one has ``_delete_=True``."""
    merged = dict(base)
    for key, value in given.items():
        if isinstance(value, dict) and key in base:
            anew = value.get(DELETE, False)
            value = {name: entry for name, entry in value.items() if name != DELETE}
            if not anew and not isinstance(base[key], dict):
                raise NotPlainError(f"{path} has a dictionary for '{key}', which is none in what it inherits from")
            value = value if anew else _merged(path, value, base[key])
        merged[key] = value
    return merged
