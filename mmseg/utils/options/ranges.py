"""Types of options with their ranges, and what is said of a value outside.

``alpha: Share`` or ``interval: Positive[int]`` in a constructor's signature is the whole declaration: the registry compares every
value of a config with it (pydantic decides, in its strict mode: the text 'false' is no switch, 1.5 no count, NaN no number).
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Gt, Le, Len, Lt, MinLen

T = TypeVar("T")


class OneOf:
    """The mark of a whole number that has few values; a ``Literal`` would take 3.0 for 3."""

    def __init__(self, *values: int) -> None:
        self.values = values

    def __get_pydantic_core_schema__(self, kind: Any, handler: Any) -> Any:
        """How pydantic checks it: the type first."""
        from pydantic_core import core_schema

        return core_schema.chain_schema([handler(kind), core_schema.literal_schema(list(self.values))])


Share = Annotated[float, Ge(0), Le(1)]
"""A number from 0 to 1."""
ShareBelowOne = Annotated[float, Ge(0), Lt(1)]
"""A number from 0 to below 1, such as a dropout ratio: 1 would leave nothing."""
ShareAboveZero = Annotated[float, Gt(0), Le(1)]
"""A number above 0, at most 1, such as a decay: 0 would leave nothing."""
Positive = Annotated[T, Gt(0)]
"""``Positive[int]`` or ``Positive[float]``: above 0."""
NonNegative = Annotated[T, Ge(0)]
"""``NonNegative[int]`` or ``NonNegative[float]``: 0 or above."""
PositiveOrInfinite = Annotated[float, Gt(0), "may be infinite"]
"""Above 0; infinity is a value, such as the temperature at which all classes are alike."""
Some = Annotated[Sequence[T], MinLen(1)]
"""One value or more, such as the levels of an encoder."""
Pair = Annotated[Sequence[T], Len(2, 2)]
"""Two values, such as a size or a scale."""
Three = Annotated[Sequence[T], Len(3, 3)]
"""Three values, one per colour channel."""
Four = Annotated[Sequence[T], Len(4, 4)]
"""Four values, such as one per stage."""
OddSize = Annotated[int, OneOf(1, 3, 5, 7, 9, 11)]
"""Side of a convolution that keeps the size of its map, pixels."""
GreyLevel = Annotated[T, Ge(0), Le(255)]
"""``GreyLevel[int]`` or ``GreyLevel[float]``: a value of a channel of 8 bits."""
IgnoredLabel = Annotated[int, OneOf(255)]
"""What every data set gives pixels without a class."""
ColorChannels = Annotated[int, OneOf(3)]
"""All images are RGB."""


CLOSED = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""``__pydantic_config__`` of a TypedDict that has all the keys that there are."""


def mismatch(annotation: Any, value: Any) -> str | None:
    """What is wrong with a value, in words that follow the name of its option; None if it fits.

    Args:
        annotation: a type with its ranges; components may be classes.
        value: of a config: numbers, texts, lists, tuples, dictionaries, or objects.
    """
    from pydantic import ValidationError  # a command that checks nothing does without

    try:
        _adapter(annotation).validate_python((value,))
    except ValidationError as error:
        return _in_words(error.errors(include_url=False, include_context=False))
    return None


@functools.cache  # which takes most of the time
def _adapter(annotation: Any):
    from pydantic import ConfigDict, TypeAdapter

    infinite = annotation == PositiveOrInfinite  # what is no number is not above 0 either
    # In a tuple, because a bare TypedDict takes no configuration from here.
    return TypeAdapter(tuple[annotation], config=ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=infinite))


def _in_words(errors: Sequence[dict]) -> str:
    """One sentence of pydantic's errors: those that lie deepest, since those of a union name all of its members."""
    places = [[part for part in error["loc"][1:] if _is_place(part)] for error in errors]
    deepest = max(map(len, places))
    named = [(place, error) for place, error in zip(places, errors, strict=True) if len(place) == deepest]
    place, first = next((one for one in named if one[1]["type"] == "extra_forbidden"), named[0])  # which may be what is missing
    where = "".join(f".{part}" if str(part).isidentifier() else f"[{part!r}]" for part in place)  # as --cfg-options takes it
    if first["type"] in _OF_KEYS:
        return f"{where} {_OF_KEYS[first['type']]}"
    wishes = dict.fromkeys(wanted(error["msg"]) for _, error in named)
    return f"{where} is {first['input']!r}. It should {' or '.join(wishes)}."


_OF_KEYS = {"missing": "is missing. Add it.", "extra_forbidden": "is not known there. Correct it, or leave it out."}


def _is_place(part: object) -> bool:
    """Whether a part of an error's place is an index or a key, not the name of a type in a union."""
    return isinstance(part, int) or (not any(mark in str(part) for mark in "[]-") and part not in _TYPE_NAMES)


_TYPE_NAMES = {"float", "int", "str", "bool", "none", "constrained-int", "constrained-float"}


def wanted(message: str) -> str:
    """What a value should, in words, from one of pydantic's sentences, which all begin in the same few ways.

    A predicate says it by its name: ``a_text``.
    """
    if message.startswith("Predicate "):
        name = message.split()[1].strip("'").rpartition(".")[2]
        return f"be {name.replace('_', ' ')}"
    if message.startswith(("Value should ", "List should ")):
        return message.partition(" should ")[2].partition(" after validation")[0]
    text = message.removeprefix("Input should be ").removeprefix("a valid ")
    return f"be {_NAMES.get(text, text)}"


_NAMES = {
    "number": "a number",
    "integer": "a whole number",
    "string": "a text",
    "boolean": "True or False",
    "dictionary": "a dictionary",
    "a dictionary or mapping": "a dictionary",
    "list": "a list",
    "an instance of Sequence": "a list",
    "'str' instances are not allowed as a Sequence value": "a list",
}


@functools.cache  # the rows of a study have the same parts
def type_hints(function: Any) -> dict[str, Any]:
    """Annotations of a function with their ranges, by parameter."""
    return typing.get_type_hints(function, include_extras=True)
