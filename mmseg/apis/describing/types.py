"""Types with their ranges, and defaults, in words."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union

from annotated_types import Ge, Gt, Le, Len, Lt, MinLen, MultipleOf
from typing_extensions import is_typeddict

from mmseg.utils.options.ranges import OneOf

NAMES = {bool: "True or False", int: "whole number", float: "number", str: "text", dict: "dictionary", type(None): "None", Any: "anything"}
BOUNDS = {
    Gt: ("above {}", "gt"),
    Ge: ("from {}", "ge"),
    Lt: ("below {}", "lt"),
    Le: ("to {}", "le"),
    MultipleOf: ("in multiples of {}", "multiple_of"),
}
LONG = 60
"""Characters of a default beyond which it is left to the signature."""


def in_words(annotation: Any) -> str:
    """Such as 'whole number above 0 or None' for ``Positive[int] | None``."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _with_range(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(in_words(member) for member in arguments))
    if origin is Literal:
        return " or ".join(repr(value) for value in arguments)
    if origin in (list, tuple, Sequence):
        return f"list ({in_words(arguments[0])} each)"
    if origin in (dict, Mapping):
        return f"dictionary ({in_words(arguments[1])} each)"
    if is_typeddict(annotation):
        return f"dictionary ({_entries(annotation)})"
    if origin is Callable:
        return "function"
    name = getattr(annotation, "__name__", str(annotation))
    return NAMES.get(annotation) or ("dictionary" if annotation is Mapping else f"`{name}`")


def _with_range(kind: Any, limits: Sequence[Any]) -> str:
    """A type with the marks of its range."""
    words = [in_words(kind)]
    for mark in limits:
        if isinstance(mark, Len):
            return f"{mark.min_length} values ({in_words(typing.get_args(kind)[0])} each)"
        if isinstance(mark, MinLen):
            return f"list of {mark.min_length} or more ({in_words(typing.get_args(kind)[0])} each)"
        if isinstance(mark, OneOf):
            return " or ".join(map(str, mark.values))
        if isinstance(mark, str):
            words.append(mark)
        else:
            text, name = BOUNDS[type(mark)]
            words.append(text.format(getattr(mark, name)))
    return " ".join(words)


def _entries(kind: Any) -> str:
    """The keys of a TypedDict."""
    return ", ".join(f"`{key}`" for key in typing.get_type_hints(kind))


def default_in_words(option: inspect.Parameter) -> str:
    """The default as a config would write it."""
    if option.default is option.empty:
        return "required"
    value = list(option.default) if isinstance(option.default, tuple) else option.default
    text = repr(value)
    return f"`{text}`" if len(text) <= LONG else "see the signature"
