"""What a user wants to have predicted: images, folders of them, and videos.

Letters: (H, W) size of an image.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmseg.apis.predicting.choices import IMAGES, READABLE, VIDEOS
from mmseg.datasets.reading.folders import walk
from mmseg.datasets.reading.image_files import read_image
from mmseg.datasets.reading.value_range import ValueRange
from mmseg.utils.errors import UserError


@dataclass(frozen=True)
class Source:
    """One image or video.

    Attributes:
        path: the file.
        name: what its results are called: its path below the folder that was given, or its file name, without
            the suffix; with forward slashes.
    """

    path: Path
    name: str

    @property
    def video(self) -> bool:
        return self.path.suffix.lower() in VIDEOS


def find_sources(inputs: Sequence[Path], results: Sequence[Path] = ()) -> tuple[list[Source], Counter[str]]:
    """Looks up everything that was given, folders with all that is below them, sorted.

    Args:
        inputs: files and folders.
        results: folders of results; what lies there is not taken for a new input.

    Returns:
        the sources, each file once, and how many files of the folders were left out, by the reason.

    Raises:
        UserError: an input is missing, unreadable, of another kind, or a folder without images and videos.
    """
    sources: dict[Path, Source] = {}
    left_out: Counter[str] = Counter()
    for given in inputs:
        found, others = _below(given, results) if given.is_dir() else ([_single(given)], Counter())
        left_out.update(others)
        for source in found:
            sources.setdefault(_real(source.path), source)
    return list(sources.values()), left_out


def _single(path: Path) -> Source:
    if not path.exists():
        raise UserError(f"Input {path} does not exist. Check the path, or put the file there.")
    if path.suffix.lower() not in IMAGES + VIDEOS:
        raise UserError(f"Input {path} is neither an image nor a video. Give folders, {READABLE}.")
    return Source(path, path.stem)


def _below(folder: Path, results: Sequence[Path]) -> tuple[list[Source], Counter[str]]:
    names, others = walk(folder)
    paths = []
    for path in (folder / name for name in names):
        reason = _left_out(path, folder, results)
        if reason:
            others[reason] += 1
        else:
            paths.append(path)
    if not paths:
        count = f" (other files there: {sum(others.values())})" if others else ""
        raise UserError(f"Input {folder} holds no image and no video{count}. Give a folder with {READABLE}.")
    return [Source(path, path.relative_to(folder).with_suffix("").as_posix()) for path in sorted(paths)], others


def _left_out(path: Path, folder: Path, results: Sequence[Path]) -> str | None:
    """Why a file below ``folder`` is no input; None if it is one."""
    real = _real(path)
    if any(real.is_relative_to(result) and not folder.resolve().is_relative_to(result) for result in results):
        return "earlier results"
    suffix = path.suffix.lower()
    return None if suffix in IMAGES + VIDEOS else suffix or "without suffix"


def _real(path: Path) -> Path:
    """The path without links; of a link to itself, the link."""
    return Path(os.path.realpath(path))


def describe_left_out(left_out: Mapping[str, int]) -> str:
    """The counts of :func:`find_sources` in one line."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
    return f"Files in the given folders that are left out: {reasons}"


def check_outputs(sources: Sequence[Source], outputs: Mapping[Path, Source]) -> None:
    """Refuses results that would replace an input."""
    taken = {_real(source.path) for source in sources}
    for path, source in outputs.items():
        if _real(path) in taken:
            raise UserError(f"The result of {source.path} would replace the input {path}. Choose another --out.")


def read_photo(path: Path, values: ValueRange | None = None) -> np.ndarray:
    """Decodes a photo as :func:`mmseg.datasets.reading.image_files.read_image` does: uint8 RGB [H, W, 3]."""
    return cv2.cvtColor(read_image(path, values), cv2.COLOR_BGR2RGB)
