"""Windows inside windows: which detail windows several outer windows share, and how many fit into one pass.

Letters: N outer windows, M detail windows of one outer window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmseg.structures.box import Box


@dataclass(frozen=True)
class WindowPlan:
    """Where a network of two views looks at an image.

    Attributes:
        outer: the N windows whose predictions are averaged, in pixels of the image.
        inner: the M detail windows of an outer window, in its own pixels; the same for all.
        details: the detail windows of all outer windows in pixels of the image, each once.
        used: for every outer window its M indices into ``details``, in the order of ``inner``.
    """

    outer: tuple[Box, ...]
    inner: tuple[Box, ...]
    details: tuple[Box, ...]
    used: tuple[tuple[int, ...], ...]

    @property
    def nested(self) -> int:
        """Detail windows if every outer window looked for itself: N * M."""
        return len(self.outer) * len(self.inner)


def plan_windows(outer: Sequence[Box], inner: Sequence[Box]) -> WindowPlan:
    """Finds the detail windows that outer windows share.

    Args:
        outer: windows of one size, in pixels of the image.
        inner: detail windows of each, in pixels of the outer window.
    """
    indices: dict[Box, int] = {}
    used = [tuple(indices.setdefault(box.shifted(window.y1, window.x1), len(indices)) for box in inner) for window in outer]
    return WindowPlan(tuple(outer), tuple(inner), tuple(indices), tuple(used))


def windows_per_pass(images: int, size: Sequence[int], pixels: int) -> int:
    """How many windows of (h, w) pixels go through a network at once: at least one, else at most ``pixels`` over all images.

    Args:
        images: every window is cut from so many images.
        size: (h, w) of a window as the encoder sees it.
        pixels: budget of one pass.
    """
    return max(pixels // (images * size[0] * size[1]), 1)


def chunked(items: Sequence, size: int) -> Iterator[Sequence]:
    """The same items in order, ``size`` at a time; the last chunk may be smaller."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
