"""A source with depth whose classes lie where a test can say: a sky above, a road below, a box on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mmengine.config import Config

from tests.datasets.toy import write_png
from tests.models.networks import plain

CLASSES = ["road", "sky", "car"]
IDS = np.array([0, 10, 13], np.uint8)
"""Their train ids among the 19, as the files have them."""
HEIGHT, WIDTH = 40, 80
HORIZON = 16


def scene(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Label uint8 and centimetres uint16, both [HEIGHT, WIDTH]: the road comes nearer row by row, the box is as far as where it stands."""
    rows = np.arange(HEIGHT)[:, None]
    road = np.broadcast_to(4000 // np.maximum(rows - HORIZON + 1, 1), (HEIGHT, WIDTH))
    label = np.where(rows >= HORIZON, 0, 1) * np.ones((1, WIDTH), int)
    raw = np.where(label == 1, 65535, road)
    left = 10 + 7 * (number % 8)
    label[20:30, left : left + 12], raw[20:30, left : left + 12] = 2, 4000 // (30 - HORIZON)
    return label.astype(np.uint8), raw.astype(np.uint16)


def write_source(root: Path, count: int = 4) -> Path:
    """A folder with images, labels by train id, and depth."""
    for number in range(count):
        label, raw = scene(number)
        write_png(root / "images" / f"{number}.png", np.dstack([label * 80] * 3))
        write_png(root / "labels" / f"{number}.png", IDS[label])
        write_png(root / "depth" / f"{number}.png", np.dstack([raw] * 3))
    return root


def source_config(root: Path, **changes) -> dict:
    known = {"type": "SegmentationDataset", "data_root": str(root), "img_dir": "images", "ann_dir": "labels", "depth_dir": "depth"}
    return {**known, "seg_map_suffix": ".png", "classes": CLASSES, **changes}


def write_config(root: Path, **changes) -> Path:
    """A training on :func:`write_source`, as far as what is prepared reads of one, as a file."""
    crop = {"img_scale": (WIDTH, HEIGHT), "crop_size": (32, 32)}
    training = {"type": "UDADataset", "source": source_config(root, **changes), "source_crop": crop}
    loader = {"batch_size": 1, "num_workers": 0, "sampler": {"type": "DefaultSampler"}}
    data = {"type": "FolderDataset", "images": str(root / "images"), "test_scale": (WIDTH, HEIGHT)}
    head = {"num_classes": len(CLASSES)}
    cfg = {"model": plain(), "uda": {"type": "SourceOnly"}, "train_dataloader": {**loader, "dataset": training}, "env_cfg": {}, "seed": 0}
    cfg["model"]["decode_head"] |= head
    Config({**cfg, "val_dataloader": {**loader, "dataset": data}, "val_evaluator": {"type": "IoUMetric"}}).dump(str(root / "config.py"))
    return root / "config.py"
