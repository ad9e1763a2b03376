"""One training sample as a picture: the crops of both domains, the mix of them, and what masked consistency hides.

Letters: (H, W) crop; images are uint8 RGB [H, W, 3], labels uint8 [H, W] with train ids and 255, weights [H, W] in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.visualization.colorize import Palette, colorize_labels, heat, overlay
from mmseg.visualization.panels import GAP, Tile, draw_panel, fitted, legend, stack

TILE_HEIGHTS = (256, 384)  # pixels: captions fit above the smallest, four of the largest fit on a screen
OPACITY = 0.5  # of labels over photos
DIMMED = 0.75  # share of white over what is not meant


@dataclass(frozen=True)
class Look:
    """A crop as a network sees it.

    Attributes:
        image: the crop.
        label: what the loss compares the prediction with; None where there is none.
        weight: of each pixel in the loss; None where all weigh alike.
    """

    image: np.ndarray
    label: np.ndarray | None = None
    weight: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingSample:
    """What a training makes of one sample.

    Attributes:
        index: running number of the sample.
        names: of the files of the source crop and, where there is one, of the target crop.
        rare_class: train id that rare-class sampling drew, or None.
        source: crop with label.
        target: crop, with pseudo-label and its weight where a teacher was asked; None for a training without a target.
        valid: bool [H, W], where pseudo-labels may be used; None without margins.
        earlier: target crop with the pseudo-labels of an earlier stage, and the probability of soft ones; None without them.
        strong: strong view of the target crop, with the pseudo-labels of an earlier stage bent along; None without one.
        labeled: labelled target crop, of a target with a few labels; None without them.
        mixed: mixed and augmented crop with label and weight; None for a method without mixing.
        masked: crop with hidden blocks, label and weight; None for a method without masks.
    """

    index: int
    names: tuple[str, ...]
    rare_class: int | None
    source: Look
    target: Look | None = None
    valid: np.ndarray | None = None
    earlier: Look | None = None
    strong: Look | None = None
    labeled: Look | None = None
    mixed: Look | None = None
    masked: Look | None = None


def draw_training_sample(sample: TrainingSample, *, palette: Palette, names: Sequence[str]) -> np.ndarray:
    """A row for each domain, for labelled target, strong view, mix and mask, and a legend: uint8 RGB [height, width, 3]."""
    rows = [source_row(sample, palette, names)]
    if sample.target is not None:
        rows.append(target_row(sample, palette))
    others = (("labelled target", sample.labeled), ("strong view", sample.strong), ("mixed", sample.mixed), ("masked", sample.masked))
    rows += [look_row(title, look, palette) for title, look in others if look is not None]
    height, width = sample.source.image.shape[:2]
    tile_height = int(np.clip(height, *TILE_HEIGHTS))
    room = width * tile_height // height - 2 * GAP
    panel = draw_panel([[(fitted(caption, room), tile) for caption, tile in row] for row in rows], tile_height=tile_height)
    return stack([panel, legend((*palette, (0, 0, 0)), (*names, "ignored"), width=panel.shape[1])])


def source_row(sample: TrainingSample, palette: Palette, names: Sequence[str]) -> list[Tile]:
    """The crop, its label, and where the drawn class is."""
    image, label = sample.source.image, sample.source.label
    classes = len(np.setdiff1d(label, IGNORE))
    row = [
        (f"source: {sample.names[0]}", image),
        (f"source label, {classes} classes", overlay(image, colorize_labels(label, palette), OPACITY)),
    ]
    if sample.rare_class is not None:
        drawn = label == sample.rare_class
        row.append((f"drawn: {names[sample.rare_class]}, {drawn.sum()} pixels", dimmed(image, drawn)))
    return row


def target_row(sample: TrainingSample, palette: Palette) -> list[Tile]:
    """The crop, where pseudo-labels may be used, and the pseudo-labels where there are some."""
    image, valid = sample.target.image, sample.valid
    row = [(f"target: {sample.names[1]}", image)]
    if valid is not None:
        row.append((f"valid for pseudo-labels: {valid.mean():.0%}", dimmed(image, valid)))
    earlier = [] if sample.earlier is None else label_tiles("label of an earlier stage", sample.earlier, palette)
    return row + earlier + label_tiles("pseudo-label", sample.target, palette)


def look_row(title: str, look: Look, palette: Palette) -> list[Tile]:
    """A crop with its label and weight."""
    return [(title, look.image), *label_tiles(f"{title} label", look, palette)]


def label_tiles(title: str, look: Look, palette: Palette) -> list[Tile]:
    """The label, unless all of it is ignored, and its weight."""
    if look.label is None or (look.label == IGNORE).all():
        return []
    tiles = [(title, colorize_labels(look.label, palette))]
    return tiles if look.weight is None else [*tiles, (f"weight, mean {look.weight.mean():.2f}", heat(look.weight))]


def dimmed(image: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The image with everything outside ``kept`` (bool [H, W]) faded to white."""
    faded = overlay(image, np.full_like(image, 255), DIMMED)
    return np.where(kept[..., None], image, faded)
