"""Prototypes among the features of pixels in two dimensions, and how often each class is assigned, as one picture.

Letters: N features, C channels, K classes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import cv2
import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mmseg.visualization.figures.charts import COLORS, INK, SETTINGS

SIZE = (13.0, 5.2)  # inches
DOTS = 110  # per inch
SMALLEST = 1e-5
"""The logarithmic axis of the shares begins there."""


def directions(vectors: np.ndarray) -> np.ndarray:
    """Rows [N, C] of length 1; a row of zeros stays."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def principal_plane(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean [C] and the two directions of largest variance [C, 2] of vectors [N, C] (PCA); their largest entries are positive."""
    mean = vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    plane = np.zeros((2, vectors.shape[1]))
    plane[: len(axes[:2])] = axes[:2]
    signs = np.sign(plane[np.arange(2), np.abs(plane).argmax(axis=1)])
    return mean, (plane * np.where(signs == 0, 1, signs)[:, None]).T


def prototype_picture(
    classes: Sequence[str],
    palette: Sequence[Sequence[int]],
    features: np.ndarray,
    label: np.ndarray,
    prototypes: np.ndarray,
    shares: Mapping[str, Sequence[float]],
    drawn: np.ndarray,
) -> np.ndarray:
    """Two panels.

    Args:
        classes: K names.
        palette: K colours, RGB from 0 to 255.
        features: [N, C], of single pixels.
        label: int64 [N], the class that each is assigned to.
        prototypes: [K, C].
        shares: by the name of the way to count, K shares in [0, 1].
        drawn: bool [K], which prototypes there are.

    Returns:
        uint8 BGR [H, W, 3].
    """
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=SIZE, dpi=DOTS, layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
        _draw_plane(left, classes, palette, directions(features), label, directions(prototypes), drawn)
        width = 0.84 / len(shares)
        for number, (name, values) in enumerate(shares.items()):
            places = np.arange(len(classes)) + width * (number - (len(shares) - 1) / 2)
            right.bar(places, np.maximum(values, SMALLEST), width, label=name, color=COLORS[number % len(COLORS)])
        right.set_xticks(range(len(classes)), classes, rotation=40, ha="right")
        right.set(yscale="log", ylim=(SMALLEST, 1), ylabel="share of the pixels", title="Assignment before and after balancing")
        right.yaxis.set_major_formatter("{x:g}")  # the settings draw no formulas
        right.grid(axis="x", visible=False)
        right.legend(loc="upper right")
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
    return cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), cv2.IMREAD_COLOR)


def _draw_plane(axes, classes, palette, features, label, prototypes, drawn) -> None:
    colors = np.asarray(palette, float)[: len(classes)] / 255
    mean, plane = principal_plane(features)
    places, centres = (features - mean) @ plane, (prototypes - mean) @ plane
    axes.scatter(*places.T, s=4, c=colors[label], alpha=0.5, linewidths=0)
    axes.scatter(*centres[drawn].T, s=90, c=colors[drawn], marker="*", edgecolors=INK, linewidths=0.8)
    for index in np.flatnonzero(drawn):
        axes.annotate(classes[index], centres[index], textcoords="offset points", xytext=(5, 4), fontsize=7)
    axes.set(title="Prototypes (stars) among features of pixels, by direction", xlabel="first component", ylabel="second component")
