"""Prototypes of the classes and their shares in the target, as one network sees them (CPSL, Li et al., CVPR 2022, section 3.2).

As in the released code, every image and class gives one vector, the mean of the *raw* features of the pixels that are predicted as the
class, and a prototype is the mean of these vectors: an image counts as much as another, however many pixels of the class it shows. (The
paper speaks of the mean over pixels.) Nothing is kept of an image but its vectors, so that memory does not depend on their number.

Letters: B images, C channels, K classes, (H, W) size at which the network sees an image, (h, w) its map before the classifier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from mmseg.apis.preparing.label_folder import run_digest
from mmseg.apis.preparing.passes import groups, loader
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.self_labelling.prototypes import running_mean
from mmseg.structures import SegOutput, full_box, sliding_boxes
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError, naming
from mmseg.utils.products.header import VERSION, Header, images_digest
from mmseg.utils.products.prototype_file import KIND, Prototypes
from mmseg.utils.randomness import derive_seed
from mmseg.utils.storage.checksums import file_hash

MIN_PIXELS = 10
"""A class with fewer predicted pixels in the map of an image gives no vector (published)."""
SAMPLES_PER_IMAGE, MOST_SAMPLES = 64, 8192
"""Features of single pixels that are kept for a picture."""


@dataclass
class Gathered:
    """What has been seen so far.

    Attributes:
        vectors: float32 [K, C].
        counts: float32 [K].
        pixels: int64 [K], of the first pass.
        samples: features [N, C] of a few pixels of each image; empty unless they are wanted.
    """

    vectors: Tensor
    counts: Tensor
    pixels: Tensor
    samples: list[Tensor] = field(default_factory=list)

    def add(self, sums: Tensor, pixels: Tensor) -> None:
        """Takes in one image.

        Args:
            sums: [K, C], of the features of each class.
            pixels: int64 [K], how many features each sum is of.
        """
        shown = pixels >= MIN_PIXELS
        vectors = torch.where(shown[:, None], sums / pixels.clamp(min=1)[:, None], 0)  # a vector of zeros is left out
        self.vectors, self.counts = running_mean(self.vectors, self.counts, vectors)


@dataclass(frozen=True)
class Seen:
    """What a network says about one image.

    Attributes:
        sums: float32 [K, C], of the features of the pixels that are predicted as each class.
        pixels: int64 [K], how many they are.
        samples: [N, C], features of pixels that are spread over the image.
    """

    sums: Tensor
    pixels: Tensor
    samples: Tensor


def class_sums(embedding: Tensor, label: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Sums of features by class.

    Args:
        embedding: [C, h, w].
        label: int64 [h, w], predicted classes.
        num_classes: K.

    Returns:
        float32 [K, C], and int64 [K] the pixels of each class.
    """
    chosen = F.one_hot(label.flatten(), num_classes).float()  # [h * w, K]
    return chosen.t() @ embedding.flatten(1).t().float(), chosen.sum(dim=0).long()


def map_before_classifier(method: UDAMethod, output: SegOutput) -> Tensor:
    """``SegOutput.embedding``.

    Raises:
        UserError: the decoder has no such map.
    """
    if output.embedding is None:
        head = getattr(method.model.decode_head, "head", method.model.decode_head)
        text = f"{type(head).__name__} has no map before its classifier, so that there are no features to take prototypes of"
        raise UserError(f"{text}. Use a network with one, such as that of DAFormerHead or SEASPPHead.")
    return output.embedding


def parts_of(method: UDAMethod, images: Tensor) -> list[Tensor]:
    """The images [B, 3, H, W] in windows as large as those of an evaluation, which overlap as little as they can; or as they are."""
    height, width = images.shape[2:]
    window = method.model.test_cfg.get("crop_size") if method.model.test_cfg["mode"] == "slide" else None
    boxes = [full_box(height, width)] if window is None else sliding_boxes(height, width, window, window)
    return [box.crop(images) for box in boxes]


