"""The folders that data sets come in: what a converter has to know before it reads anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folders of one data set.

    Attributes:
        holds: what the data folder holds, for ``--help``.
        labels: label folder inside the data folder.
    """

    holds: str
    labels: str


GTA = Layout(holds="images/ and labels/", labels="labels")
CITYSCAPES = Layout(holds="leftImg8bit/ and gtFine/", labels="gtFine")
SYNTHIA = Layout(holds="RGB/ and GT/LABELS/", labels="GT/LABELS")
MAPILLARY = Layout(holds="training/ and validation/", labels="labels")
ACDC = Layout(holds="rgb_anon/ and gt/", labels="gt")
