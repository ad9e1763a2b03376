"""The styles of the source that style hallucination mixes: measured before the training, and again on the way.

Source: SHADE (Zhao et al., ECCV 2022, section 3.3), as HRDA's extension (PAMI 2024, section 6) uses it.

Letters: N images, C channels of the encoder's first stage, S base styles.
"""

from __future__ import annotations

import copy
import time

import torch
from mmengine.dist import all_gather_object, get_dist_info
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmseg.datasets.collate import collate_samples
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.engine.hooks.evaluating import evaluating
from mmseg.models.backbones.style_hallucination import StyleHallucination, farthest_points, style_of
from mmseg.registry import HOOKS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive
from mmseg.utils.randomness import Streams, derive_seed

PROGRESS = 60
"""Seconds between two lines about how far a walk is."""


@HOOKS.register_module()
class BaseStylesHook(Hook):
    """Walks through the source, and keeps its most different styles in the encoder.

    A walk takes one crop of each image as the training cuts and distorts it, but without rare-class sampling, through the first
    stage of the encoder in eval mode; then :func:`farthest_points` chooses. There is one before the first iteration and one after
    every ``interval`` iterations. A resumed training goes on with the styles of its checkpoint, where the published code
    measures them anew; so it equals one that was never interrupted. All processes share the work and keep the same styles.

    Args:
        interval: iterations between two walks.
        samples: how many images a walk reads; None reads all of the source, as published: 24,966 of GTA.
        samples_per_gpu: images of a batch.
        workers_per_gpu: processes that read them.
    """

    priority = "NORMAL"  # before CheckpointHook, which saves the styles

    def __init__(
        self,
        *,
        interval: Positive[int] = 4000,
        samples: Positive[int] | None = None,
        samples_per_gpu: Positive[int] = 2,
        workers_per_gpu: NonNegative[int] = 6,
    ) -> None:
        self.interval, self.samples = interval, samples
        self.batch_size, self.workers = samples_per_gpu, workers_per_gpu

    def before_train(self, runner: Runner) -> None:
        """Measures, unless the training goes on with styles that it has.

        Raises:
            UserError: the encoder has no style hallucination, or fewer images are read than it has base styles.
        """
        module = hallucination_of(runner)
        images = self.images(runner.train_dataloader.dataset)
        if images < len(module.proto_mean):
            text = f"{images} images show fewer styles than style_hallucination_cfg.base_style_num={len(module.proto_mean)}"
            more = "more samples" if images < len(runner.train_dataloader.dataset) else "a source with more images"
            raise UserError(f"BaseStylesHook: {text}. Use at most {images}, or {more}.")
        if runner.iter == 0 or not module.has_styles:
            self.measure(runner)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Measures when due; ``runner.iter`` counts finished iterations from 0."""
        if (runner.iter + 1) % self.interval == 0:
            self.measure(runner)

    def images(self, dataset: UDADataset) -> int:
        """How many images of a source a walk reads."""
        return min(self.samples or len(dataset), len(dataset))

    def measure(self, runner: Runner) -> None:
        """Walks through the source and sets the base styles."""
        begin, module = time.monotonic(), hallucination_of(runner)
        streams = Streams(runner.seed, runner.iter)
        styles = self.styles(runner, derive_seed(runner.seed, runner.iter, "base styles"))
        first = int(streams.numpy("base styles/first").integers(len(styles)))
        chosen = styles[farthest_points(styles, len(module.proto_mean), first)]
        module.mix_from(*chosen.chunk(2, dim=1))
        seconds = time.monotonic() - begin
        runner.logger.info(f"Base styles: {len(chosen)} chosen from those of {len(styles)} images in {seconds:.1f} s")

    def styles(self, runner: Runner, seed: int) -> Tensor:
        """Mean and standard deviation of the first stage, one row per image: [N, 2 * C] on the CPU, in the order of the walk."""
        (rank, processes), network = get_dist_info(), runner.network
        walk = source_walk(runner.train_dataloader.dataset, seed)
        total = self.images(walk)
        options = {"num_workers": self.workers, "collate_fn": collate_samples, "generator": torch.Generator()}
        loader = SteadyLoader(walk, self.batch_size, sampler=range(rank, total, processes), **options)
        rows, told = [], time.monotonic()
        # The whole method: a compiled encoder runs as it is written then, so that first_map can leave it.
        with evaluating(network), network.precision.autocast(network.data_preprocessor.device.type):
            for batch in loader:
                image = network.model.feature_image(network.data_preprocessor.crops(batch["source"]))
                rows.append(torch.cat(style_of(first_map(network.model.backbone, image)), dim=1).cpu())
                if time.monotonic() - told > PROGRESS:
                    told = time.monotonic()
                    runner.logger.info(f"Base styles: {processes * sum(map(len, rows))} of {total} images")
        parts = all_gather_object(torch.cat(rows))
        styles = parts[0].new_empty(total, parts[0].shape[1])
        for process, part in enumerate(parts):
            styles[process::processes] = part
        return styles


def hallucination_of(runner: Runner) -> StyleHallucination:
    """The module of the student.

    Raises:
        UserError: its encoder has none.
    """
    module = getattr(runner.network.model.backbone, "style_hallucination", None)
    if module is None:
        fix = "Set model.backbone.style_hallucination_cfg=dict(), or leave the hook out of custom_hooks"
        raise UserError(f"BaseStylesHook measures styles that the encoder does not mix. {fix}.")
    return module


def source_walk(dataset: UDADataset, seed: int) -> UDADataset:
    """The source of a training alone, every image once, in an order and with crops that ``seed`` decides."""
    walk = copy.copy(dataset)
    walk.target = walk.labeled = walk.table = walk.rare = walk.sync_crop_size = None
    walk.seed = seed
    return walk


class _FirstMap(Exception):  # noqa: N818  (no error)
    """Carries the first map out of an encoder whose further stages need not run."""

    def __init__(self, feature_map: Tensor) -> None:
        super().__init__()
        self.feature_map = feature_map


def first_map(backbone: nn.Module, image: Tensor) -> Tensor:
    """What an encoder hands to its style hallucination: [B, 3, H, W] -> [B, C, h, w]."""

    def stop(_: nn.Module, arguments: tuple[Tensor]) -> None:
        raise _FirstMap(arguments[0])

    handle = backbone.style_hallucination.register_forward_pre_hook(stop)
    try:
        backbone(image)
    except _FirstMap as found:
        return found.feature_map
    finally:
        handle.remove()
    raise AssertionError("the encoder does not use its style hallucination")
