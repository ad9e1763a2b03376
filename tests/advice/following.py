"""How a test follows advice: it names the advice as the source has it, and gets what the error fills in."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from mmseg.utils.errors import UserError
from tests.advice.inventory import GAP, NEAREST, Piece, inventory

ALL = cache(inventory)


def advice(fragment: str, action: Callable[[], object] | str, *, file: str = "") -> list[str]:
    """Has an action refused with advice; returns what the error fills into its gaps.

    Args:
        fragment: a part of one piece of advice of the inventory, with ``{}`` as gaps. The guard reads it from the source of the test.
        action: must end with a UserError; or the line itself, where it is one of a report.
        file: where two places say the same, the end of the name of the file that this is, or ``file:function``. The error must come
            from there, and from where its text is raised.
    """
    line, frames = (action, []) if isinstance(action, str) else refusal(action)
    said = re.search(f"{pattern(fragment)}$", line) or re.search(pattern(fragment), line)
    assert said, f"{line!r} does not say {fragment!r}"
    pieces = pieces_of(fragment, file)
    assert any(re.search(whole(piece.text), line) for piece in pieces), (line, pieces)
    places = [f"{piece.file}:{piece.function}" for piece in pieces if piece.raised] or [file]
    passed = [(frame.filename, frame.name) for frame in frames]
    assert not passed or any(stands_in(place, *frame) for place in places for frame in passed), f"{line!r} comes from {passed[-1]}"
    return list(said.groups())


def refusal(action: Callable[[], object]) -> tuple[str, list[traceback.FrameSummary]]:
    """The line of the error that an action ends with, and where it and what it was made of have been."""
    with pytest.raises(UserError) as caught:
        action()
    return str(caught.value), [frame for error in causes(caught.value) for frame in traceback.extract_tb(error.__traceback__)]


def causes(error: BaseException | None):
    """An error, and those that it was made of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def pattern(text: str) -> str:
    """A regular expression of a text with gaps; a gap at its end takes all that follows."""
    return "(.*?)".join(map(re.escape, text.split(GAP))) + ("$" if text.endswith(GAP) else "")


def whole(text: str) -> str:
    """A regular expression of a piece of advice: a nearest name is not always there."""
    return f"(?:{pattern(NEAREST)})?".join(map(pattern, text.split(NEAREST)))


def stands_in(place: str, file: str, function: str) -> bool:
    """Whether a function of a file is at a place, see :func:`advice`."""
    return f"{file}:{function}".endswith(place) if ":" in place else file.endswith(place)


def pieces_of(fragment: str, file: str = "") -> list[Piece]:
    """The advice that a fragment names: that of exactly this text, else all that it is a part of."""
    found = [piece for piece in ALL() if fragment in piece.text and stands_in(file, piece.file, piece.function)]
    return [piece for piece in found if piece.text == fragment] or found


@dataclass(frozen=True)
class Followed:
    """Advice, what it is given for, and what works instead: a function of what the error fills into the gaps."""

    fragment: str
    given: Callable[[], object]
    instead: Callable[..., object]
    file: str = ""

    def __str__(self) -> str:
        return self.fragment

    def follow(self) -> None:
        """Asks for the advice and carries it out."""
        self.instead(*advice(self.fragment, self.given, file=self.file))


def table(rows: list[Followed]):
    """The parameters of a test that follows a table."""
    return pytest.mark.parametrize("row", rows, ids=str)
