"""Evaluating a checkpoint and writing what it predicts.

Letters: B images, K classes, (H0, W0) native size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.runner import Runner
from rich.progress import track
from torch.utils.data import DataLoader

from mmseg.datasets.classes import PALETTE
from mmseg.engine.checkpoint import load_weights, read_checkpoint, student_state
from mmseg.engine.runner import build_evaluator, build_loader_config, build_model
from mmseg.models.uda import UDAMethod
from mmseg.utils.files import write_image
from mmseg.visualization import heat, write_palette_png


def load_method(cfg: Config, checkpoint: str | Path, device: str) -> UDAMethod:
    """The method of a config in eval mode with the student's weights of a checkpoint."""
    method = build_model(cfg)
    load_weights(method.model, student_state(read_checkpoint(checkpoint)), checkpoint)
    return method.to(device).eval()


def validation_loader(cfg: Config) -> DataLoader:
    """The validation data of a config."""
    return Runner.build_dataloader(build_loader_config(cfg.val_dataloader))


def progress(loader: DataLoader) -> Iterator[dict]:
    """The batches of a loader, with a progress bar."""
    return track(loader, description="Evaluating", total=len(loader))


def evaluate(cfg: Config, checkpoint: str | Path, *, branch: str | None = None, show_dir: Path | None = None, device: str = "cpu") -> dict:
    """IoU and accuracy (percent) of a checkpoint on the validation data of a config.

    Args:
        cfg: complete config.
        checkpoint: file with the student's weights.
        branch: 'LR' or 'HR' for the context or the detail prediction of HRDA alone.
        show_dir: folder that receives a palette PNG per image, named like the image.
        device: 'cpu' or 'cuda'.
    """
    method = load_method(cfg, checkpoint, device)
    evaluator = build_evaluator(cfg.val_evaluator)
    options = {"branch": branch} if branch else {}
    loader = validation_loader(cfg)
    evaluator.dataset_meta = loader.dataset.metainfo
    count = 0
    for batch in progress(loader):
        samples = method.test_step(batch, **options)
        evaluator.process(data_samples=samples)
        count += len(samples)
        if show_dir is not None:
            for sample in samples:
                write_palette_png(show_dir / f"{Path(sample['path']).stem}.png", sample["prediction"].cpu().numpy(), PALETTE)
    return evaluator.evaluate(count)


@torch.no_grad()
def write_attention(cfg: Config, checkpoint: str | Path, show_dir: Path, device: str = "cpu") -> int:
    """Writes the scale attention of every validation image as a heat map; returns their number.

    The map is the attention weighted by the predicted class probabilities, from 0 (context) to 1 (detail).
    """
    method = load_method(cfg, checkpoint, device)
    count = 0
    for batch in progress(validation_loader(cfg)):
        maps = method.model.inference(method.data_preprocessor.image(batch["image"]), branch="ATT")
        for index, path in enumerate(batch["path"]):
            native = F.interpolate(maps[index : index + 1], batch["native_size"][index].tolist(), mode="bilinear", align_corners=False)
            colors = heat(native[0, 0].clamp(0, 1).cpu().numpy())
            write_image(show_dir / f"{Path(path).stem}.png", np.ascontiguousarray(colors[..., ::-1]))
            count += 1
    return count
