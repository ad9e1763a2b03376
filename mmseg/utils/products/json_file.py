"""JSON files that this project writes and reads again, as types.

A form is declared beside what writes the file: builtin types, ``TypedDict``s (with ``__pydantic_config__ = PRODUCT``) and the ranges of
this file and of :mod:`mmseg.utils.options.ranges`. Files that are ours alone have an entry ``version``; those written before it existed
have none and are read as well. Class statistics are the published ones and have no version.
"""

from __future__ import annotations

import functools
import json
import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le, Predicate

from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import wanted

PRODUCT = {"extra": "allow", "allow_inf_nan": False}
"""Settings of a ``TypedDict`` of a product: entries that others have added are kept."""

Count = Annotated[int, Ge(0), Le(2**53)]
"""A whole number from 0 that a float holds as well."""
Measure = Annotated[float, Ge(-1e15), Le(1e15)]
"""A number that means and deviations can be taken of."""
Percent = Annotated[float, Ge(0), Le(100)]


def a_text(value: object) -> bool:
    """Whether a value is a text; pydantic's own type refuses names of files that are not UTF-8."""
    return isinstance(value, str)


FileName = Annotated[Any, Predicate(a_text)]
"""The name of a file, which may hold bytes that are not UTF-8 in Python's spelling of them."""


def read_product(path: str | Path, form: Any, fix: str) -> Any:
    """Reads a JSON file as a type.

    Args:
        path: the file.
        form: its type, see above.
        fix: what makes it anew, the end of every error (a full sentence).

    Returns:
        the content, as ``form`` says.

    Raises:
        UserError: the file is missing, cannot be read, is no JSON, or an entry is missing, of another type or outside its range.
    """
    return checked_product(_content(path, fix), path, form, fix)


def checked_product(content: Any, path: str | Path, form: Any, fix: str) -> Any:
    """What JSON held, as a type; arguments, result and errors of :func:`read_product`."""
    from pydantic import ValidationError  # a command that reads nothing does without

    try:
        return _adapter(form).validate_python(content, strict=True)
    except ValidationError as error:
        raise UserError(f"{path} {_in_words(error.errors(include_url=False, include_context=False), content)} {fix}") from None


def _content(path: str | Path, fix: str) -> Any:
    """What a JSON file holds, whatever it is."""
    try:
        if Path(path).exists() and not Path(path).is_file():  # nobody may write to a pipe, and a device has no end
            raise OSError(f"{path} is no file")
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist. {fix}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}. {fix}") from None
    if not data.strip():
        raise UserError(f"{path} is empty. {fix}")
    try:
        return json.loads(data.decode("utf-8-sig"))  # as editors of Windows write it
    except UnicodeDecodeError:
        raise UserError(f"{path} is not a text file. {fix}") from None
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits
        raise UserError(f"{path} is not valid JSON ({error}). {fix}") from None


@functools.cache  # which takes most of the time
def _adapter(form: Any):
    from pydantic import TypeAdapter

    return TypeAdapter(form)


def _in_words(errors: Sequence[dict], content: Any) -> str:
    """What is wrong, as the end of a sentence that begins with the file: another version explains all the rest."""
    version = [error for error in errors if error["loc"] == ("version",)]
    if version:
        return f"has the version {reprlib.repr(version[0]['input'])}, which this program does not know."
    places = [_place(error["loc"], content) for error in errors]
    deepest = max(map(len, places))  # those of a union name all of its members
    place, first = next((place, error) for place, error in zip(places, errors, strict=True) if len(place) == deepest)
    where = "".join(f"[{reprlib.repr(part)}]" for part in place)
    if first["type"] == "missing":
        return f"has no entry {where}[{first['loc'][-1]!r}]."
    wishes = dict.fromkeys(wanted(error["msg"]) for error, other in zip(errors, places, strict=True) if other == place)
    subject = f"holds {where} = {reprlib.repr(first['input'])}, which should" if where else "should"
    return f"{subject} {' or '.join(wishes)}."


def _place(parts: Sequence[str | int], content: Any) -> list[str | int]:
    """The indices and keys of an error's place, without the names of types in a union."""
    place = []
    for part in parts:
        index = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if index or (isinstance(content, dict) and part in content):
            place.append(part)
            content = content[part]
    return place
