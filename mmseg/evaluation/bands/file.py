"""Bands as JSON files; those that ship lie beside this file, each called by the digest of its config without the seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import MinLen
from typing_extensions import TypedDict

from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Count, Measure, read_product
from mmseg.utils.storage.files import write_text

SHIPPED = Path(__file__).parent / "shipped"
FIX = "Make it again with tools/prepare/band.py."


class CurveEntry(TypedDict):
    """See :class:`BandCurve`."""

    __pydantic_config__ = PRODUCT

    iterations: list[Count]
    mean: list[Measure]
    low: list[Measure]
    high: list[Measure]


class BandEntry(TypedDict):
    """A file: see :class:`Band`; ``origin`` says where the numbers come from."""

    __pydantic_config__ = PRODUCT

    version: Literal[1]
    config: str
    digest: str
    seeds: Annotated[list[Count], MinLen(2)]
    curves: dict[str, CurveEntry]
    origin: dict[str, Any]


@dataclass(frozen=True)
class BandCurve:
    """Where a quantity is expected.

    Attributes:
        iterations: of its points, rising.
        mean: over the seeds.
        low, high: the prediction interval of :mod:`mmseg.evaluation.bands.making`.
    """

    iterations: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Band:
    """Where the curves of a training are expected.

    Attributes:
        config: name of what was trained, for people.
        digest: of its config without the seed.
        seeds: of the trainings that it was made of.
        curves: by the name of the quantity.
    """

    config: str
    digest: str
    seeds: tuple[int, ...]
    curves: Mapping[str, BandCurve]


def shipped_band(digest: str) -> Path | None:
    """The file of the band for a config, by its digest without the seed; None where none ships."""
    file = SHIPPED / f"{digest}.json"
    return file if file.is_file() else None


def write_band(path: Path, band: Band, origin: Mapping[str, Any]) -> None:
    """Writes a band, a curve a line.

    Raises:
        UserError: the folder is read-only or the disk is full.
    """
    head = {"version": 1, "config": band.config, "digest": band.digest, "seeds": list(band.seeds), "origin": dict(origin)}
    lines = [f' "{key}": {json.dumps(value)},' for key, value in head.items()]
    curves = [f"  {json.dumps(name)}: {json.dumps(vars(curve))}" for name, curve in band.curves.items()]
    write_text(path, "\n".join(["{", *lines, ' "curves": {', ",\n".join(curves), " }", "}"]) + "\n")


def read_band(path: str | Path) -> Band:
    """The band of a file.

    Raises:
        UserError: it is missing or broken.
    """
    entry = read_product(path, BandEntry, FIX)
    curves = {name: BandCurve(**{key: tuple(curve[key]) for key in CurveEntry.__annotations__}) for name, curve in entry["curves"].items()}
    for name, curve in curves.items():
        if len({len(values) for values in vars(curve).values()}) != 1:
            raise UserError(f"{path}: the lists of {name} have different lengths. {FIX}")
    return Band(config=entry["config"], digest=entry["digest"], seeds=tuple(entry["seeds"]), curves=curves)
