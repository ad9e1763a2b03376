"""Pictures of what a training step saw and of what the student predicts now.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch.nn.functional as F
from mmengine.dist import is_main_process, master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmseg.engine.hooks.evaluating import evaluating
from mmseg.registry import HOOKS
from mmseg.structures import SegOutput
from mmseg.utils.options.ranges import Positive
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.run_folder import PICTURES, check_still_there
from mmseg.visualization.colorize import Palette, colorize_labels, denormalize, heat, overlay
from mmseg.visualization.panels import Tile, draw_panel, legend, stack

THIN_CLASS = "pole"  # where the detail view should matter most
LISTED = 12  # missing pictures in one line
TILE_HEIGHTS = (256, 384)  # pixels: captions fit above the smallest, eight of the largest fit on a wide screen


def record_tile(name: str, value: np.ndarray, mean: tuple, std: tuple, palette: Palette) -> Tile | None:
    """One recorded tensor of one image, drawn as the last word of its name says.

    Args:
        name: ``…_image``, ``…_label`` or ``…_weight``; others are not drawn.
        value: normalised [3, H, W], train ids [H, W], or [H, W] in [0, 1].
        mean, std: of the normalisation.
        palette: RGB by train id.
    """
    caption, kind = name.replace("_", " "), name.rpartition("_")[2]
    if kind == "image":
        return caption.removesuffix(" image"), denormalize(value, mean, std)
    if kind == "label":
        return caption, colorize_labels(value.astype(np.uint8), palette)
    if kind == "weight":
        return f"{caption}, mean {value.mean():.2f}", heat(value)
    return None


def enlarged(values: Tensor, size: tuple[int, int]) -> np.ndarray:
    """Maps of one image [1, K, ., .] at (H, W) pixels: [K, H, W]."""
    return F.interpolate(values.float(), size, mode="bilinear", align_corners=False)[0].cpu().numpy()


def prediction_tiles(output: SegOutput, photo: np.ndarray, name: str, classes: Sequence[str], palette: Palette) -> list[Tile]:
    """What a network predicts: each view alone where there are several, the fusion, and the scale attention.

    Args:
        output: of ``segment`` for one image.
        photo: the image, uint8 RGB [H, W, 3].
        name: what the image is called.
        classes, palette: names and colours by train id.
    """
    size = photo.shape[:2]
    several = len(output.views) > 1
    looks = {f"{view.name} prediction": view.logits for view in output.views} if several else {}
    looks["fused prediction" if several else "prediction"] = output.logits
    colors = [colorize_labels(enlarged(logits, size).argmax(0).astype(np.uint8), palette) for logits in looks.values()]
    tiles = [*zip(looks, colors, strict=True), (f"prediction over {name}", overlay(photo, colors[-1], 0.5))]
    if output.attention is not None:
        tiles += attention_tiles(enlarged(output.attention, size), classes)
    return tiles


def attention_tiles(attention: np.ndarray, classes: Sequence[str]) -> list[Tile]:
    """Share of the detail view, [K or 1, H, W] in [0, 1]: the mean over classes, and a class if class-wise (a thin one, or the last)."""
    mean = attention.mean(0)
    if len(attention) == 1:
        return [(f"scale attention, mean {mean.mean():.2f}", heat(mean))]
    name = THIN_CLASS if THIN_CLASS in classes else classes[-1]
    single = attention[classes.index(name)]
    return [(f"attention, all classes: {mean.mean():.2f}", heat(mean)), (f"attention, {name}: {single.mean():.2f}", heat(single))]


def draw_step(
    student: nn.Module,
    records: dict[str, Tensor],
    *,
    mean: tuple,
    std: tuple,
    classes: Sequence[str],
    palette: Palette,
    max_images: int,
) -> np.ndarray:
    """Two rows for each image: what the step recorded, and what the student predicts on its target (else source) crop.

    Args:
        student: a segmentor; left as it was.
        records: [B, ...] by name, see :class:`mmseg.models.uda.step.StepLogs`; with 'source_image' or 'target_image'.
        mean, std: of the normalisation.
        classes, palette: names and colours by train id.
        max_images: the first so many of the batch.

    Returns:
        uint8 RGB [height, width, 3].
    """
    name = "target_image" if "target_image" in records else "source_image"
    images = records[name][:max_images]
    panels = []
    for index in range(len(images)):
        drawn = (record_tile(key, value[index].cpu().numpy(), mean, std, palette) for key, value in records.items())
        with evaluating(student):  # one image at a time: drawing must not need more memory than training
            output = student.segment(images[index : index + 1])
        photo = denormalize(images[index].cpu().numpy(), mean, std)
        predicted = prediction_tiles(output, photo, name.removesuffix("_image"), classes, palette)
        rows = [[tile for tile in drawn if tile is not None], predicted]
        panels.append(draw_panel(rows, tile_height=int(np.clip(images.shape[2], *TILE_HEIGHTS))))
    names = legend((*palette, (0, 0, 0)), (*classes, "ignored"), width=panels[0].shape[1])
    return stack([*panels, names])


def picture_file(runner: Runner, iteration: int) -> Path:
    """Where the picture of an iteration lies."""
    return Path(runner.work_dir) / PICTURES / f"iter_{iteration:06d}.png"


@HOOKS.register_module()
class PictureHook(Hook):
    """Draws ``pictures/iter_000500.png`` in the run folder, and the same for the visualizer as 'panels'.

    Training goes on as if nothing had been drawn, bit by bit, also where a picture cannot be written.

    Args:
        interval: iterations between two pictures; the first and the last iteration are drawn as well.
        max_images: the first so many images of the batch.

    Raises:
        UserError: a number below 1.
    """

    priority = "BELOW_NORMAL"  # before the state of the same iteration, which a resumed run does not draw again

    def __init__(self, *, interval: Positive[int] = 1000, max_images: Positive[int] = 2) -> None:
        self.interval, self.max_images = interval, max_images

    def due(self, iteration: int, last: int) -> bool:
        """Whether there is a picture when ``iteration`` iterations are done, of ``last``."""
        return iteration in (1, last) or iteration % self.interval == 0

    @master_only
    def before_train(self, runner: Runner) -> None:
        """A resumed run says which pictures of the iterations before are missing: they show states that are gone."""
        drawn = [iteration for iteration in range(1, runner.iter + 1) if self.due(iteration, runner.max_iters)]
        missing = [iteration for iteration in drawn if not picture_file(runner, iteration).is_file()]
        if missing:
            listed = ", ".join(map(str, missing[:LISTED])) + (f" and {len(missing) - LISTED} more" if len(missing) > LISTED else "")
            text = f"{picture_file(runner, missing[0]).parent} lacks the pictures of iterations {listed}"
            runner.logger.warning(f"{text}: their states are gone, they cannot be drawn again.")

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Draws when due; ``runner.iter`` counts finished iterations from 0.

        Args:
            outputs: :class:`mmseg.models.uda.step.StepLogs` of this iteration.
        """
        iteration = runner.iter + 1
        if not (self.due(iteration, runner.max_iters) and is_main_process()):
            return
        network = runner.network
        statistics = {"mean": network.data_preprocessor.grey_mean, "std": network.data_preprocessor.grey_std}
        info = runner.train_dataloader.dataset.metainfo
        names = {"classes": info["classes"], "palette": info["palette"]}
        picture = draw_step(network.model, outputs.records, **statistics, **names, max_images=self.max_images)
        with runner.logs.may_fail(PICTURES):
            check_still_there(Path(runner.work_dir))
            write_image(picture_file(runner, iteration), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        runner.visualizer.add_image("panels", picture, step=iteration)
