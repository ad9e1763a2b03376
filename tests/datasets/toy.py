"""Tiny data sets in the real layouts: 40 x 80 pixels, the pixel values tell where a crop comes from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mmseg.utils.storage.files import write_json

HEIGHT, WIDTH = 40, 80
RARE = 16


def write_png(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def position_image(number: int) -> np.ndarray:
    """BGR uint8: blue is the row, green the column, red the number of the image."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.dstack([rows, columns, np.full((HEIGHT, WIDTH), number)]).astype(np.uint8)


def position_label(number: int) -> np.ndarray:
    """Four vertical stripes of classes, an ignored row, and a patch of a rare class in every third image."""
    label = np.tile((np.arange(WIDTH) // 20).astype(np.uint8), (HEIGHT, 1))
    label[0] = 255
    if number % 3 == 0:
        label[30:36, 60:72] = RARE
    return label


def make_gta(root: Path, count: int = 6) -> Path:
    """A GTA folder with ``count`` images, labels and statistics."""
    for number in range(1, count + 1):
        write_png(root / "images" / f"{number:05}.png", position_image(number))
        write_png(root / "labels" / f"{number:05}_labelTrainIds.png", position_label(number))
    write_statistics(root)
    return root


def write_statistics(root: Path) -> None:
    """What the converter writes."""
    stats, samples = [], {}
    for path in sorted((root / "labels").glob("*_labelTrainIds.png")):
        name = f"labels/{path.name}"
        values, counts = np.unique(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), return_counts=True)
        pixels = {str(value): int(count) for value, count in zip(values, counts, strict=True) if value != 255}
        stats.append({"file": name, **pixels})
        for train_id, count in pixels.items():
            samples.setdefault(train_id, []).append([name, count])
    write_json(root / "sample_class_stats.json", stats)
    write_json(root / "samples_with_class.json", samples)


def make_cityscapes(root: Path, count: int = 5, labels: bool = False) -> Path:
    """A Cityscapes folder with one city per split; numbers of images start at 100."""
    for split in ("train", "val"):
        for number in range(100, 100 + count):
            stem = f"ulm/ulm_{number:06}_000019"
            write_png(root / "leftImg8bit" / split / f"{stem}_leftImg8bit.png", position_image(number))
            if labels:
                write_png(root / "gtFine" / split / f"{stem}_gtFine_labelTrainIds.png", position_label(number))
    return root


def source_config(root: Path) -> dict:
    return {"type": "GTADataset", "data_root": str(root), "img_dir": "images", "ann_dir": "labels"}


def target_config(root: Path) -> dict:
    return {"type": "CityscapesDataset", "data_root": str(root), "img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train"}


def crop(size: int = 16, **options) -> dict:
    return {"img_scale": (WIDTH, HEIGHT), "crop_size": (size, size), **options}


def position_depth(number: int) -> np.ndarray:
    """uint16 [H, W]: a different depth at every pixel, and of every image."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (1 + number * 5000 + rows * WIDTH + columns).astype(np.uint16)


def make_synthia(root: Path, count: int = 6) -> Path:
    """A SYNTHIA folder with ``count`` images, labels and depths of three channels."""
    for number in range(count):
        write_png(root / "RGB" / f"{number:07}.png", position_image(number))
        write_png(root / "GT/LABELS" / f"{number:07}_labelTrainIds.png", position_label(number))
        write_png(root / "Depth/Depth" / f"{number:07}.png", np.dstack([position_depth(number)] * 3))
    return root
