"""Where pixels of each class lie in the images and in the depth of the source: a mixture per class (Wu & Liu, NeurIPS 2022).

Every image is looked at on a grid, and of all pixels of a class on it the same number is drawn, each as likely as the other. (A fixed
number per image would count pixels of a small object more than those of a large one.) A pixel is drawn if its random number is among the
smallest of its class, so that nothing but these is kept in memory, and neither threads nor the order of images matter.

Letters: K classes, J components, (H, W) native size, N pixels.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from mmseg.apis.preparing.gaussian_mixtures import FittedMixture, fit_mixture
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.reading.depth_files import inverse_depth
from mmseg.datasets.several import SeveralDatasets
from mmseg.datasets.transforms import grid_index
from mmseg.utils.computing.background_work import BackgroundWork
from mmseg.utils.computing.progress import progress
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.products.mixture_file import DIMENSIONS, KIND, MixtureHeader, MixtureParameters, Units
from mmseg.utils.randomness import Streams, derive_seed

WAITING = 8
"""Images that may wait for a thread."""


@dataclass(frozen=True, kw_only=True)
class MixtureOptions:
    """What is fitted.

    Attributes:
        units: of the points, see :data:`~mmseg.utils.products.mixture_file.Units`.
        grid: (columns, rows) that each image is looked at.
        components: J.
        pixels: of each class that its mixture is fitted to, at most.
        without: names of classes that get no mixture.
        shuffle: whether classes get each other's mixtures: a control, in which nothing true is learnt of them.
    """

    units: Units = "raw"
    grid: tuple[int, int] = (161, 96)
    components: int = 5
    pixels: int = 100_000
    without: tuple[str, ...] = ()
    shuffle: bool = False


class PixelSample:
    """Of each class, the pixels with the smallest random numbers; those of several threads may be added.

    Args:
        num_classes: K.
        most: of each class.

    Attributes:
        seen: int64 [K], how many there were.
    """

    def __init__(self, num_classes: int, most: int) -> None:
        self.seen, self.most = np.zeros(num_classes, np.int64), most
        self._points = [np.empty((0, DIMENSIONS), np.float32)] * num_classes
        self._numbers = [np.empty(0)] * num_classes
        self._limits = np.ones(num_classes)
        self._guard = threading.Lock()

    def add(self, classes: np.ndarray, points: np.ndarray, numbers: np.ndarray) -> None:
        """Takes in pixels.

        Args:
            classes: uint8 [N], train ids, and what is of no class.
            points: float32 [N, 3].
            numbers: float64 [N], random in [0, 1).
        """
        with self._guard:
            for train_id in np.flatnonzero(np.bincount(classes, minlength=len(self.seen))[: len(self.seen)]):
                own = classes == train_id
                self.seen[train_id] += np.count_nonzero(own)
                own &= numbers < self._limits[train_id]
                self._keep(train_id, points[own], numbers[own])

    def _keep(self, train_id: int, points: np.ndarray, numbers: np.ndarray) -> None:
        """Adds pixels of one class; drops the largest numbers when there are twice as many as are wanted."""
        points, numbers = np.concatenate([self._points[train_id], points]), np.concatenate([self._numbers[train_id], numbers])
        if len(numbers) > 2 * self.most:
            chosen = np.argpartition(numbers, self.most)[: self.most]
            points, numbers = points[chosen], numbers[chosen]
            self._limits[train_id] = numbers.max()
        self._points[train_id], self._numbers[train_id] = points, numbers

    def of_class(self, train_id: int) -> np.ndarray:
        """The points of a class, float32 [N, 3], in the order of their random numbers."""
        return self._points[train_id][np.argsort(self._numbers[train_id])[: self.most]]


def grid_points(label: np.ndarray, depth: np.ndarray, grid: Sequence[int], units: Units) -> tuple[np.ndarray, np.ndarray]:
    """What an image shows on a grid.

    Args:
        label: uint8 [H, W].
        depth: float32 [H, W], inverse depth from 1 to 65536.
        grid: (columns, rows).
        units: of the points.

    Returns:
        classes uint8 [N] and points float32 [N, 3] of all cells, row by row.
    """
    (columns, rows), (height, width) = grid, label.shape
    cells = np.ix_(grid_index(rows, height), grid_index(columns, width))
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    z = depth[cells]
    if units == "normalized":
        x, y, z = (x + 0.5) / columns, (y + 0.5) / rows, np.log(z)
    return label[cells].ravel(), np.stack([x, y, z], axis=-1).reshape(-1, DIMENSIONS)


def sample_pixels(dataset: SegmentationDataset | SeveralDatasets, options: MixtureOptions, seed: int) -> PixelSample:
    """Looks at all images that have depth, in threads.

    Args:
        dataset: the labelled source.
        options: what is fitted.
        seed: of the draw.

    Raises:
        UserError: there is no depth, or a file is broken.
    """
    if not dataset.has_depth:
        fix = "Add depth_dir='Depth/Depth' to train_dataloader.dataset.source, the folder below its data_root"
        raise UserError(f"The source of the config has no depth to fit mixtures to. {fix}.")
    sample = PixelSample(len(dataset.classes), options.pixels)

    def look(index: int) -> None:
        label = dataset.read_label(index)
        raw = dataset.read_depth(index, label.shape)
        if raw is not None:
            classes, points = grid_points(label, inverse_depth(raw), options.grid, options.units)
            sample.add(classes, points, Streams(seed, index).numpy("mixture pixels").random(len(classes)))

    with BackgroundWork(threads=max(1, usable_cores()), waiting=WAITING) as threads:
        for index in progress(range(len(dataset)), "Reading"):
            threads.submit(look, index)
    return sample


def fit_classes(
    sample: PixelSample, classes: Sequence[str], absent: Sequence[str], options: MixtureOptions, seed: int
) -> list[FittedMixture | None]:
    """A mixture for every class.

    Args:
        sample: of :func:`sample_pixels`.
        classes: K names.
        absent: those that the data set does not show, which have no mixture unless it does.
        options: what is fitted.
        seed: of the starts.

    Returns:
        K mixtures; None for a class that is absent or left out.

    Raises:
        UserError: a class has fewer pixels than components.
    """
    left_out = {*options.without, *(name for name, seen in zip(classes, sample.seen, strict=True) if name in absent and not seen)}
    for name, seen in zip(classes, sample.seen, strict=True):
        if seen < options.components and name not in left_out:
            fix = f"Use a finer --grid, fewer --components, or --without '{name}', whose density is 0 then"
            raise UserError(f"The class '{name}' has {seen} pixels, too few for a mixture of {options.components}. {fix}.")
    fitted = []
    for train_id, name in enumerate(progress(classes, "Fitting")):
        points = None if name in left_out else sample.of_class(train_id)
        own = derive_seed(seed, "mixture", name) % 2**32  # what scikit-learn takes
        fitted.append(None if points is None else fit_mixture(points, options.components, seed=own))
    return fitted


def shuffled(count: int, seed: int) -> list[int]:
    """A cycle of 0 to count - 1, so that nothing stays at its place (where there are two or more)."""
    order = np.random.default_rng(derive_seed(seed, "shuffled mixtures")).permutation(count)
    result = np.empty(count, int)
    result[order] = np.roll(order, -1)
    return result.tolist()


def stack_mixtures(fitted: Sequence[FittedMixture | None], options: MixtureOptions) -> MixtureParameters:
    """Mixtures of K classes as arrays; those of a class without one are means of 0, variances of 1 and weights of 0."""
    shape = len(fitted), options.components
    means, variances, weights = np.zeros((*shape, DIMENSIONS)), np.ones((*shape, DIMENSIONS)), np.zeros(shape)
    for train_id, mixture in enumerate(fitted):
        if mixture is not None:
            means[train_id], variances[train_id], weights[train_id] = mixture.means, mixture.variances, mixture.weights
    arrays = (torch.from_numpy(values.astype(np.float32)) for values in (means, variances, weights))
    return MixtureParameters(*arrays, units=options.units, grid=tuple(options.grid))


def make_mixtures(
    cfg: Config, dataset: SegmentationDataset | SeveralDatasets, options: MixtureOptions, *, command: str
) -> tuple[MixtureParameters, MixtureHeader]:
    """The content of a file of mixtures.

    Args:
        cfg: complete config, whose seed decides the draws.
        dataset: of :func:`mmseg.apis.preparing.priors.source_of`.
        options: what is fitted.
        command: that makes it again.

    Raises:
        UserError: a class to leave out is not known; see :func:`sample_pixels` and :func:`fit_classes`.
    """
    classes = list(dataset.classes)
    unknown = next((name for name in options.without if name not in classes), None)
    if unknown is not None:
        fix = suggestion(unknown, classes) or f" Use some of {', '.join(classes)}."
        raise UserError(f"--without: the source has no class '{unknown}'.{fix}")
    sample = sample_pixels(dataset, options, cfg.seed)
    fitted = fit_classes(sample, classes, dataset.metainfo.get("absent", ()), options, cfg.seed)
    known = [name for name, mixture in zip(classes, fitted, strict=True) if mixture is not None]
    owners = dict(zip(known, known, strict=True))
    if options.shuffle:
        owners = {name: known[other] for name, other in zip(known, shuffled(len(known), cfg.seed), strict=True)}
        fitted = [fitted[classes.index(owners[name])] if name in owners else None for name in classes]
    settings: dict[str, Any] = {"components": options.components, "most_pixels": options.pixels, "seed": cfg.seed}
    settings |= {"mixtures_of": owners} if options.shuffle else {}
    named = [(name, mixture) for name, mixture in zip(classes, fitted, strict=True) if mixture is not None]
    header: MixtureHeader = {
        "version": VERSION,
        "kind": KIND,
        "made_by": command,
        "digest": None,
        "checkpoint": None,
        "classes": classes,
        "images": len(dataset.images.names),
        "images_digest": images_digest(dataset.images.names),
        "complete": True,
        "units": options.units,
        "grid": list(options.grid),
        "pixels": {name: int(min(options.pixels, sample.seen[classes.index(owners[name])])) if name in owners else 0 for name in classes},
        "log_likelihood": {name: mixture.log_likelihood for name, mixture in named},
        "converged": {name: bool(mixture.converged) for name, mixture in named},
        "frequencies": dict(zip(classes, (sample.seen / max(sample.seen.sum(), 1)).tolist(), strict=True)),
        "settings": settings,
    }
    return stack_mixtures(fitted, options), header


def summary(header: MixtureHeader) -> list[str]:
    """A line about every class."""
    lines = []
    for name, pixels in header["pixels"].items():
        share = f"{name:15} {100 * header['frequencies'][name]:7.3f} % of the pixels"
        if name not in header["log_likelihood"]:
            lines.append(f"{share}, no mixture")
            continue
        other = header["settings"].get("mixtures_of", {}).get(name)
        ends = f", that of {other}" if other else ""
        ends += "" if header["converged"][name] else ", not converged"
        lines.append(f"{share}, mixture of {pixels}, mean log-likelihood {header['log_likelihood'][name]:.3f}{ends}")
    return lines
