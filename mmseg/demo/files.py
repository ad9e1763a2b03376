"""Writes scenes in the folders and encodings of GTA and Cityscapes.

Letters: (H, W) image.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmseg.datasets.classes import LABEL_IDS, LABEL_NAMES, PALETTE
from mmseg.demo.scene import Scene, render
from mmseg.demo.styles import STYLES
from mmseg.utils.files import write_image, write_text
from mmseg.visualization.colorize import write_palette_png

MANIFEST = "demo_manifest.json"
DRAWING = 1  # to be raised when painters change, so that scenes drawn by older ones are noticed
TRAIN_CITIES, VAL_CITIES = ("altdorf", "bergheim", "neustadt"), ("seeburg", "talheim")
FIRST_VAL = 1_000_000  # scene index of the first validation scene; training scenes count from 0


@dataclass(frozen=True)
class Parameters:
    """What decides the content of the demo data: written into its manifest."""

    seed: int = 0
    width: int = 512
    height: int = 256
    source: int = 240
    target: int = 200
    val: int = 60


@dataclass(frozen=True)
class Job:
    """One scene to write: ``split`` is '' for GTA, else 'train' or 'val'."""

    style: str
    split: str
    number: int


def jobs(parameters: Parameters) -> Iterator[Job]:
    """All scenes of the two domains."""
    yield from (Job("gta", "", n) for n in range(parameters.source))
    yield from (Job("cityscapes", "train", n) for n in range(parameters.target))
    yield from (Job("cityscapes", "val", n) for n in range(parameters.val))


def manifest(parameters: Parameters) -> dict[str, Any]:
    """Parameters and styles, so that other ones are noticed."""
    return {
        "drawing": DRAWING,
        "parameters": asdict(parameters),
        "styles": json.loads(json.dumps([asdict(style) for style in STYLES.values()])),
    }


def write_scene(job: Job, *, parameters: Parameters, out: Path) -> None:
    """Renders and writes one scene unless it exists; the image is written last and marks the scene as complete."""
    image = image_path(job, out)
    if image.is_file():
        return
    cv2.setNumThreads(1)  # the scenes are spread over processes already
    index = job.number + (FIRST_VAL if job.split == "val" else 0)
    scene = render(parameters.seed, index, STYLES[job.style], (parameters.width, parameters.height))
    if job.style == "gta":
        write_palette_png(out / "gta" / "labels" / image.name, scene.label_ids, label_id_palette())
    else:
        write_cityscapes_labels(label_stem(image, out), scene)
    write_image(image, scene.image[..., ::-1])


def image_path(job: Job, out: Path) -> Path:
    """Where the picture of a scene belongs."""
    if job.style == "gta":
        return out / "gta" / "images" / f"{job.number + 1:05d}.png"
    cities = VAL_CITIES if job.split == "val" else TRAIN_CITIES
    city = cities[job.number % len(cities)]
    return out / "cityscapes" / "leftImg8bit" / job.split / city / f"{city}_{job.number // len(cities):06d}_000019_leftImg8bit.png"


def label_stem(image: Path, out: Path) -> Path:
    """``.../gtFine/<split>/<city>/<city>_..._gtFine`` of a Cityscapes picture; suffixes are appended to it."""
    split, city = image.parts[-3:-1]
    return out / "cityscapes" / "gtFine" / split / city / image.name.replace("_leftImg8bit.png", "_gtFine")


def label_id_palette() -> list[tuple[int, int, int]]:
    """The class colours by raw label id, black for ids outside the 19 classes; GTA's label files carry such a palette."""
    colors = [(0, 0, 0)] * (max(LABEL_IDS) + 1)
    for label_id, color in zip(LABEL_IDS, PALETTE, strict=True):
        colors[label_id] = color
    return colors


def write_cityscapes_labels(stem: Path, scene: Scene) -> None:
    """Writes ``<stem>_labelIds.png`` and ``<stem>_polygons.json``."""
    write_image(stem.with_name(stem.name + "_labelIds.png"), scene.label_ids)
    height, width = scene.label_ids.shape
    annotation = {"imgHeight": height, "imgWidth": width, "objects": polygons(scene.label_ids)}
    write_text(stem.with_name(stem.name + "_polygons.json"), json.dumps(annotation))


def polygons(ids: np.ndarray) -> list[dict[str, Any]]:
    """Outlines of all regions of label ids [H, W], in drawing order.

    Only outer outlines are kept. Large ones come first: whatever fills a hole is smaller and is drawn later.
    """
    found = []
    for label_id in np.unique(ids):
        outlines, _ = cv2.findContours((ids == label_id).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found += [(cv2.contourArea(line), LABEL_NAMES[label_id], line[:, 0].tolist()) for line in outlines]
    return [{"label": name, "polygon": line} for _, name, line in sorted(found, key=lambda item: -item[0])]
