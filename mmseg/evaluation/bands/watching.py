"""When a training has left its band: not at once, but when it stays outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmseg.evaluation.bands.file import Band
from mmseg.evaluation.bands.making import WINDOW, is_evaluated

IN_A_ROW_LOGGED, IN_A_ROW_EVALUATED = 5, 2
"""Points outside, one after the other, that count as having left: of logged values as many as one value can move the average of."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A quantity that has left.

    Attributes:
        name: of the quantity.
        since: the first iteration of those outside.
        value: the last one, averaged as the band is.
        low, high: the band there.
    """

    name: str
    since: int
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.name} since iteration {self.since} (now {self.value:.4g}, expected {self.low:.4g} to {self.high:.4g})"


class Watch:
    """Follows a training point by point, in the order of its iterations; each quantity is named once.

    Args:
        band: of trainings of the same config.
    """

    def __init__(self, band: Band) -> None:
        self.band = band
        self.places = {name: {iteration: place for place, iteration in enumerate(curve.iterations)} for name, curve in band.curves.items()}
        self.recent: dict[str, list[float]] = {}
        self.outside: dict[str, list[int]] = {}
        """Iterations outside, one after the other."""
        self.named: list[str] = []

    def see(self, iteration: int, values: Mapping[str, float | None]) -> list[Departure]:
        """The quantities that have left for good with this point; values that the band does not know, and absent ones, are passed over."""
        found = []
        for name, value in values.items():
            place = self.places.get(name, {}).get(iteration)
            if place is not None and value is not None and (departure := self._see(name, place, iteration, value)):
                found.append(departure)
        return found

    def _see(self, name: str, place: int, iteration: int, value: float) -> Departure | None:
        curve, evaluated = self.band.curves[name], is_evaluated(name)
        if not evaluated:
            recent = self.recent[name] = [*self.recent.get(name, []), value][-WINDOW:]
            value = sum(recent) / len(recent)
        low, high = curve.low[place], curve.high[place]
        if low <= value <= high:  # not so for NaN
            self.outside.pop(name, None)
            return None
        outside = self.outside[name] = [*self.outside.get(name, []), iteration]
        if name in self.named or len(outside) < (IN_A_ROW_EVALUATED if evaluated else IN_A_ROW_LOGGED):
            return None
        self.named.append(name)
        return Departure(name=name, since=outside[0], value=value, low=low, high=high)
