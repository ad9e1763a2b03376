"""What every section of an old config is checked with; paths name a key from the top, as in 'data.train.source.img_dir'."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from mmseg.utils.errors import UserError, suggestion


def as_lists(value: Any) -> Any:
    """The value with tuples as lists: a Python config then reads as its JSON."""
    if isinstance(value, dict):
        return {key: as_lists(entry) for key, entry in value.items()}
    return [as_lists(entry) for entry in value] if isinstance(value, list | tuple) else value


def join(path: str, key: str) -> str:
    """Path of an entry of the section ``path``; the top is ''."""
    return f"{path}.{key}" if path else str(key)


def dictionary(section: Any, path: str) -> dict:
    """The section itself, which must be a dictionary."""
    if not isinstance(section, dict):
        raise UserError(f"{path} is {section!r}. Write a dictionary there.")
    return section


def type_of(part: Any) -> str | None:
    """The name under 'type', or None where there is none."""
    kind = part.get("type") if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else None


def whole_number(value: Any, path: str) -> int:
    """The value itself, which must be a whole number."""
    if type(value) is not int:
        raise UserError(f"{path} is {value!r}. Use a whole number.")
    return value


def whole_numbers(value: Any, path: str, count: int) -> list[int]:
    """The value itself, which must be a list of ``count`` whole numbers."""
    if not isinstance(value, list) or len(value) != count:
        raise UserError(f"{path} is {value!r}. Use a list of {count} whole numbers.")
    return [whole_number(number, f"{path}[{index}]") for index, number in enumerate(value)]


def note(text: str) -> None:
    """Says what was left out of a config because no result depends on it."""
    logging.getLogger(__name__).warning(text)


def checked(section: Any, path: str, known: Iterable[str], required: Iterable[str] = (), *, harmless: bool = False) -> dict:
    """The entries of a section that are known.

    Args:
        harmless: no result depends on what else may stand there: a key that is not known is a note.

    Raises:
        UserError: it is no dictionary, has a key that is not known, or lacks a required one.
    """
    known = tuple(known)
    for key in dictionary(section, path):
        if key not in known and harmless:
            note(f"{join(path, key)} is not read: no result depends on it.")
        elif key not in known:
            fix = suggestion(str(key), known) or f" Remove it; understood there: {', '.join(known)}."
            raise UserError(f"{join(path, key)} is not understood.{fix}")
    for key in required:
        if key not in section:
            raise UserError(f"{join(path, key)} is missing. Add it.")
    return {key: value for key, value in section.items() if key in known}


def accept(section: dict, path: str, allowed: dict[str, Sequence], fix: str = "") -> None:
    """Refuses a value that has no counterpart.

    Args:
        section: entries that are not given are fine.
        allowed: values by key.
        fix: last sentence of the error; the allowed values by default.
    """
    for key, values in allowed.items():
        if key in section and section[key] not in values:
            fix = fix or f"Use {' or '.join(repr(value) for value in values)}."
            raise UserError(f"{join(path, key)} is {section[key]!r}, which has no counterpart here. {fix}")
