"""Predicting a user's own images and videos, and counting what the network really did for it.

Letters: (H, W) native size of a photo.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from mmseg.apis.predicting.choices import ATTENTION
from mmseg.apis.predicting.inference import Prediction, mean_outputs, prediction_of
from mmseg.apis.predicting.passes import Pass, counted, counted_passes, describe_passes
from mmseg.apis.predicting.sources import Source, read_photo
from mmseg.datasets.base import image_values
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.progress import progress_bar
from mmseg.utils.errors import BadFileError, UserError, naming
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.space import SpaceWatch
from mmseg.visualization import write_palette_png
from mmseg.visualization.colorize import Palette
from mmseg.visualization.pictures.predictions import VALUE_PALETTE, prediction_panel, value_levels
from mmseg.visualization.video import read_frames, video_file, video_info

BRANCHES = {"fused": "fused prediction", "LR": "context prediction", "HR": "detail prediction"}
"""Outputs of HRDA that are predictions, with their captions."""

Picture = tuple[np.ndarray, Palette | None]
"""uint8 RGB [H, W, 3] and None, or uint8 [H, W] with its palette."""


@dataclass(frozen=True)
class Look:
    """One photo or frame that was predicted and written.

    Attributes:
        size: (H, W).
        passes: all passes that it took.
    """

    size: tuple[int, int]
    passes: Sequence[Pass]


@dataclass(frozen=True)
class Outcome:
    """What became of all inputs.

    Attributes:
        looks: number of photos or frames, by the source that was predicted.
        missing: frames that videos announced, and that could not be read.
        failed: what is wrong with the other sources.
    """

    looks: Mapping[Source, int]
    missing: int
    failed: Sequence[BadFileError]


@dataclass(frozen=True)
class Options:
    """What to write about every image, and how.

    Attributes:
        kinds: of :data:`KINDS`, or :data:`ATTENTION` alone.
        video_kinds: the same for videos; the overlay becomes a video, the others pictures of every frame.
        branch: of :data:`BRANCHES`, or 'ATT'.
        opacity: share of the colours in an overlay, in (0, 1].
        every: of a video, every so many frames.
        classes, palette: names and colours by train id.
    """

    kinds: Sequence[str]
    video_kinds: Sequence[str]
    classes: Sequence[str]
    palette: Palette
    branch: str = "fused"
    opacity: float = 0.5
    every: int = 1


def look_at(model: UDAMethod, photo: np.ndarray, options: Options, kinds: Sequence[str]) -> tuple[dict[str, Picture], Look]:
    """Predicts a photo, uint8 RGB [H, W, 3], and draws it.

    Returns:
        pictures by kind: 'palette' (train ids), 'overlay', 'confidence' and 'attention' (levels of 1/255), 'panel'.
    """
    with counted_passes(model.model) as passes:
        if options.branch == "ATT":
            pictures = {ATTENTION: (value_levels(unit_map(mean_outputs(model, photo, ["ATT"])["ATT"])), VALUE_PALETTE)}
        else:
            branches = model.model.branches if "panel" in kinds else [options.branch]
            outputs = mean_outputs(model, photo, branches)
            prediction = prediction_of(outputs[options.branch], photo, options.classes, options.palette)
            pictures = {kind: draw(kind, photo, prediction, outputs, options) for kind in kinds}
    return pictures, Look(photo.shape[:2], passes)


def draw(kind: str, photo: np.ndarray, prediction: Prediction, outputs: Mapping[str, Tensor], options: Options) -> Picture:
    """One of :data:`KINDS` of pictures; ``outputs`` of the network, :func:`mean_outputs`, are for the panel."""
    if kind == "palette":
        return prediction.labels, options.palette
    if kind == "overlay":
        return prediction.overlay(options.opacity), None
    if kind == "confidence":
        return value_levels(prediction.confidence), VALUE_PALETTE
    return draw_panel(photo, prediction, outputs, options), None


def unit_map(share: Tensor) -> np.ndarray:
    """Share of the detail view in what HRDA predicts for a photo: [1, H, W] -> [H, W] in [0, 1]."""
    return share[0].clamp(0, 1).cpu().numpy()


def draw_panel(photo: np.ndarray, prediction: Prediction, outputs: Mapping[str, Tensor], options: Options) -> np.ndarray:
    """The panel of a photo: uint8 RGB, with the other outputs of HRDA and its scale attention where there are any."""
    colors = {"palette": options.palette, "classes": options.classes}
    if len(outputs) == 1:
        return prediction_panel(photo, {"prediction": prediction.labels}, prediction.confidence, **colors)
    others = {branch: outputs[branch].argmax(dim=0).byte().cpu().numpy() for branch in BRANCHES if branch != options.branch}
    captioned = {BRANCHES[branch]: drawn for branch, drawn in ({options.branch: prediction.labels} | others).items()}
    return prediction_panel(photo, captioned, prediction.confidence, attention=unit_map(outputs["ATT"]), **colors)


def write_picture(path: Path, picture: Picture) -> None:
    """Writes a PNG."""
    pixels, palette = picture
    if palette is None:
        write_image(path, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    else:
        write_palette_png(path, pixels, palette)


def result_path(out: Path, kind: str, source: Source) -> Path:
    """Where a kind of result lies: a picture, the overlay of a video as video, or a folder of pictures of its frames."""
    if not source.video:
        return out / kind / f"{source.name}.png"
    return out / kind / (f"{source.name}.mp4" if kind == "overlay" else f"{source.name}{source.path.suffix}")


def output_paths(sources: Sequence[Source], kinds: Sequence[str], video_kinds: Sequence[str], out: Path) -> dict[Path, Source]:
    """The files and folders that all results go to, see :func:`result_path`.

    Raises:
        UserError: two of them would be the same.
    """
    paths: dict[Path, Source] = {}
    for source in sources:
        for kind in video_kinds if source.video else kinds:
            path = result_path(out, kind, source)
            other = paths.setdefault(path, source)
            if other is not source:
                raise UserError(
                    f"{other.path} and {source.path} would both be written to {path}. Predict them into different --out folders."
                )
    return paths


def count_looks(source: Source, every: int) -> int:
    """Photos or frames of a source; 0 for a video that cannot be opened, which is said when its turn comes."""
    try:
        return -(-video_info(source.path).frames // every) if source.video else 1
    except BadFileError:
        return 0


def predict(model: UDAMethod, source: Source, options: Options, out: Path) -> Iterator[Look]:
    """Predicts and writes one image, or the frames of a video, and yields after each.

    Args:
        model: of :func:`mmseg.apis.init_model`.
        source: of :func:`mmseg.apis.predicting.sources.find_sources`.
        options: what to write.
        out: folder for it.

    Raises:
        BadFileError: the file cannot be read, or is too small for the network.
        UserError: results cannot be written. Files written so far are whole.
    """
    if source.video:
        yield from predict_video(model, source, options, out)
        return
    photo = read_photo(source.path, image_values(model.cfg.val_dataloader.dataset))
    with naming(source.path):
        pictures, look = look_at(model, photo, options, options.kinds)
    for kind, picture in pictures.items():
        write_picture(result_path(out, kind, source), picture)
    yield look


def predict_video(model: UDAMethod, source: Source, options: Options, out: Path) -> Iterator[Look]:
    """See :func:`predict`; the overlay video appears when its last frame is done."""
    with contextlib.ExitStack() as stack:
        append = None
        if "overlay" in options.video_kinds:
            video = video_file(result_path(out, "overlay", source), video_info(source.path).rate / options.every)
            append = stack.enter_context(video)
        for index, photo in read_frames(source.path, options.every):
            with naming(source.path):
                pictures, look = look_at(model, photo, options, options.video_kinds)
            if append is not None:
                append(pictures.pop("overlay")[0])
            for kind, picture in pictures.items():
                write_picture(result_path(out, kind, source) / f"{index:06d}.png", picture)
            yield look


def predict_all(model: UDAMethod, sources: Sequence[Source], options: Options, out: Path) -> Outcome:
    """Predicts everything under a progress bar, and says once for each size how it is looked at.

    Raises:
        BadFileError: the only source cannot be read; of several, the others are predicted.
    """
    sizes: set[tuple[int, int]] = set()
    counts = [count_looks(source, options.every) for source in sources]
    looks, failed = Counter(), {}
    watch = SpaceWatch(out, sum(counts))
    with progress_bar() as bar:
        task = bar.add_task("Predicting", total=sum(counts))
        for source, count in zip(sources, counts, strict=True):
            try:
                for look in predict(model, source, options, out):
                    if look.size not in sizes:
                        print(describe_passes(look.size, look.passes))
                    sizes.add(look.size)
                    looks[source] += 1
                    bar.advance(task)
                    watch.step()
            except BadFileError as error:
                if len(sources) == 1:
                    raise
                failed[source] = error
                bar.advance(task, max(count - looks[source], 0))
    missing = sum(count - looks[source] for source, count in zip(sources, counts, strict=True) if source not in failed)
    return Outcome({source: looks[source] for source in sources if source not in failed}, missing, tuple(failed.values()))


def summary(outcome: Outcome, outputs: Iterable[Path], out: Path) -> str:
    """What was predicted, and where it lies."""
    videos = [count for source, count in outcome.looks.items() if source.video]
    images = len(outcome.looks) - len(videos)
    parts = [counted(images, "image")] if images or not videos else []
    parts += [f"{counted(sum(videos), 'frame')} of {counted(len(videos), 'video')}"] if videos else []
    folders = dict.fromkeys(str(out / path.relative_to(out).parts[0]) for path in outputs)
    short = f"\nThe videos announced {counted(outcome.missing, 'frame')} more that could not be read." if outcome.missing > 0 else ""
    return f"Predicted {' and '.join(parts)}: {', '.join(folders)}{short}"


def failures(outcome: Outcome) -> str:
    """The files that could not be predicted, one a line below their number."""
    count = counted(len(outcome.failed), "file")
    return "\n".join([f"{count} could not be predicted:", *(str(error) for error in outcome.failed)])
