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

from mmseg.datasets.classes.names import IGNORE, LABEL_IDS, LABEL_NAMES, PALETTE
from mmseg.datasets.conversion import raw_labels
from mmseg.datasets.conversion.raw_labels import RawLabels
from mmseg.datasets.kinds import synthia
from mmseg.datasets.kinds.acdc import CONDITIONS
from mmseg.demo.choices import STREETS, UNSEEN_FOLDERS, Parameters
from mmseg.demo.class_frequencies import with_factors
from mmseg.demo.scene import EGO_VEHICLE, Scene, render
from mmseg.demo.streets.render import STREETS_DRAWING, render_street
from mmseg.demo.styles import CITYSCAPES, GTA, STYLES, Style
from mmseg.demo.unseen_styles import UNSEEN_STYLES
from mmseg.utils.storage.files import write_text
from mmseg.utils.storage.images import write_image
from mmseg.visualization.colorize import write_palette_png

DRAWING = 1  # to be raised when painters change, so that scenes drawn by older ones are noticed
TRAIN_CITIES, VAL_CITIES = ("altdorf", "bergheim", "neustadt"), ("seeburg", "talheim")
FIRST_THING = 11  # train ids from here to 18 are people and vehicles
MAPILLARY_IDS = (13, 15, 17, 6, 3, 45, 48, 50, 30, 29, 27, 19, 20, 55, 61, 54, 58, 57, 52)
"""One of Mapillary's ids for each train id 0..18."""
MAPILLARY_EGO_VEHICLE, MAPILLARY_UNLABELED = 64, 65
MAPILLARY_SIZES = ((1, 1), (0.75, 1.125), (1.125, 1.265625), (0.5625, 1.5))
"""Where scenes are twice as wide as high: the same, 4:3, 16:9 and upright 3:4."""
FIRST_VAL = 1_000_000  # scene index of the first validation scene; training scenes count from 0


@dataclass(frozen=True)
class FolderLayout:
    """How one data set lays out its files.

    Attributes:
        style: which domain is drawn; None is that of :mod:`mmseg.demo.streets`.
        splits: of which the data set has scenes.
        image: path of the picture (split, number), relative to the data set.
        write_label: writes the label(s) of a scene for (data set, relative path of the picture, scene).
        raw: what its labels are converted from; None where there is nothing to convert or to count.
        depth: path of the depth of (split, number), relative to the data set; None for a data set without depth.
        sizes: of the scenes in turns, as multiples of the (width, height) that are asked for.
        roots: folders below the data set, each one a data set that is converted.
    """

    style: Style | None
    splits: tuple[str, ...]
    image: Callable[[str, int], str]
    write_label: Callable[[Path, str, Scene], None]
    raw: RawLabels | None = None
    depth: Callable[[str, int], str] | None = None
    sizes: tuple[tuple[float, float], ...] = ((1, 1),)
    roots: tuple[str, ...] = ("",)


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


def manifest(parameters: Parameters, layouts: Sequence[str] = ()) -> dict[str, Any]:
    """What a :class:`mmseg.demo.manifest.Manifest` compares: parameters and styles; of unseen and other streets where they are drawn."""
    unseen = [UNSEEN_STYLES[name] for name in UNSEEN_FOLDERS if name in layouts]
    styles = {"styles": STYLES.values(), **({"unseen_styles": unseen} if unseen else {})}
    return {
        "drawing": DRAWING,
        "parameters": parameters.declared,
        **({"streets": STREETS_DRAWING} if STREETS in layouts else {}),
        **{key: json.loads(json.dumps([asdict(style) for style in values])) for key, values in styles.items()},
    }


def write_scene(job: Job, *, parameters: Parameters, out: Path) -> None:
    """Renders and writes one scene unless it exists; the image is written last and marks the scene, but for its depth, as complete."""
    layout, root = LAYOUTS[job.layout], out / job.layout
    image, depth = layout.image(job.split, job.number), depth_path(job, out)
    drawn, has_depth = (root / image).is_file(), depth is None or depth.is_file()
    if drawn and has_depth:
        return
    cv2.setNumThreads(1)  # the scenes are spread over processes already
    index = job.number + (FIRST_VAL if job.split == "val" else 0)
    wide, high = layout.sizes[job.number % len(layout.sizes)]
    scene = draw_scene(layout.style, parameters, index, (round(parameters.width * wide), round(parameters.height * high)))
    if not has_depth:
        write_image(depth, depth_in_centimetres(scene.inverse_depth))
    if not drawn:
        layout.write_label(root, image, scene)
        write_image(root / image, scene.image[..., ::-1])


