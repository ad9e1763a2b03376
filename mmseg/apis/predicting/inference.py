"""Predicting images with the student or the teacher of a checkpoint.

    model = init_model("configs/hrda/gtaHR2csHR_hrda.py", "latest.pth", device="cuda")
    prediction = inference_model(model, "street.png")

Letters: K classes, (H, W) native size of the image, (h, w) size at which the network sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from mmseg.apis.predicting.any_image import Picture, read_rgb
from mmseg.apis.predicting.inference_modes import inference_config
from mmseg.apis.predicting.model_files import model_files
from mmseg.apis.predicting.prior_correction import correct_priors
from mmseg.apis.predicting.temperature import read_temperature, tempered
from mmseg.config.config import load_config
from mmseg.config.reading.safe import may_be_of_others
from mmseg.datasets.base import class_info, image_values
from mmseg.datasets.classes.palettes import default_palette
from mmseg.datasets.transforms import RESIZING, EvaluationSize
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.frozen import completed
from mmseg.engine.checkpoints.trained_for import TrainedFor
from mmseg.engine.checkpoints.weights import STUDENT, load_segmentor, network_state
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.errors import UserError, naming, one_line
from mmseg.utils.randomness import derive_seed
from mmseg.visualization.colorize import Palette, colorize_labels, overlay, write_palette_png

AUGMENTED = tuple((ratio, flipped) for ratio in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75) for flipped in (False, True))
"""Scale and mirroring of the looks that ``augment`` averages, as published (``--aug-test``)."""
BOTH_SIDES = ((1.0, False), (1.0, True))
"""The same of ``test_cfg.flip``; the first alone is the usual look."""

SHOWN = 3  # classes in the short form of a prediction


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """What a network says about one image, at its native size.

    Attributes:
        labels: uint8 [H, W], the most probable class as train id in [0, K).
        confidence: float32 [H, W], the probability of that class, in [1/K, 1].
        probabilities: float32 [K, H, W] on the model's device; they sum to 1 over the classes.
        image: uint8 RGB [H, W, 3], what was predicted.
        classes, palette: names and RGB by train id.
    """

    labels: np.ndarray
    confidence: np.ndarray
    probabilities: Tensor
    image: np.ndarray
    classes: Sequence[str]
    palette: Palette

    def __repr__(self) -> str:
        height, width = self.labels.shape
        shares = self.shares()
        named = ", ".join(f"{name} {share:.0%}" for name, share in shares[:SHOWN])
        return f"Prediction({width}x{height}, {named}{', …' if len(shares) > SHOWN else ''})"

    def shares(self) -> list[tuple[str, float]]:
        """The classes that the image shows with their shares of its pixels, the largest first."""
        counts = np.bincount(self.labels.ravel(), minlength=len(self.classes))
        order = np.argsort(-counts, kind="stable")
        return [(self.classes[index], float(counts[index] / self.labels.size)) for index in order if counts[index]]

    def overlay(self, opacity: float = 0.5) -> np.ndarray:
        """The colours of the classes over the image, uint8 RGB [H, W, 3]; ``opacity`` is their share in [0, 1]."""
        return overlay(self.image, colorize_labels(self.labels, self.palette), opacity)

    def save(self, path: str | Path) -> None:
        """Writes the labels as a palette PNG: viewers show colours, readers get train ids.

        Raises:
            UserError: the name does not end with .png, the folder is read-only or the disk is full.
        """
        if Path(path).suffix.lower() != ".png":
            raise UserError(f"Predictions are written as PNG, and {path} is called otherwise. Use {Path(path).with_suffix('.png')}.")
        write_palette_png(path, self.labels, self.palette)


def init_model(
    config: str | Path | Config,
    checkpoint: str | Path | None = None,
    device: str = "cpu",
    weights: str = STUDENT,
    *,
    inference_mode: str = "same",
    prior_correction: str | Path | None = None,
    temperature: str | Path | bool | None = None,
) -> UDAMethod:
    """A network ready to predict: one segmentor with its normalisation, in eval mode.

    Prints one line about the loaded entries, and one for each thing that the checkpoint was trained with and the config says otherwise:
    names, colours, normalisation.

    Args:
        config: file (ours, or in the 0.x vocabulary), complete config, or folder with a config and weights, see :func:`model_files`.
        checkpoint: file with the weights, see :mod:`mmseg.engine.checkpoints.weights`; None for the initial weights of the config.
        device: 'cpu', 'cuda', 'cuda:1', …
        weights: 'model' (student) or 'ema_model' (teacher).
        inference_mode: see :func:`inference_config`.
        prior_correction: file of class priors, see :func:`mmseg.apis.predicting.prior_correction.correct_priors`.
        temperature: file of a temperature, or True for the one beside the checkpoint, see :mod:`mmseg.apis.predicting.temperature`.

    Returns:
        the network under ``model``; the config under ``cfg``; names and RGB of the classes by train id under ``classes`` and
        ``palette``.

    Raises:
        UserError: config or checkpoint are unreadable or do not belong together, or the classes of the config have another order.
    """
    if checkpoint is None and not isinstance(config, Config) and Path(config).is_dir():
        config, checkpoint = model_files(config)
    cfg = config if isinstance(config, Config) else load_config(config, training=False, trust=not may_be_of_others(config, checkpoint))
    segmentor = {**cfg.model, "test_cfg": inference_config(cfg, inference_mode)}
    torch.manual_seed(derive_seed(cfg.seed, "initial weights"))
    method = UDAMethod(segmentor=segmentor, seed=cfg.seed, data_preprocessor=cfg.uda.get("data_preprocessor"))
    trained, content = TrainedFor(), {}
    if checkpoint is None:
        method.init_weights()
    else:
        content = completed(read_checkpoint(checkpoint), method.model, checkpoint)
        print(one_line(load_segmentor(method.model, network_state(content, weights, checkpoint), weights, checkpoint)))
        trained = TrainedFor.of(content)
    method.cfg = cfg
    method.classes, method.palette = _known_classes(cfg, method.model.num_classes, trained)
    for warning in trained.warnings(method.classes, method.palette, method.data_preprocessor, checkpoint):
        print(f"Warning: {warning}")
    if prior_correction is not None:
        correct_priors(method, prior_correction, content, checkpoint)
    if temperature:
        method.temperature = read_temperature(temperature, checkpoint, weights)
    return method.to(device).eval()


def class_colors(cfg: Config, num_classes: int) -> tuple[Sequence[str], Palette]:
    """Names and colours of the classes, from the validation data set that a config names; the data need not exist.

    Raises:
        UserError: the data set is not known, or has another number of classes than the network.
    """
    dataset = cfg.val_dataloader.dataset
    info = class_info(dataset)
    if len(info["classes"]) != num_classes:
        given = f"has {len(info['classes'])} classes, but the network {num_classes}"
        raise UserError(f"The data set {dataset.type} {given}. Set val_dataloader.dataset to the data set of the training.")
    return info["classes"], info["palette"]


def _known_classes(cfg: Config, num_classes: int, trained: TrainedFor) -> tuple[Sequence[str], Palette]:
    """:func:`class_colors`; where the config does not know them, what the checkpoint says, else numbers and distinct colours."""
    try:
        return class_colors(cfg, num_classes)
    except UserError:
        names, colors = (known if known and len(known) == num_classes else None for known in (trained.classes, trained.palette))
        return names or tuple(map(str, range(num_classes))), colors or default_palette(num_classes)


def inference_model(
    model: UDAMethod, image: Picture | Sequence[Picture], *, branch: str | None = None, augment: bool = False, bgr: bool = False
) -> Prediction | list[Prediction]:
    """Predicts one image of any size, or each of several.

    Args:
        model: of :func:`init_model`.
        image: a file, a PIL image, an array RGB [H, W, 3] or a tensor RGB [3, H, W], both uint8 in [0, 255] or floats in
            [0, 1]; or a list of them.
        branch: 'LR' or 'HR' for the context or the detail prediction of HRDA alone.
        augment: average the probabilities of six scales and their mirror images (twelve times the work).
        bgr: arrays and tensors hold their channels in the order of OpenCV.

    Returns:
        a prediction; of a list, the list of its predictions.

    Raises:
        UserError: a file cannot be read, an image is something else, or is too small for the network.
    """
    if isinstance(image, (list, tuple)):
        return [inference_model(model, single, branch=branch, augment=augment, bgr=bgr) for single in image]
    rgb = read_rgb(image, bgr=bgr, values=image_values(model.cfg.val_dataloader.dataset))
    with naming(image if isinstance(image, (str, Path)) else "The image"):
        probabilities = class_probabilities(model, rgb, branch=branch, augment=augment)
    return prediction_of(probabilities, rgb, model.classes, model.palette)


def prediction_of(probabilities: Tensor, image: np.ndarray, classes: Sequence[str], palette: Palette) -> Prediction:
    """The most probable classes of float32 [K, H, W]."""
    confidence, labels = probabilities.max(dim=0)
    return Prediction(labels.to(torch.uint8).cpu().numpy(), confidence.cpu().numpy(), probabilities, image, classes, palette)


def class_probabilities(model: UDAMethod, image: np.ndarray, *, branch: str | None = None, augment: bool = False) -> Tensor:
    """Softmax at native size, averaged over :data:`AUGMENTED` looks if asked for: RGB uint8 [H, W, 3] -> float32 [K, H, W]."""
    branch = model.model.known_branch(branch)
    probabilities = mean_outputs(model, image, [branch], augment=augment)[branch]
    return probabilities if model.temperature == 1 else tempered(probabilities, model.temperature)


def mean_outputs(model: UDAMethod, image: np.ndarray, branches: Sequence[str], *, augment: bool = False) -> dict[str, Tensor]:
    """What several branches say about an image RGB uint8 [H, W, 3] at its native size.

    The mean over the image and, with ``test_cfg.flip``, its mirror image, or over :data:`AUGMENTED` looks: class probabilities
    [K, H, W], of 'ATT' the attention [1, H, W].
    """
    looks = AUGMENTED if augment else BOTH_SIDES if model.model.test_cfg.get("flip", False) else BOTH_SIDES[:1]
    totals: dict[str, Tensor] = {}
    for ratio, flipped in looks:
        for branch, logits in native_branches(model, image, branches, ratio=ratio, flipped=flipped).items():
            value = logits if branch == "ATT" else logits.softmax(dim=0)
            totals[branch] = totals[branch].add_(value) if branch in totals else value
    return {branch: total.div_(len(looks)) for branch, total in totals.items()}


def native_logits(model: UDAMethod, image: np.ndarray, *, branch: str | None = None, ratio: float = 1.0, flipped: bool = False) -> Tensor:
    """Logits at native size from one look at the image, whatever ``test_cfg.flip`` says.

    Args:
        model: of :func:`init_model`.
        image: uint8 RGB [H, W, 3].
        branch: output of HRDA: 'LR', 'HR', or 'ATT' for the scale attention; None for the one of the config.
        ratio: size of this look over the config's test scale.
        flipped: look at the mirror image; the result is mirrored back.

    Returns:
        float32 [K, H, W], for 'ATT' [1, H, W] in [0, 1].
    """
    branch = model.model.known_branch(branch)
    return native_branches(model, image, [branch], ratio=ratio, flipped=flipped)[branch]


@torch.no_grad()
def native_branches(
    model: UDAMethod, image: np.ndarray, branches: Sequence[str], *, ratio: float = 1.0, flipped: bool = False
) -> dict[str, Tensor]:
    """:func:`native_logits` of several branches (any of ``model.model.branches``) from the same look.

    Raises:
        NotFiniteError: the network gives NaN.
    """
    data = model.cfg.val_dataloader.dataset
    resize = RESIZING[data.get("test_interpolation", "bilinear")]
    size = EvaluationSize(data.get("test_scale"), data.get("test_keep_ratio", True))
    small = resize(image, size.resized(image.shape[:2], ratio))
    tensor = torch.from_numpy(np.ascontiguousarray(small.transpose(2, 0, 1)))[None]
    looks = model.model.inference_branches(model.data_preprocessor.image(tensor.flip(3) if flipped else tensor), branches)
    for logits in looks.values():
        check_finite(logits)
    corrected = {branch: look if branch == "ATT" else model.correct(look) for branch, look in looks.items()}
    native = {branch: model.model.enlarge(look, image.shape[:2])[0] for branch, look in corrected.items()}
    return {branch: logits.flip(2) for branch, logits in native.items()} if flipped else native
