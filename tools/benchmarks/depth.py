"""What the depth distribution costs: densities beside a training step, the spatial prior beside a search per class, and a fit's memory.

Letters: K classes, J components, (H, W) image, (h, w) map of the network.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from rich.table import Table

from mmseg.apis.preparing.depth_distribution import PixelSample
from mmseg.apis.preparing.gaussian_mixtures import fit_mixture
from mmseg.engine.parts import build_optimizer
from mmseg.models.uda.depth_distribution.mixtures import Mixtures, class_log_density, log_density
from mmseg.models.uda.pseudo_labels.spatial_prior import class_thresholds, spatial_prior
from mmseg.registry import MODELS
from mmseg.structures import UDABatch, shown_classes
from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.products.mixture_file import KIND, MixtureParameters, write_mixtures
from mmseg.utils.repository import ROOT
from tools.benchmarks.data import surroundings
from tools.benchmarks.peak import GIB, PeakMemory
from tools.benchmarks.plain.components import plain_spatial_prior

CLASSES, COMPONENTS = 16, 5
INPUT = (760, 1280)
"""Published size (height, width) of what the network sees."""
GRID = (96, 161)
"""That of its map."""
MAP = (1024, 2048)
"""Of a label of Cityscapes."""
GRAIN, NOISE, UNSURE = (16, 32), 0.35, 0.25
"""Of synthetic predictions: how many patches, how much finer noise, and the margin below which a pixel has no label."""


def measure_depth(options: Mapping, scale: float, rounds: int, images: int, pixels: int) -> dict:
    """All figures, in CPU seconds of the process.

    Args:
        options: overrides of the network, ``configs/_base_/models/r101_depth.py``.
        scale: of the sides of the images of the training step.
        rounds: the figures are medians over them; a first one warms up.
        images: that pixels for the fit are drawn from.
        pixels: of a class that its mixture is fitted to.

    Returns:
        ``density``: ``step`` of the published adversarial training on images of ``scale``, and ``all`` classes and ``own`` class of each
        pixel, forward and backward on the map of that step, with their ``share`` of it; ``published``: both on the published map;
        ``prior``: ``ours`` and ``plain`` on one map, ``ratio`` = ours / plain with its ``spread``, and whether both are ``same``;
        ``fit``: ``peak_memory`` in bytes of sampling and of a fit of one class, its ``seconds``, and the ``pixels`` that were seen.
    """
    memory = PeakMemory(torch.device("cpu"))  # before anything else leaves its traces
    fit = measure_fit(images, pixels) | {"peak_memory": memory.read()}
    density, published = measure_density(options, scale, rounds), densities(GRID, rounds)
    result = {"density": density, "published": published, "prior": measure_prior(rounds), "fit": fit}
    return {**result, "scale": scale, "rounds": rounds, "environment": surroundings()}


def medians(actions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of actions in turn, by round; the first turn warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(rounds + 1):
        for name, action in actions.items():
            begin = time.process_time()
            action()
            if turn:
                seconds[name].append(time.process_time() - begin)
    return seconds


def synthetic_mixtures() -> MixtureParameters:
    """Wide Gaussians all over the published grid."""
    generator = torch.Generator().manual_seed(0)
    means = torch.rand(CLASSES, COMPONENTS, 3, generator=generator) * torch.tensor([GRID[1], GRID[0], 400.0])
    variances = torch.tensor([400.0, 200.0, 1e4]).expand_as(means).clone()
    return MixtureParameters(means, variances, torch.full((CLASSES, COMPONENTS), 1 / COMPONENTS), units="raw", grid=GRID[::-1])


def write_synthetic(path: Path) -> Path:
    """A file of them."""
    names = [str(index) for index in range(CLASSES)]
    header = {"version": VERSION, "kind": KIND, "made_by": "a benchmark", "digest": None, "checkpoint": None, "classes": names}
    header |= {"images": 1, "images_digest": images_digest(["a"]), "complete": True, "units": "raw", "grid": list(GRID[::-1])}
    by_class = {"pixels": COMPONENTS, "log_likelihood": 0.0, "converged": True, "frequencies": 1 / CLASSES}
    write_mixtures(path, synthetic_mixtures(), {**header, **{entry: dict.fromkeys(names, value) for entry, value in by_class.items()}})
    return path


def densities(size: Sequence[int], rounds: int) -> dict[str, float]:
    """CPU seconds of densities on a map (h, w), forward and backward: of ``all`` classes, and of the ``own`` class of each pixel."""
    mixtures, classes = Mixtures(synthetic_mixtures()), torch.randint(0, CLASSES, tuple(size))
    points = torch.rand(*size, 3) * torch.tensor([GRID[1], GRID[0], 400.0])
    points.requires_grad_()

    def backward(density: Callable[[], torch.Tensor]) -> None:
        points.grad = None
        density().exp().sum().backward()

    actions = {
        "all": lambda: backward(lambda: log_density(mixtures, points)),
        "own": lambda: backward(lambda: class_log_density(mixtures, classes, points)),
    }
    return {name: statistics.median(values) for name, values in medians(actions, rounds).items()}


def measure_density(options: Mapping, scale: float, rounds: int) -> dict:
    """Densities beside a step of the adversarial training, on the map of that step."""
    size = [max(round(side * scale / 8), 4) * 8 for side in INPUT]
    step, grid = training_step(options, size)
    steps = statistics.median(medians({"step": step}, rounds)["step"])
    found = densities(grid, rounds)
    shares = {name: seconds / steps for name, seconds in found.items()}
    return {"step": steps, **found, "share": shares, "image": size, "map": list(grid)}


def training_step(options: Mapping, size: Sequence[int]) -> tuple[Callable[[], object], tuple[int, int]]:
    """A step of the published network on noise, and the size of its map."""
    files = ("models/r101_depth.py", "schedules/sgd_90k_depth.py")
    network, schedule = (Config.fromfile(str(ROOT / "configs/_base_" / file)) for file in files)
    network.merge_from_dict(dict(options))
    segmentor = {**network.model.to_dict(), "pretrained": None}
    with tempfile.TemporaryDirectory() as folder:
        file = write_synthetic(Path(folder) / "mixtures.npz")
        method = MODELS.build({"type": "DepthDistribution", **network.uda, "mixtures": str(file), "segmentor": segmentor})
    method.init_weights()
    method.train()
    label = torch.randint(0, CLASSES, (1, *size))
    images = [50 * torch.randn(1, 3, *size) for _ in range(2)]
    batch = UDABatch(images[0], label, images[1], source_depth=1 + 400 * torch.rand(1, *size), source_classes=shown_classes(label))
    method.data_preprocessor.batch = lambda _: batch
    optimizer = build_optimizer({"optimizer": dict(schedule.optim_wrapper.optimizer)}, method)
    with torch.no_grad():
        grid = tuple(method.model.segment(images[0]).logits.shape[2:])
    return lambda: method.train_step({"iteration": 0}, optimizer), grid


def synthetic_labels(size: Sequence[int]) -> np.ndarray:
    """Patches with frayed edges, and 255 between them: uint8 [H, W]."""
    random = np.random.default_rng(0)
    scores = np.zeros((CLASSES, *size), np.float32)
    for factor, weight in ((1, 1.0), (8, NOISE)):
        for score in scores:
            small = weight * random.standard_normal([side * factor for side in GRAIN]).astype(np.float32)
            score += cv2.resize(small, tuple(size[::-1]), interpolation=cv2.INTER_CUBIC)
    best, second = np.sort(scores, axis=0)[:-3:-1]
    return np.where(best - second < UNSURE, 255, scores.argmax(axis=0)).astype(np.uint8)


def measure_prior(rounds: int) -> dict:
    """One map, ours and plain in turn."""
    labels, thresholds = synthetic_labels(MAP), class_thresholds(np.geomspace(0.0004, 0.3, CLASSES), 50, 4950)
    seconds = medians({"ours": lambda: spatial_prior(labels, thresholds), "plain": lambda: plain_spatial_prior(labels, thresholds)}, rounds)
    ratios = [ours / plain for ours, plain in zip(seconds["ours"], seconds["plain"], strict=True)]
    same = bool(np.array_equal(spatial_prior(labels, thresholds), plain_spatial_prior(labels, thresholds)))
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    return {**middle, "ratio": statistics.median(ratios), "spread": [min(ratios), max(ratios)], "same": same, "size": list(MAP)}


def measure_fit(images: int, pixels: int) -> dict:
    """Samples the published grid of many images, and fits one class."""
    random = np.random.default_rng(0)
    sample = PixelSample(CLASSES, pixels)
    for _ in range(images):
        classes = random.integers(0, CLASSES, GRID[0] * GRID[1]).astype(np.uint8)
        points = (random.random((len(classes), 3)) * (GRID[1], GRID[0], 400)).astype(np.float32)
        sample.add(classes, points, random.random(len(classes)))
    begin = time.process_time()
    found = fit_mixture(sample.of_class(0), COMPONENTS, seed=0)
    return {"seconds": time.process_time() - begin, "steps": found.steps, "pixels": int(sample.seen.sum()), "of_class": pixels}


def depth_table(result: dict) -> Table:
    """The figures."""
    density, published, prior, fit = (result[name] for name in ("density", "published", "prior", "fit"))
    image, grid, size = ("x".join(map(str, sides[::-1])) for sides in (density["image"], density["map"], prior["size"]))
    environment = result["environment"]
    view = Table("CPU seconds", "", caption=f"{CLASSES} classes; {environment['cpu']}, torch {environment['torch']}")
    view.add_row(f"training step, images of {image}", f"{density['step']:.3f}")
    for name, text in (("all", "density of all classes"), ("own", "density of the class of each pixel")):
        view.add_row(f"{text}, {grid}, forward and backward", f"{density[name]:.4f}, {density['share'][name]:.2%} of the step")
        view.add_row(f"{text}, {GRID[1]}x{GRID[0]}", f"{published[name]:.4f}")
    view.add_row(f"spatial prior, {size}", "{ours:.4f}".format(**prior))
    view.add_row("a search per class on the whole map", "{plain:.4f}".format(**prior))
    view.add_row(
        "ratio", "{:.2f} ({:.2f} to {:.2f}), {}".format(prior["ratio"], *prior["spread"], "same" if prior["same"] else "NOT THE SAME")
    )
    view.add_row(f"fit of one class, {fit['of_class']} pixels, {fit['steps']} steps", f"{fit['seconds']:.2f}")
    view.add_row(f"peak memory of sampling {fit['pixels']} pixels and the fit, GiB", f"{fit['peak_memory'] / GIB:.2f}")
    return view
