"""How the network that asks sees the target: whole images, one at a time.

Letters: K classes, (H, W) native size of an image, (h, w) size that the network sees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.tensors import image_tensor
from mmseg.datasets.transforms import scaled_size
from mmseg.engine.hooks.evaluating import evaluating
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.errors import naming


@dataclass(frozen=True)
class TargetImages(Dataset):
    """Target images in the size that the network sees, without labels.

    Attributes:
        images: files of the target.
        options: how its crops are cut: interpolation, and whether the aspect ratio is kept.
        scale: (w, h) that an image is resized to, or to fit into.
    """

    images: ImageFiles
    options: CropOptions
    scale: Sequence[int]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[int, Tensor, tuple[int, int]]:
        """(index, uint8 RGB [3, h, w], (H, W))."""
        image = self.images.read(index)
        native = image.shape[:2]
        size = scaled_size(native, self.scale, self.options.keep_ratio)
        return index, image_tensor(self.options.resize(image, size)), native


def predictions(
    method: UDAMethod, network: nn.Module, dataset: TargetImages, indices: Sequence[int], workers: int
) -> Iterator[tuple[int, Tensor]]:
    """(index, logits float32 [K, H, W]) of images, in eval mode and without gradients.

    The logits are enlarged twice, to the size that the network saw and then to that of the annotation, as published; also where
    ``test_cfg`` says ``enlarge_once``, which is about the test. No mirror image is looked at.

    Raises:
        UserError: an image is broken or too small for the network, or the network gives NaN.
    """
    options = {"batch_size": None, "sampler": list(indices), "num_workers": workers, "generator": torch.Generator()}
    for index, image, native in SteadyLoader(dataset, **options):
        with evaluating(method), naming(dataset.images.path(index)):
            logits = network.inference(method.data_preprocessor.image(image[None])).float()
            logits = network.enlarge(network.enlarge(logits, image.shape[1:]), native)
            check_finite(logits)
        yield index, logits[0]


def weights_digest(network: nn.Module) -> str:
    """Sixteen hexadecimal digits of all weights and statistics of a network."""
    total = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        total.update(name.encode())
        total.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return total.hexdigest()[:16]
