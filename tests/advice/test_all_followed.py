"""The guard: all advice of the inventory is followed by a test of this room, but for what no test can do."""

import ast
from pathlib import Path

from tests.advice.following import pieces_of
from tests.advice.inventory import Piece

NOT_ERRORS: dict[str, str] = {}
IMPOSSIBLE: dict[str, str] = {}
NOT_YET_FOLLOWED: list[str] = []


def fragments() -> list[tuple[str, str]]:
    """(fragment, file) of all advice that the tests of this room follow, as their source has it."""
    found = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") in ("advice", "Followed")
                and isinstance(node.args[0], ast.Constant)
            ):
                named = [word.value.value for word in node.keywords if word.arg == "file"] or [
                    value.value for value in node.args[3:4] if isinstance(value, ast.Constant)
                ]
                found.append((ast.literal_eval(node.args[0]), *(named or [""])))
    return found


def followed() -> set[Piece]:
    return {piece for fragment in fragments() for piece in pieces_of(*fragment)}
