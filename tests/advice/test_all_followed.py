"""The guard: all advice of the inventory is followed by a test of this room, and every test follows advice that there is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mmseg.config.config import MAX_SEED, checked_seed
from mmseg.utils.errors import UserError
from tests.advice.following import ALL, advice, pieces_of
from tests.advice.inventory import SOURCES, Piece, Source, Texts, advises

HERE = Path(__file__)
ASKED = ("advice", "Followed")


def fragments() -> list[tuple[str, str, str]]:
    """(fragment, file, where) of the advice that the tests of this room follow: what they write as arguments of :data:`ASKED`."""
    found = []
    for path in sorted(HERE.parent.rglob("test_*.py")):
        for test in ast.parse(path.read_text(encoding="utf-8")).body:
            calls = [node for node in ast.walk(test) if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ASKED]
            for call in calls if path != HERE else ():
                if isinstance(call.args[0], ast.Constant):
                    assert isinstance(test, ast.FunctionDef) and test.name.startswith("test_"), f"{path.name}:{call.lineno} is in no test"
                    file = [word.value for word in call.keywords if word.arg == "file"] or call.args[3:]
                    found.append((call.args[0].value, file[0].value if file else "", f"{path.name}:{call.lineno}"))
    return found


def same_advice(pieces: list[Piece]) -> bool:
    """Whether pieces are of one place, or one is a part of all others: a name that is suggested, say, is not always there."""
    shortest = min(pieces, key=lambda piece: len(piece.text))
    return len({(piece.file, piece.function) for piece in pieces}) == 1 and all(shortest.text in piece.text for piece in pieces)


@pytest.fixture(scope="module")
def followed() -> dict[tuple[str, str, str], list[Piece]]:
    return {fragment: pieces_of(*fragment[:2]) for fragment in fragments()}


def test_all_advice_is_followed(followed):
    done = {(piece.file, piece.function, piece.text) for pieces in followed.values() for piece in pieces}
    left = [str(piece) for piece in ALL() if (piece.file, piece.function, piece.text) not in done]
    assert not left, "\n".join(["Advice that no test follows:", *left])


def test_every_test_names_its_advice(followed):
    """What it names is in the source, and nothing else is called so."""
    gone = [f"{where}: {fragment!r} {file}" for (fragment, file, where), pieces in followed.items() if not pieces]
    unclear = [
        f"{where}: {fragment!r} {file}" for (fragment, file, where), pieces in followed.items() if pieces and not same_advice(pieces)
    ]
    assert not gone and not unclear, "\n".join(["No such advice:", *gone, "Several pieces of advice:", *unclear])


def test_the_inventory_is_not_empty():
    assert len(SOURCES) > 300 and len(ALL()) > 450 and len({piece.file for piece in ALL()}) > 100


EXAMPLE = '''
from mmseg.utils.errors import UserError, suggestion

ELSEWHERE = "Start in another folder."

class OwnError(UserError):
    """Use nothing."""

def check(a, names):
    if a == 1:
        raise UserError(f"a is {a!r}.{suggestion(a, names) or ' Use 2.'}")
    text = f"a={a} is wrong"
    if a == 3:
        fix = "Give 4" if names else "Leave it out"
        raise OwnError(f"{text}. {fix}.")
    print("Use a pen.")
    return read(a, fix="Move it elsewhere.")

def read(a, fix):
    raise UserError(f"{a} is broken. {fix}") if a else UserError(f"a is no text. {ELSEWHERE}")
'''


def test_what_an_inventory_finds(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.advice.inventory.ROOT", tmp_path)
    (tmp_path / "example.py").write_text(EXAMPLE)
    found = {(piece.function, piece.text) for piece in Texts([Source(tmp_path / "example.py")]).pieces()}
    assert found == {
        ("check", "a is {}. Did you mean '{}'?"),
        ("check", "a is {}. Use 2."),
        ("check", "{}. Give 4."),
        ("check", "{}. Leave it out."),
        ("check", "Move it elsewhere."),
        ("read", "{} is broken. {}"),
        ("read", "a is no text. Start in another folder."),
    }


@pytest.mark.parametrize(
    ("text", "is_advice"),
    [
        ("a is 3. Use 4.", True),
        ("a is 3; run it again", True),
        ("Did you mean 'b'?", True),
        ("a is {} Start it by hand.", True),
        ("a is 3.", False),
        ("Used by all.", False),
        ("List should be short", False),
        ("a user gives up", False),
    ],
)
def test_what_is_advice(text, is_advice):
    assert advises(text) == is_advice


def test_what_does_not_say_so_fails():
    """Another error, none, one that the source does not have, and one that somebody else raises."""
    seed = "The seed {} is none. Use a whole number from 0 to {}."

    def refuse() -> int:
        return checked_seed("x")

    def pretend() -> None:
        raise UserError("The seed 'x' is none. Use a whole number from 0 to 7.")

    assert advice("The seed {} is none. Use a whole number from 0 to {}.", refuse) == ["'x'", str(MAX_SEED)]
    for fragment, action in [
        ("Give --list a study, or leave them out", refuse),
        (seed, lambda: checked_seed(7)),
        ("The seed {} is none. Use a pen.", refuse),
        (seed, pretend),
    ]:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            advice(fragment, action)
