"""What a network says about images without labels: how sure it is, and how far it contradicts itself and its teacher.

Sources: entropy as in Vu et al. (ADVENT, CVPR 2019); the teacher's agreement as in Tarvainen and Valpola (NeurIPS 2017); consistency of
mirrored, resized and masked images as training objectives in French et al. (BMVC 2020) and Hoyer et al. (MIC, CVPR 2023). Here they
are read off, and train nothing.

Letters: K classes, (h, w) size at which the network sees an image.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from mmseg.apis.predicting.inference_modes import training_crop_size
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.several import SeveralDatasets
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.augmentation.masking import BlockMask, build_mask_generator
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import naming
from mmseg.utils.randomness import Streams

SCALE = 1.25
"""Of the other size of an image: one of those that ``--aug-test`` averages, and never too small where the image itself is not."""
BLOCKS = 16
"""Mask blocks per side of a crop, as in MIC: 64 pixels of 1024."""

Look = Callable[[Tensor], Tensor]
"""Normalised image [1, 3, ., .] -> logits [1, K, ., .] of its size."""


@dataclass(frozen=True)
class Counts:
    """Sums over pixels.

    Attributes:
        pixels: their number.
        entropy: of the class probabilities, each over its largest value log K.
        same: pixels whose class stays the same, by score.
        classes: int64 [K], pixels of each predicted class, on the CPU.
    """

    pixels: int
    entropy: float
    same: Mapping[str, int]
    classes: Tensor

    def __add__(self, other: Counts) -> Counts:
        same = {name: count + other.same[name] for name, count in self.same.items()}
        return Counts(self.pixels + other.pixels, self.entropy + other.entropy, same, self.classes + other.classes)

    @property
    def scores(self) -> dict[str, float | None]:
        """Percent by name; the agreement is None without a teacher, the change is of two checkpoints and not here."""
        shares = {name: 100 * count / self.pixels for name, count in self.same.items()}
        return {"entropy": 100 * self.entropy / self.pixels, "agreement": None, **shares}

    def change(self, before: Counts) -> float:
        """Percent of the pixels that would have to change their class for the shares of before: half the sum of all differences."""
        own, other = (100 * counts.classes / counts.pixels for counts in (self, before))
        return float((own - other).abs().sum() / 2)


def entropy(logits: Tensor) -> Tensor:
    """Of the class probabilities, over its largest value: [1, K, h, w] -> [1, h, w], 0 sure to 1 uniform."""
    return torch.special.entr(logits.softmax(dim=1)).sum(dim=1) / math.log(logits.shape[1])


@torch.no_grad()
def count(student: Look, teacher: Look | None, image: Tensor, masked: Tensor) -> Counts:
    """One image.

    Args:
        student, teacher: the networks; None without a teacher.
        image: [1, 3, h, w], normalised.
        masked: the same with a part of it hidden.

    Raises:
        NotFiniteError: a network gives NaN or infinite values for one of these looks.
    """
    logits = student(image)
    label = logits.argmax(dim=1)
    larger = F.interpolate(image, scale_factor=SCALE, mode="bilinear")
    others = {
        "agreement": teacher and teacher(image),
        "flip": student(image.flip(3)).flip(3),
        "scale": F.interpolate(student(larger), size=image.shape[2:], mode="bilinear"),
        "masked": student(masked),
    }
    for output in (logits, *others.values()):
        if output is not None:  # NaN would be a class of its own, which agrees with itself
            check_finite(output)
    same = {name: int((other.argmax(dim=1) == label).sum()) for name, other in others.items() if other is not None}
    classes = torch.bincount(label.flatten().cpu(), minlength=logits.shape[1])
    return Counts(label.numel(), float(entropy(logits).double().sum()), same, classes)


def look_of(method: UDAMethod) -> Look:
    """One look of a network at an image as an evaluation takes it, in windows or whole."""

    def look(image: Tensor) -> Tensor:
        return method.model.enlarge(method.correct(method.model.inference(image)), image.shape[2:])

    return look


def mask_of(cfg: Config) -> BlockMask:
    """The blocks that the training of a config masks; where it masks none, those of MIC, 70 % of 16x16 blocks per crop."""
    own = cfg.uda.get("mask_generator")
    if own and own.get("type") in ("block", "BlockMask"):
        return build_mask_generator(own)
    return BlockMask(mask_ratio=0.7, mask_block_size=max(1, round(min(training_crop_size(cfg)) / BLOCKS)))


def score(
    student: UDAMethod,
    teacher: UDAMethod | None,
    dataset: SegmentationDataset | SeveralDatasets,
    chosen: Sequence[int],
    mask: BlockMask,
    seed: int,
) -> Counts:
    """The counts of some images of a data set, whose masks are functions of seed and index: the same for every checkpoint.

    Raises:
        BadFileError: an image cannot be read, or is too small for the network.
        NotFiniteError: a network gives NaN for one.
    """
    looks = look_of(student), teacher and look_of(teacher)
    total = None
    for index in progress(chosen):
        sample = dataset[index]
        with naming(sample["path"]):
            image = student.data_preprocessor.image(sample["image"][None])
            generator = Streams(seed, index).torch("mask of a choice")
            counts = count(*looks, image, mask(image, generator))
        total = counts if total is None else total + counts
    return total
