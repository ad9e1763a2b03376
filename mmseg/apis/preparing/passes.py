"""What a network says about many images, as tensors on its device: labels with their doubts, or soft maps.

Letters: B images, K classes, (h, w) size at which the network sees an image, (H, W) its native size, (P, Q) what its decoder gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import DataLoader

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.collate import collate_samples
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.datasets.transforms import grid_index
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.base import mean_probabilities
from mmseg.models.uda.pseudo_labels.spatial_prior import spatial_prior
from mmseg.utils.computing.progress import progress
from mmseg.utils.computing.threads import loader_workers
from mmseg.utils.errors import naming
from mmseg.utils.products.soft_maps import STEPS


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """Which labels are made.

    Attributes:
        soft: maps of all probabilities; otherwise the most probable class.
        stride: of soft maps, pixels of the image per value and side; their mean is kept.
        native: soft maps of the whole image as the network gives them in one pass, not enlarged and not averaged: of its own stride.
        flip: average the probabilities with those of the mirror image, which ``test_cfg.flip`` of the config asks for as well.
        threshold: of hard labels, the probability from which on a pixel has one; None for all.
        class_quantile: of hard labels, the share of the pixels of each class that have none, the least sure ones. With a threshold, a pixel
            has a label if it passes one of the two, as in bidirectional learning (Li et al., CVPR 2019), where the median of a class
            counts up to 0.9.
        spatial_prior: of hard labels, the smallest component of each class [K], in pixels of the image as the network sees it; smaller ones
            have no label, after the threshold. Labels are then made at that size, and each pixel of the image has that of the nearest one:
            a training that resizes labels to the same size, by the pixels in the middle, has them as they were made.
        spatial_prior_size: (w, h) of the images whose pixels these are, whatever the network sees: smaller images have smaller components.
    """

    soft: bool = False
    stride: int = 4
    native: bool = False
    flip: bool = False
    threshold: float | None = None
    class_quantile: float | None = None
    spatial_prior: tuple[float, ...] | None = None
    spatial_prior_size: tuple[int, int] | None = None


def loader(cfg: Config, dataset: Any, indices: Sequence[int]) -> DataLoader:
    """The batches that hold images of some indices, loaded as an evaluation loads them.

    An image is in the same batch whatever others are missing: sums within a network depend on the batch in their last bits.
    """
    given, size = cfg.val_dataloader, cfg.val_dataloader.batch_size
    blocks = sorted({index // size for index in indices})
    batches = [list(range(block * size, min((block + 1) * size, len(dataset)))) for block in blocks]
    workers = loader_workers(min(given.num_workers, len(batches)))
    options = {"collate_fn": collate_samples, "pin_memory": torch.cuda.is_available(), "num_workers": workers}
    return SteadyLoader(dataset, batch_sampler=batches, **options)


@torch.no_grad()
def predictions(method: UDAMethod, batches: DataLoader, options: LabelOptions) -> Iterator[tuple[str, Sequence[int], tuple[Tensor, ...]]]:
    """(path, (H, W), tensors on the device that :func:`writer` writes) of every image; nothing waits for the device."""
    reduce = soft_result if options.soft else hard_result
    for batch in progress(batches, "Predicting"):
        images = batch["image"]
        for group, paths, sizes in groups(images, batch["path"], batch["native_size"].tolist()):
            with naming(paths[0]):  # all images of a group have one size
                looks = small_looks(method, group, options.flip) if options.native else method.looks(group, flip=options.flip or None)
            for index, (path, size) in enumerate(zip(paths, sizes, strict=True)):
                single = [look[index : index + 1] for look in looks]
                seen = size if options.spatial_prior is None else group.shape[2:]
                found = small_probabilities(single) if options.native else method.native_probabilities(single, seen)
                yield path, size, reduce(found, options)


def small_looks(method: UDAMethod, images: Tensor, flip: bool) -> list[Tensor]:
    """What the student's decoder says about whole images uint8 [B, 3, h, w], and about their mirror images; see :meth:`UDAMethod.looks`.

    Returns:
        corrected logits [B, K, P, Q] at the stride of the decoder.
    """
    network, image = method.model, method.data_preprocessor.image(images)
    mirrored = [image.flip(3)] if flip or network.test_cfg.get("flip", False) else []
    return [method.correct(network.select_branch(network.segment(look)).float()) for look in (image, *mirrored)]


def small_probabilities(looks: Sequence[Tensor]) -> Tensor:
    """Probabilities [K, P, Q] of one image: [1, K, P, Q] per look of :func:`small_looks`."""
    return looks[0][0].softmax(dim=0) if len(looks) == 1 else mean_probabilities([look[0] for look in looks])


def groups(images: Tensor | Sequence[Tensor], paths: Sequence[str], sizes: Sequence) -> Iterator[tuple[Tensor, Sequence[str], Sequence]]:
    """Images of one size each: a batch of them, or one by one where sizes differ."""
    if isinstance(images, Tensor):
        yield images, paths, sizes
    else:
        yield from ((image[None], [path], [size]) for image, path, size in zip(images, paths, sizes, strict=True))


def hard_result(probabilities: Tensor, options: LabelOptions) -> tuple[Tensor, ...]:
    """Labels uint8 [H, W]; doubts float16 [H, W] where quantiles need them; whether all numbers are finite, bool [].

    With a spatial prior they are of [h, w], and the prior is still to come (:func:`large_components`).
    """
    confidence, label = probabilities.max(dim=0)
    label = label.to(torch.uint8)
    finite = confidence.sum().isfinite()
    if options.class_quantile is not None:
        return label, (1 - confidence).half(), finite
    if options.threshold is not None:
        label = label.masked_fill(confidence < options.threshold, IGNORE)
    return label, finite


def soft_result(probabilities: Tensor, options: LabelOptions) -> tuple[Tensor, ...]:
    """Levels uint8 [K, ceil(H / stride), ceil(W / stride)], or [K, P, Q] of the decoder, and whether all numbers are finite, bool []."""
    means = probabilities if options.native else F.avg_pool2d(probabilities[None], options.stride, ceil_mode=True)[0]
    return (means * STEPS).round().to(torch.uint8), means.sum().isfinite()


def large_components(label: np.ndarray, options: LabelOptions, size: Sequence[int]) -> np.ndarray:
    """Labels uint8 [h, w] after the spatial prior, enlarged to the (H, W) of the image: by the pixels in the middle."""
    counted = options.spatial_prior_size
    scale = 1.0 if counted is None else label.size / (counted[0] * counted[1])
    kept = spatial_prior(label, scale * np.array(options.spatial_prior))
    return kept[np.ix_(*(grid_index(side, own) for side, own in zip(size, kept.shape, strict=True)))]
