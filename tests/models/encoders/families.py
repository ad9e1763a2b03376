"""The encoders that docs/encoders.md names, and networks of timm in a tiny form."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import timm

from tests.docs.pages import DOCS

PAGE = DOCS / "encoders.md"
PLAIN = {"embed_dim": 32, "depth": 4, "num_heads": 2}
STAGES = {"depths": (1, 1, 1, 1), "dims": (8, 16, 24, 32)}


@dataclass(frozen=True)
class Listed:
    """A row of the page."""

    name: str
    parameters: float
    size: int
    licence: str
    normalisation: str

    @property
    def plain(self) -> bool:
        return not self.name.startswith("convnext")


def table(header: str) -> list[list[str]]:
    """The cells of the rows of the table that begins with ``header``."""
    lines = PAGE.read_text().split(f"{header}\n", 1)[1].splitlines()[1:]
    rows = lines[: next(index for index, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows]


LISTED = [
    Listed(name, float(parameters), int(size), licence, normalisation)
    for name, parameters, size, licence, normalisation in table("| name in timm | parameters | trained at | licence | normalisation |")
]


def named(*starts: str) -> list[Listed]:
    """One row per beginning of a name."""
    return [next(row for row in LISTED if row.name.startswith(start)) for start in starts]


def skip_unknown(row: Listed) -> None:
    """The oldest timm that is supported has fewer networks."""
    if not timm.is_model(row.name):
        pytest.skip(f"timm {timm.__version__} has no {row.name}")


def make_tiny(monkeypatch: pytest.MonkeyPatch, **options) -> None:
    """From now on timm makes every network with few channels and blocks."""
    make = timm.create_model

    def tiny(name: str, **given):
        return make(name, **{**given, **(STAGES if name.startswith("convnext") else PLAIN), **options})

    monkeypatch.setattr(timm, "create_model", tiny)
