"""A run folder with pictures to look at, of which no network has made any."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import cv2
import numpy as np

from mmseg.apis.viewing.files import INDEX, VIEW, Index, picture_name

EVIL = '</script><img src=x onerror="document.title=1">&amp;__proto__'
"""A name that is markup, and ends a script."""


def index(names: list[str] = ("a.png", "b.png", "c.png"), values: tuple = (30.0, 10.0, None), classes=("road", EVIL)) -> Index:
    """Three images of two kinds of pictures, two classes."""
    measured = zip(names, values, itertools.count(50.0), strict=False)
    images = [{"name": name, "mIoU": value, "confidence": confidence} for name, value, confidence in measured]
    return {
        "version": 1,
        "made_of": {"config": [1, 2], "checkpoint": [3, 4]},
        "classes": list(classes),
        "palette": [[128, 64, 128], [1, 2, 3]],
        "kinds": ["photo", "prediction"],
        "metrics": {"mIoU": 20.0, "mAcc": None, f"IoU.{classes[0]}": 40.0, f"Acc.{classes[0]}": 50.0, f"IoU.{classes[1]}": None},
        "images": images,
    }


def write_run(folder: Path, made: Index | None = None) -> Index:
    """Writes such a run; its pictures are of 8x4 pixels, each of another colour."""
    made = index() if made is None else made
    (folder / VIEW).mkdir(parents=True)
    for number in range(len(made["images"])):
        for place, kind in enumerate(made["kinds"]):
            cv2.imwrite(str(folder / VIEW / picture_name(number, kind)), np.full((4, 8, 3), 40 * number + place, np.uint8))
    (folder / VIEW / INDEX).write_text(json.dumps(made))
    return made
