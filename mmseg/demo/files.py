"""Writes scenes in the folders and encodings of real data sets.

Letters: (H, W) image.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmseg.datasets import raw_labels, synthia
from mmseg.datasets.classes import IGNORE, LABEL_IDS, LABEL_NAMES, PALETTE
from mmseg.datasets.raw_labels import RawLabels
from mmseg.demo.scene import Scene, render
from mmseg.demo.styles import CITYSCAPES, GTA, STYLES, Style
from mmseg.utils.files import write_image, write_text
from mmseg.visualization.colorize import write_palette_png

MANIFEST = "demo_manifest.json"
DRAWING = 1  # to be raised when painters change, so that scenes drawn by older ones are noticed
TRAIN_CITIES, VAL_CITIES = ("altdorf", "bergheim", "neustadt"), ("seeburg", "talheim")
FIRST_THING = 11  # train ids from here to 18 are people and vehicles
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
class FolderLayout:
    """How one data set lays out its files.

    Attributes:
        style: which domain is drawn.
        splits: of which the data set has scenes.
        image: path of the picture (split, number), relative to the data set.
        write_label: writes the label(s) of a scene for (data set, relative path of the picture, scene).
        raw: what its labels are converted from; None where they are train ids already.
    """

    style: Style
    splits: tuple[str, ...]
    image: Callable[[str, int], str]
    write_label: Callable[[Path, str, Scene], None]
    raw: RawLabels | None = None


@dataclass(frozen=True)
class Job:
    """One scene to write: ``layout`` is a key of :data:`LAYOUTS`, ``split`` is 'source', 'train' or 'val'."""

    layout: str
    split: str
    number: int


def jobs(parameters: Parameters, layouts: Sequence[str]) -> Iterator[Job]:
    """All scenes of some layouts."""
    counts = {"source": parameters.source, "train": parameters.target, "val": parameters.val}
    for name in layouts:
        for split in LAYOUTS[name].splits:
            yield from (Job(name, split, number) for number in range(counts[split]))


def manifest(parameters: Parameters) -> dict[str, Any]:
    """Parameters and styles, so that other ones are noticed."""
    return {
        "drawing": DRAWING,
        "parameters": asdict(parameters),
        "styles": json.loads(json.dumps([asdict(style) for style in STYLES.values()])),
    }


def write_scene(job: Job, *, parameters: Parameters, out: Path) -> None:
    """Renders and writes one scene unless it exists; the image is written last and marks the scene as complete."""
    layout, root = LAYOUTS[job.layout], out / job.layout
    image = layout.image(job.split, job.number)
    if (root / image).is_file():
        return
    cv2.setNumThreads(1)  # the scenes are spread over processes already
    index = job.number + (FIRST_VAL if job.split == "val" else 0)
    scene = render(parameters.seed, index, layout.style, (parameters.width, parameters.height))
    layout.write_label(root, image, scene)
    write_image(root / image, scene.image[..., ::-1])


def gta_image(split: str, number: int) -> str:
    return f"images/{number + 1:05d}.png"


def synthia_image(split: str, number: int) -> str:
    return f"RGB/{number:07d}.png"


def cityscapes_image(split: str, number: int) -> str:
    cities = VAL_CITIES if split == "val" else TRAIN_CITIES
    city = cities[number % len(cities)]
    return f"leftImg8bit/{split}/{city}/{city}_{number // len(cities):06d}_000019_leftImg8bit.png"


def acdc_image(split: str, number: int) -> str:
    """In one folder per split, as the published configs expect it."""
    return f"rgb_anon/{split}/{_frame(number)}_rgb_anon.png"


def dark_zurich_image(split: str, number: int) -> str:
    return f"rgb_anon/{split}/night/{_frame(number)[:8]}/{_frame(number)}_rgb_anon.png"


def _frame(number: int) -> str:
    """Both data sets name a frame by its drive (here 50 frames long) and its number in it."""
    return f"GOPR{number // 50:04d}_frame_{number % 50 + 1:06d}"


def write_gta_label(root: Path, image: str, scene: Scene) -> None:
    """An 8-bit palette PNG of label ids."""
    write_palette_png(root / "labels" / Path(image).name, scene.label_ids, label_id_palette())


def write_synthia_label(root: Path, image: str, scene: Scene) -> None:
    """A 16-bit PNG with the class in red and a number of the person or vehicle in green; 0 is void, as are classes that SYNTHIA lacks."""
    table = np.zeros(256, np.uint16)
    table[: len(synthia.LABEL_IDS)] = synthia.LABEL_IDS
    table[list(synthia.ABSENT)] = 0
    red = table[scene.label]
    _, green = cv2.connectedComponents(((scene.label >= FIRST_THING) & (scene.label != IGNORE)).astype(np.uint8))
    pixels = np.dstack([np.zeros_like(red), green.astype(np.uint16), red])
    write_image(root / "GT" / "LABELS" / Path(image).name, pixels)


def write_cityscapes_labels(root: Path, image: str, scene: Scene) -> None:
    """Writes ``..._gtFine_labelIds.png`` and ``..._gtFine_polygons.json``."""
    stem = str(root / image.replace("leftImg8bit", "gtFine").removesuffix(".png"))
    write_image(f"{stem}_labelIds.png", scene.label_ids)
    height, width = scene.label_ids.shape
    annotation = {"imgHeight": height, "imgWidth": width, "objects": polygons(scene.label_ids)}
    write_text(f"{stem}_polygons.json", json.dumps(annotation))


def write_train_ids(root: Path, image: str, scene: Scene) -> None:
    """``gt/…_gt_labelTrainIds.png``, which ACDC and Dark Zurich come with."""
    write_image(root / image.replace("rgb_anon/", "gt/").replace("_rgb_anon.png", "_gt_labelTrainIds.png"), scene.label)


def write_validation_train_ids(root: Path, image: str, scene: Scene) -> None:
    """The training images of Dark Zurich have no labels."""
    if image.startswith("rgb_anon/val/"):
        write_train_ids(root, image, scene)


def label_id_palette() -> list[tuple[int, int, int]]:
    """The class colours by raw label id, black for ids outside the 19 classes; GTA's label files carry such a palette."""
    colors = [(0, 0, 0)] * (max(LABEL_IDS) + 1)
    for label_id, color in zip(LABEL_IDS, PALETTE, strict=True):
        colors[label_id] = color
    return colors


