"""Videos, frame by frame.

Letters: (H, W) size of a frame; all frames are uint8 RGB [H, W, 3].
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmseg.datasets.reading.headers import MAX_PIXELS
from mmseg.utils.errors import BadFileError, UserError, one_line
from mmseg.utils.storage.files import atomic_path

FALLBACK_RATE = 25.0  # frames per second, for files that do not tell


@dataclass(frozen=True)
class VideoInfo:
    """What a video says about itself.

    Attributes:
        frames: their number; some formats only estimate it.
        rate: frames per second.
    """

    frames: int
    rate: float


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[cv2.VideoCapture]:
    if not path.is_file():  # OpenCV would wait for a pipe for ever
        raise BadFileError(f"{path} is no file. Correct the path, or put a video there.")
    if one_line(str(path)) != str(path):  # OpenCV ends the whole process
        raise BadFileError(f"The name of the video {path} is not UTF-8, or holds a line break. Rename it.")
    capture = cv2.VideoCapture(str(path))
    try:
        width, height = (max(capture.get(side), 0) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if not capture.isOpened() or width * height > MAX_PIXELS:
            raise BadFileError(f"{path} is not a readable video. Copy it again, or convert it to an MP4 with H.264.")
        yield capture
    finally:
        capture.release()


def video_info(path: Path) -> VideoInfo:
    """Reads the header of a video.

    Raises:
        UserError: it cannot be opened.
    """
    with _opened(path) as capture:
        frames, rate = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    known = math.isfinite(rate) and rate > 0
    return VideoInfo(frames=max(int(frames), 0), rate=rate if known else FALLBACK_RATE)


def read_frames(path: Path, every: int = 1) -> Iterator[tuple[int, np.ndarray]]:
    """Yields every so many frames with their index from 0.

    Raises:
        UserError: the video cannot be opened, or not even its first frame can be decoded.
    """
    with _opened(path) as capture:
        index = 0
        while capture.grab():
            if index % every == 0:
                decoded, frame = capture.retrieve()
                if not decoded:
                    break
                yield index, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            index += 1
    if index == 0:
        raise BadFileError(f"{path} holds no frame that can be decoded. Copy it again, or convert it to an MP4 with H.264.")


@contextlib.contextmanager
def video_file(path: Path, rate: float) -> Iterator[Callable[[np.ndarray], None]]:
    """Yields a function that appends a frame to an MPEG-4 video; the file is whole or absent.

    MPEG-4 stores colours for 2 x 2 pixels: the last row or column of an odd size is cut off.

    Args:
        path: the file; its suffix is .mp4.
        rate: frames per second.

    Raises:
        UserError: this OpenCV cannot write such videos, the folder is read-only, or the disk is full.
    """
    writer = cv2.VideoWriter()
    count = 0

    def append(frame: np.ndarray) -> None:
        nonlocal count
        size = (frame.shape[1], frame.shape[0])
        if not writer.isOpened() and not writer.open(str(temporary), cv2.VideoWriter.fourcc(*"mp4v"), rate, size):
            raise UserError(f"OpenCV cannot write the video {path} here. Use an opencv-python with FFmpeg, or --save palette.")
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        count += 1

    with atomic_path(path) as temporary:
        try:
            yield append
        finally:
            writer.release()
        if not _holds(temporary, count):  # OpenCV does not report a full disk
            raise OSError("the video could not be written completely")


def _holds(path: Path, count: int) -> bool:
    """Whether a file is a video of so many frames."""
    try:
        return video_info(path).frames == count
    except UserError:
        return False
