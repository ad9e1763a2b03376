"""The straightforward loader that ours is measured against and, in the tests, compared with sample by sample.

Step after step as the published pipelines list them: decode image and label, resize both as a whole, crop, flip, normalise,
pad. Rare-class sampling repeats all of it until the crop shows the class. Only the random draws are those of our loader.

Letters: (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from mmseg.datasets import CropOptions, UDADataset, transforms
from mmseg.datasets.classes.names import IGNORE
from mmseg.structures import Box
from mmseg.utils.randomness import Streams

RETRIES = 10
MEAN, STD = np.float32([123.675, 116.28, 103.53]), np.float32([58.395, 57.12, 57.375])


class PlainPipeline(Dataset):
    """The samples of a :class:`UDADataset` of one source, made the long way.

    Args:
        dataset: gives files, options and random streams.
    """

    def __init__(self, dataset: UDADataset) -> None:
        self.dataset = dataset

    def __getitem__(self, index: int) -> dict:
        """A sample of both domains.

        Returns:
            ``source`` with ``image`` float32 [3, H, W], normalised, ``label`` int64 [H, W] and ``passes``, how often all of
            it was made; ``target`` with ``image`` and ``valid`` int64 [H, W].
        """
        streams = Streams(self.dataset.seed, index)
        return {"source": self.source(streams), "target": self.target(streams)}

    def source(self, streams: Streams) -> dict:
        """Passes through the whole pipeline until the crop shows the rare class."""
        rare_class, file = self.dataset.draw_source_file(streams)
        rng = streams.numpy("source.crop")
        for passes in range(1, RETRIES + 2):
            sample = {**self.source_pass(streams, rng, file), "passes": passes}
            if rare_class is None or self.dataset.rare.min_crop_pixels <= 0:
                break
            if (sample["label"] == rare_class).sum() > self.dataset.rare.min_crop_pixels:
                break
        return sample

    def source_pass(self, streams: Streams, rng: np.random.Generator, file: int) -> dict:
        options = self.dataset.source_crop
        image = cv2.imread(str(self.dataset.source.images.path(file)))
        label = np.asarray(Image.open(self.dataset.source.label_path(file)))
        image, label = resized(image, options, cv2.INTER_LINEAR), resized(label, options, cv2.INTER_NEAREST)
        box = accepted_box(rng, label, options)
        image, label = image[box.slices], label[box.slices]
        if streams.numpy("source.flip").random() < options.flip_prob:
            image, label = image[:, ::-1], label[:, ::-1]
        if options.photo_metric_distortion:
            image = transforms.photo_metric_distortion(image, transforms.draw_photo_metric(streams.numpy("source.photo_metric")))
        return {"image": finished_image(image, options.crop_size), "label": finished_mask(label, options.crop_size, IGNORE)}

    def target(self, streams: Streams) -> dict:
        options = self.dataset.target_crop
        image = cv2.imread(str(self.dataset.target.path(self.dataset.draw_target_file(streams))))
        image = resized(image, options, cv2.INTER_LINEAR)
        valid = transforms.margin_mask(*image.shape[:2], self.dataset.margins.in_pixels(0, image.shape[:2]) or (0, 0, 0, 0))
        box = random_box(streams.numpy("target.crop"), *image.shape[:2], options.crop_size)
        image, valid = image[box.slices], valid[box.slices]
        if streams.numpy("target.flip").random() < options.flip_prob:
            image, valid = image[:, ::-1], valid[:, ::-1]
        return {"image": finished_image(image, options.crop_size), "valid": finished_mask(valid, options.crop_size, 0)}


def resized(array: np.ndarray, options: CropOptions, interpolation: int) -> np.ndarray:
    """The whole image or label at the scale of the options, aspect ratio kept."""
    long, short = max(options.img_scale), min(options.img_scale)
    height, width = array.shape[:2]
    ratio = min(long / max(height, width), short / min(height, width))
    return cv2.resize(array, (int(width * ratio + 0.5), int(height * ratio + 0.5)), interpolation=interpolation)


def random_box(rng: np.random.Generator, height: int, width: int, size: Sequence[int]) -> Box:
    """A crop anywhere in the image, first the row, then the column."""
    top = int(rng.integers(0, max(height - size[0], 0) + 1))
    left = int(rng.integers(0, max(width - size[1], 0) + 1))
    return Box(top, min(top + size[0], height), left, min(left + size[1], width))


def accepted_box(rng: np.random.Generator, label: np.ndarray, options: CropOptions) -> Box:
    """The first of ten crops that no class dominates, or else the eleventh, whatever it shows."""
    for _ in range(RETRIES if options.cat_max_ratio < 1 else 0):
        box = random_box(rng, *label.shape, options.crop_size)
        if not is_dominated(label[box.slices], options.cat_max_ratio):
            return box
    return random_box(rng, *label.shape, options.crop_size)


def is_dominated(label: np.ndarray, share: float) -> bool:
    """Whether a class fills that share of the labelled pixels, or is the only one among them."""
    pixels = np.bincount(label[label != IGNORE])
    return np.count_nonzero(pixels) < 2 or pixels.max() / pixels.sum() >= share


def finished_image(image: np.ndarray, size: Sequence[int]) -> torch.Tensor:
    """Normalises and pads BGR uint8 [h, w, 3]: float32 RGB [3, H, W]."""
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.float32)
    image -= MEAN
    image /= STD
    return torch.from_numpy(np.ascontiguousarray(transforms.pad(image, size, 0).transpose(2, 0, 1)))


def finished_mask(mask: np.ndarray, size: Sequence[int], fill: int) -> torch.Tensor:
    """Pads a label or mask: int64 [H, W]."""
    return torch.from_numpy(transforms.pad(mask, size, fill).astype(np.int64))