def polygons(ids: np.ndarray) -> list[dict[str, Any]]:
    """Outlines of all regions of label ids [H, W], in drawing order.

    Only outer outlines are kept. Large ones come first: whatever fills a hole is smaller and is drawn later.
    """
    found = []
    for label_id in np.unique(ids):
        outlines, _ = cv2.findContours((ids == label_id).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found += [(cv2.contourArea(line), LABEL_NAMES[label_id], line[:, 0].tolist()) for line in outlines]
    return [{"label": name, "polygon": line} for _, name, line in sorted(found, key=lambda item: -item[0])]


LAYOUTS = {
    "gta": FolderLayout(GTA, ("source",), gta_image, write_gta_label, raw_labels.GTA),
    "cityscapes": FolderLayout(CITYSCAPES, ("train", "val"), cityscapes_image, write_cityscapes_labels, raw_labels.CITYSCAPES),
    "synthia": FolderLayout(GTA, ("source",), synthia_image, write_synthia_label, raw_labels.SYNTHIA),
    "acdc": FolderLayout(CITYSCAPES, ("train", "val"), acdc_image, write_train_ids),
    "dark_zurich": FolderLayout(CITYSCAPES, ("train", "val"), dark_zurich_image, write_validation_train_ids),
}
"""The data sets that can be imitated, by their folders. All sources show the same scenes, and so do all targets."""
