"""A file of mixtures for networks of tests."""

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch

from mmseg.datasets.classes.names import CLASSES
from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.products.mixture_file import MixtureParameters, Units, write_mixtures

CENTRES = {"raw": (80.0, 48.0, 200.0), "normalized": (0.5, 0.5, 4.5)}
VARIANCES = {"raw": (900.0, 400.0, 10000.0), "normalized": (0.1, 0.1, 2.0)}


def write(path: Path, classes: Sequence[str], units: Units) -> str:
    """One wide Gaussian per class, each a little further to the right."""
    means = torch.tensor(CENTRES[units]).repeat(len(classes), 1, 1)
    means[:, 0, 0] *= torch.linspace(0.8, 1.2, len(classes))
    variances = torch.tensor(VARIANCES[units]).expand_as(means).clone()
    header = {
        "version": VERSION,
        "kind": "mixtures",
        "made_by": f"python tools/prepare/depth_distribution.py a.py --out {path.name}",
        "digest": None,
        "checkpoint": None,
        "classes": list(classes),
        "images": 1,
        "images_digest": images_digest(["a.png"]),
        "complete": True,
        "units": units,
        "grid": [161, 96],
        "pixels": dict.fromkeys(classes, 10),
        "log_likelihood": dict.fromkeys(classes, -7.5),
        "converged": dict.fromkeys(classes, True),
        "frequencies": dict.fromkeys(classes, 1 / len(classes)),
    }
    write_mixtures(path, MixtureParameters(means, variances, torch.ones(len(classes), 1), units=units, grid=(161, 96)), header)
    return str(path)


@cache
def mixtures(units: Units = "raw", classes: tuple[str, ...] = CLASSES) -> str:
    """The path of one, made once per session."""
    folder = tempfile.TemporaryDirectory(prefix="mixtures_")
    _KEPT.append(folder)
    return write(Path(folder.name) / "mixtures.npz", classes, units)


_KEPT: list[tempfile.TemporaryDirectory] = []
"""Removed at the end of the session."""