def draw_scene(style: Style | None, parameters: Parameters, index: int, size: tuple[int, int]) -> Scene:
    """The scene ``index`` of a layout's style, ``size`` (width, height) pixels large."""
    if style is None:
        return render_street(parameters.seed, index, size)
    return render(parameters.seed, index, with_factors(style, parameters.target_frequencies) if style is CITYSCAPES else style, size)


def depth_path(job: Job, out: Path) -> Path | None:
    """The depth of a scene; None where its data set has none."""
    depth = LAYOUTS[job.layout].depth
    return None if depth is None else out / job.layout / depth(job.split, job.number)


def lacks_depth(parameters: Parameters, layouts: Sequence[str], out: Path) -> bool:
    """Whether scenes of an earlier version have no depth yet, or it was deleted."""
    paths = (depth_path(job, out) for job in jobs(parameters, [name for name in layouts if LAYOUTS[name].depth]))
    return not all(path.is_file() for path in paths)


def gta_image(split: str, number: int) -> str:
    return f"images/{number + 1:05d}.png"


def streets_image(split: str, number: int) -> str:
    """As GTA has them; validation scenes lie in a folder of their own."""
    return ("val/" if split == "val" else "") + gta_image(split, number)


def synthia_image(split: str, number: int) -> str:
    return f"RGB/{number:07d}.png"


def synthia_depth(split: str, number: int) -> str:
    return f"Depth/Depth/{number:07d}.png"


def cityscapes_image(split: str, number: int) -> str:
    cities = VAL_CITIES if split == "val" else TRAIN_CITIES
    city = cities[number % len(cities)]
    return f"leftImg8bit/{split}/{city}/{city}_{number // len(cities):06d}_000019_leftImg8bit.png"


def acdc_image(split: str, number: int) -> str:
    """As unpacked: below its condition, all four in turns."""
    return f"rgb_anon/{CONDITIONS[number % len(CONDITIONS)]}/{split}/{_frame(number)[:8]}/{_frame(number)}_rgb_anon.png"


def dark_zurich_image(split: str, number: int) -> str:
    return f"rgb_anon/{split}/night/{_frame(number)[:8]}/{_frame(number)}_rgb_anon.png"


def bdd100k_image(split: str, number: int) -> str:
    return f"images/10k/{split}/b1c66a42-{number:08x}.jpg"


def mapillary_image(split: str, number: int) -> str:
    """Names are keys, which may end in letters as well as in digits."""
    return f"{'validation' if split == 'val' else 'training'}/images/{number:06d}_key.jpg"


def _frame(number: int) -> str:
    """ACDC and Dark Zurich name a frame by its drive (here 50 frames long) and its number in it."""
    return f"GOPR{number // 50:04d}_frame_{number % 50 + 1:06d}"


def write_gta_label(root: Path, image: str, scene: Scene) -> None:
    """An 8-bit palette PNG of label ids."""
    folder = (root / image).parents[1] / "labels"
    write_palette_png(folder / Path(image).name, scene.label_ids, palette_of(LABEL_IDS))


def write_synthia_label(root: Path, image: str, scene: Scene) -> None:
    """A 16-bit PNG with the class in red and a number of the person or vehicle in green; 0 is void, as are classes that SYNTHIA lacks."""
    table = np.zeros(256, np.uint16)
    table[: len(synthia.LABEL_IDS)] = synthia.LABEL_IDS
    table[list(synthia.ABSENT)] = 0
    red = table[scene.label]
    _, green = cv2.connectedComponents(((scene.label >= FIRST_THING) & (scene.label != IGNORE)).astype(np.uint8))
    pixels = np.dstack([np.zeros_like(red), green.astype(np.uint16), red])
    write_image(root / "GT" / "LABELS" / Path(image).name, pixels)


