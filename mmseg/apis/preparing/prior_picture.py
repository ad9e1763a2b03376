"""What a correction of priors starts from and what it does to predictions, class by class.

Letters: N images, K classes, (h, w) size at which the network sees an image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from mmseg.apis.preparing.passes import groups, loader
from mmseg.apis.preparing.priors import label_counts
from mmseg.datasets.statistics.class_priors import PriorsFile, log_ratio
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import naming


@torch.no_grad()
def shown_by_predictions(cfg: Config, method: UDAMethod, dataset: Any, shifts: Tensor, min_pixels: int) -> np.ndarray:
    """Shares of the images in which the most likely classes show each class, in one pass.

    Args:
        cfg: complete config.
        method: of :func:`mmseg.apis.init_model`.
        dataset: images, with or without labels.
        shifts: [V, K], what is added to the logits for each of V ways to predict.
        min_pixels: an image shows a class with more pixels than this at native size; fewer, in proportion, in a smaller prediction.

    Returns:
        float64 [V, K].
    """
    shown = torch.zeros(shifts.shape)
    for batch in progress(loader(cfg, dataset, range(len(dataset)))):
        for images, paths, sizes in groups(batch["image"], batch["path"], batch["native_size"]):
            with naming(paths[0]):
                logits = method.model.enlarge(method.model.inference(method.data_preprocessor.image(images)), images.shape[2:])
            for single, size in zip(logits, sizes.tolist(), strict=True):
                least = min_pixels * single[0].numel() / (size[0] * size[1])
                for number, shift in enumerate(shifts.to(single.device)):
                    labels = (single + shift[:, None, None]).argmax(dim=0)
                    shown[number] += (torch.bincount(labels.flatten(), minlength=shifts.shape[1]) > least).cpu()
    return (shown / len(dataset)).double().numpy()


def class_shares(
    cfg: Config, method: UDAMethod, dataset: Any, priors: PriorsFile, *, min_pixels: int, labelled: Any | None
) -> dict[str, list[float]]:
    """What the picture of a file of priors compares, by name.

    Args:
        cfg, method, dataset, min_pixels: see :func:`shown_by_predictions`.
        priors: of :func:`mmseg.apis.preparing.priors.make_priors`.
        labelled: the same images with labels, where there are some.
    """
    source, target = priors["source"], priors["target"]
    ratio = torch.from_numpy(log_ratio(source["counts"], target["counts"])).float()
    before, after = shown_by_predictions(cfg, method, dataset, torch.stack([torch.zeros_like(ratio), ratio]), min_pixels)
    shares = {"source": np.array(source["counts"]) / source["images"]}
    if labelled is not None:
        shares["target, by labels"] = np.array(label_counts(labelled, min_pixels)) / len(labelled)
    shares["target, as in the file"] = np.array(target["counts"]) / priors["images"]
    shares |= {"predictions": before, "predictions, corrected": after}
    return {name: values.tolist() for name, values in shares.items()}
