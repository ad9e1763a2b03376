"""The few labelled images of a target: a stream of labelled crops beside the source and the unlabelled target.

Only these images have labels here; those of other target images can be neither named nor opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.choosing.labeled import labeled_config
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.sampling.labelled.crop import labelled_crop
from mmseg.datasets.several import SeveralDatasets, SeveralImageFiles
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams

Unlabeled = Literal["all", "rest", "none"]
"""Which images of a target with few labels are drawn as unlabelled ones."""


@dataclass(frozen=True)
class LabeledTarget:
    """The labelled images and how they are cut.

    Attributes:
        data: of the labelled images alone; None of no images.
        crops: as of the unlabelled crops, one for each data set; chosen by the label and distorted as the source's.
        seed: of all draws.
    """

    data: SegmentationDataset | SeveralDatasets | None
    crops: tuple[CropOptions, ...]
    seed: int

    def __len__(self) -> int:
        return 0 if self.data is None else len(self.data)

    def file(self, streams: Streams) -> int:
        """Index of the file of a sample: each one once per epoch of these few, in a new order each time."""
        epoch, position = divmod(streams.index, len(self))
        return int(Streams(self.seed, epoch).numpy("labeled.order").permutation(len(self))[position])

    def load(self, streams: Streams) -> dict:
        """The labelled crop of a sample, see :func:`~mmseg.datasets.sampling.labelled.crop.labelled_crop`."""
        index = self.file(streams)
        return labelled_crop(self.data, index, self.crops[self.data.part_number(index)], streams, "labeled")

    def files(self, streams: Streams) -> list[Path]:
        """The files that the labelled crop of a sample is read from."""
        index = self.file(streams)
        return [self.data.images.path(index), self.data.label_path(index)]


def labeled_target(target: object, crops: Sequence[CropOptions | None], source_crop: CropOptions, seed: int) -> LabeledTarget | None:
    """What is labelled of a training's target; None where nothing is said about labels.

    Args:
        target: config of the data set, or the data set itself, which knows nothing of labels.
        crops: of the unlabelled crops, one for each data set of the target.
        source_crop: of the first source.
        seed: of all draws.

    Raises:
        UserError: the data set has no folder of labels, or a label is missing.
    """
    config = labeled_config(target) if isinstance(target, dict) else None
    if config is None:
        return None
    if not config:
        return LabeledTarget(None, (), seed)
    data = build_checked(config, DATASETS)
    if not data.labelled:
        option = "the folder of labels of each of its data sets" if isinstance(data, SeveralDatasets) else data.label_option
        raise UserError(f"UDADataset: the target {data.place} has labeled images, but no labels. Set {option} in its config.")
    own = [crop for crop, part in zip(crops, target.get("datasets", [target]), strict=True) if labeled_config(part)]
    as_source = {name: getattr(source_crop, name) for name in ("cat_max_ratio", "photo_metric_distortion", "color_jitter")}
    return LabeledTarget(data, tuple(replace(crop, **as_source) for crop in own if crop is not None), seed)


def unlabelled_images(
    images: ImageFiles | SeveralImageFiles | None, labeled: LabeledTarget | None, unlabeled: str
) -> ImageFiles | SeveralImageFiles | None:
    """The images of a target that are drawn as unlabelled ones.

    Args:
        images: all of it.
        labeled: those with labels; None where nothing is said about labels.
        unlabeled: 'all', 'rest' (those without labels), or 'none'.

    Raises:
        UserError: the target has no labelled images, or only such.
    """
    if unlabeled == "all":
        return images
    if labeled is None:
        raise UserError(
            f"UDADataset has unlabeled='{unlabeled}', but no labelled target images. Set labeled in target, or unlabeled='all'."
        )
    if unlabeled == "none":
        return None
    known = {labeled.data.images.path(index) for index in range(len(labeled))}
    rest = images.chosen(index for index in range(len(images)) if images.path(index) not in known)
    if len(rest) == 0:
        raise UserError("UDADataset has unlabeled='rest', but all images of the target are labelled. Use unlabeled='all' or 'none'.")
    return rest