def depth_in_centimetres(inverse_depth: np.ndarray) -> np.ndarray:
    """As SYNTHIA stores depth: uint16 [H, W], 65535 in the sky. Training uses 65536 / (raw + 1), which is 1 there.

    Args:
        inverse_depth: float32 [H, W] in 1/m, 0 is infinitely far.
    """
    with np.errstate(divide="ignore"):
        return np.minimum(np.rint(100 / inverse_depth), 65535).astype(np.uint16)


def write_cityscapes_labels(root: Path, image: str, scene: Scene) -> None:
    """Writes ``..._gtFine_labelIds.png`` and ``..._gtFine_polygons.json``."""
    stem = str(root / image.replace("leftImg8bit", "gtFine").removesuffix(".png"))
    write_image(f"{stem}_labelIds.png", scene.label_ids)
    height, width = scene.label_ids.shape
    annotation = {"imgHeight": height, "imgWidth": width, "objects": polygons(scene.label_ids)}
    write_text(f"{stem}_polygons.json", json.dumps(annotation))


def write_cityscapes_train_ids(root: Path, image: str, scene: Scene) -> None:
    """``gtFine/…_gtFine_labelTrainIds.png``, as the conversion of Cityscapes leaves it."""
    write_image(root / image.replace("leftImg8bit", "gtFine").replace(".png", "_labelTrainIds.png"), scene.label)


def write_train_ids(root: Path, image: str, scene: Scene) -> None:
    """``gt/…_gt_labelTrainIds.png``, which ACDC and Dark Zurich come with."""
    write_image(root / image.replace("rgb_anon/", "gt/").replace("_rgb_anon.png", "_gt_labelTrainIds.png"), scene.label)


def write_validation_train_ids(root: Path, image: str, scene: Scene) -> None:
    """The training images of Dark Zurich have no labels."""
    if image.startswith("rgb_anon/val/"):
        write_train_ids(root, image, scene)


def write_bdd100k_label(root: Path, image: str, scene: Scene) -> None:
    """Train ids."""
    write_image(root / "labels" / "sem_seg" / "masks" / Path(image).relative_to("images/10k").with_suffix(".png"), scene.label)


def write_mapillary_label(root: Path, image: str, scene: Scene) -> None:
    """An 8-bit palette PNG of Mapillary's own ids; people and vehicles too are without the number of the instance."""
    ids = np.full(256, MAPILLARY_UNLABELED, np.uint8)
    ids[: len(MAPILLARY_IDS)] = MAPILLARY_IDS
    label = np.where(scene.label_ids == EGO_VEHICLE, np.uint8(MAPILLARY_EGO_VEHICLE), ids[scene.label])
    write_palette_png(root / image.replace("/images/", "/labels/").replace(".jpg", ".png"), label, palette_of(MAPILLARY_IDS))


def palette_of(ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """The class colours by raw id, from the raw id of each train id, and black for the others: the label files carry such palettes."""
    colors = [(0, 0, 0)] * (max(ids) + 1)
    for raw_id, color in zip(ids, PALETTE, strict=True):
        colors[raw_id] = color
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
    "synthia": FolderLayout(GTA, ("source",), synthia_image, write_synthia_label, raw_labels.SYNTHIA, synthia_depth),
    "acdc": FolderLayout(CITYSCAPES, ("train", "val"), acdc_image, write_train_ids, raw_labels.ACDC),
    "dark_zurich": FolderLayout(CITYSCAPES, ("train", "val"), dark_zurich_image, write_validation_train_ids),
    "bdd100k": FolderLayout(CITYSCAPES, ("train", "val"), bdd100k_image, write_bdd100k_label),
    "mapillary": FolderLayout(
        CITYSCAPES, ("train", "val"), mapillary_image, write_mapillary_label, raw_labels.MAPILLARY, sizes=MAPILLARY_SIZES
    ),
    **{name: FolderLayout(style, ("val",), cityscapes_image, write_cityscapes_train_ids) for name, style in UNSEEN_STYLES.items()},
    STREETS: FolderLayout(None, ("source", "val"), streets_image, write_gta_label, raw_labels.GTA, roots=("", "val")),
}
"""The data sets that can be imitated, by their folders. All sources show the same scenes, and so do all targets; Mapillary does so
at sizes of its own. Unseen streets are other ones, each laid out like Cityscapes."""
