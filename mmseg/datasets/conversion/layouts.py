"""The folders that data sets come in: what a converter has to know before it reads anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folders of one data set.

    Attributes:
        holds: what the data folder holds, for ``--help``.
        labels: label folder inside the data folder.
        depth: folder of the depth images inside it; None for a data set without depth.
    """

    holds: str
    labels: str
    depth: str | None = None


GTA = Layout(holds="images/ and labels/", labels="labels")
CITYSCAPES = Layout(holds="leftImg8bit/ and gtFine/", labels="gtFine")
SYNTHIA = Layout(holds="RGB/ and GT/LABELS/", labels="GT/LABELS", depth="Depth/Depth")
MAPILLARY = Layout(holds="training/ and validation/", labels="labels")
ACDC = Layout(holds="rgb_anon/ and gt/", labels="gt")
CAMVID = Layout(holds="train/, trainannot/ and so on, or the original form of CamVid", labels="trainannot")