@torch.no_grad()
def gather(cfg: Config, method: UDAMethod, dataset: Any, *, passes: int, keep: bool = False) -> Gathered:
    """Looks at all images, ``passes`` times in their order.

    Args:
        cfg: complete config, whose ``val_dataloader`` says how images are loaded.
        method: of :func:`mmseg.apis.init_model`.
        dataset: of :func:`mmseg.apis.preparing.images.images_of`.
        passes: more than one moves means whose count has reached its limit of 3000; published: 4.
        keep: whether features of single pixels are kept for a picture.

    Raises:
        UserError: the decoder has no map before its classifier.
        NotFiniteError: the network gives NaN for an image.
    """
    gathered = None
    for number in range(passes):
        batches = progress(loader(cfg, dataset, range(len(dataset))), f"Gathering, {number + 1} of {passes}")
        for seen in (seen for batch in batches for seen in _seen_in(method, batch)):
            if gathered is None:
                gathered = Gathered(torch.zeros_like(seen.sums), torch.zeros_like(seen.sums[:, 0]), torch.zeros_like(seen.pixels))
            gathered.add(seen.sums, seen.pixels)
            if number == 0:
                gathered.pixels += seen.pixels
                if keep and sum(map(len, gathered.samples)) < MOST_SAMPLES:
                    gathered.samples.append(seen.samples.cpu())
    return gathered


def _seen_in(method: UDAMethod, batch: dict) -> Iterator[Seen]:
    """What is seen in every image of a loaded batch."""
    for images, paths, _ in groups(batch["image"], batch["path"], batch["native_size"]):
        with naming(paths[0]):
            found = looked_at(method, method.data_preprocessor.image(images))
        for path, seen in zip(paths, found, strict=True):
            with naming(path):
                check_finite(seen.sums)
            yield seen


def looked_at(method: UDAMethod, images: Tensor) -> list[Seen]:
    """What is seen in each of the normalised images [B, 3, H, W]."""
    parts: list[list[Seen]] = [[] for _ in images]
    for part in parts_of(method, images):
        output = method.model.segment(part)
        embedding = map_before_classifier(method, output)
        labels = method.correct(resize(output.logits, embedding.shape[2:], output.align_corners)).argmax(dim=1)
        for found, single, label in zip(parts, embedding, labels, strict=True):
            step = -(-label.numel() // SAMPLES_PER_IMAGE)
            found.append(Seen(*class_sums(single, label, method.model.num_classes), single.flatten(1).t()[::step]))
    return [
        Seen(sum(seen.sums for seen in found), sum(seen.pixels for seen in found), torch.cat([seen.samples for seen in found]))
        for found in parts
    ]


def random_directions(vectors: Tensor, seed: int) -> Tensor:
    """Directions [K, C] from a normal distribution, in place of vectors; they are a function of the seed."""
    drawn = np.random.default_rng(derive_seed(seed, "prototypes")).standard_normal(vectors.shape)
    return F.normalize(torch.from_numpy(drawn), dim=1).to(vectors)


def make_prototypes(
    method: UDAMethod, gathered: Gathered, checkpoint: str | Path, names: Sequence[str], *, settings: dict, command: str
) -> tuple[Prototypes, Header]:
    """The content of a file of prototypes.

    Args:
        method: of :func:`mmseg.apis.init_model`.
        gathered: of :func:`gather`.
        checkpoint: file of the network.
        names: of the images.
        settings: what decides the prototypes beside them.
        command: that makes it again.

    Raises:
        UserError: no class has a prototype.
    """
    if not gathered.counts.any():
        text = f"No image shows {MIN_PIXELS} pixels of any class in the map of the network, so there is no prototype"
        raise UserError(f"{text}. Use larger images, or a network whose map is finer.")
    prototypes = Prototypes(gathered.vectors.cpu(), gathered.counts.long().cpu(), gathered.pixels.cpu())
    header: dict[str, Any] = {
        "version": VERSION,
        "kind": KIND,
        "made_by": command,
        "digest": run_digest(checkpoint),
        "checkpoint": file_hash(checkpoint),
        "classes": list(method.classes),
        "images": len(names),
        "images_digest": images_digest(names),
        "complete": True,
        "settings": settings,
    }
    return prototypes, header


def summary(prototypes: Prototypes, classes: Sequence[str]) -> list[str]:
    """Lines about every class, and one about those without a prototype."""
    shares = (100 * prototypes.distribution).tolist()
    lines = [
        f"{name:15} {share:7.3f} % of the predicted pixels, prototype of {count} images"
        for name, share, count in zip(classes, shares, prototypes.counts.tolist(), strict=True)
    ]
    never = [name for name, pixels in zip(classes, prototypes.pixels.tolist(), strict=True) if not pixels]
    small = [name for name, pixels, count in zip(classes, prototypes.pixels, prototypes.counts, strict=True) if pixels and not count]
    lines += [f"Never predicted, so without a prototype, and nothing is assigned to it: {', '.join(never)}."] if never else []
    return lines + ([f"Nowhere {MIN_PIXELS} pixels in one image, so without a prototype: {', '.join(small)}."] if small else [])
