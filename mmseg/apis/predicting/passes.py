"""What a network really does for an image: crops and passes through the encoder.

Letters: (H, W) size of an image.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Pass:
    """One pass of an encoder.

    Attributes:
        crops: images of its batch.
        size: (H, W) of each.
    """

    crops: int
    size: tuple[int, int]


@contextlib.contextmanager
def counted_passes(network: nn.Module) -> Iterator[list[Pass]]:
    """Notes every pass of a segmentor's encoder while the context lasts."""
    passes = []

    def note(_: nn.Module, inputs: tuple) -> None:
        passes.append(Pass(len(inputs[0]), tuple(inputs[0].shape[2:])))

    hook = network.backbone.register_forward_pre_hook(note)
    try:
        yield passes
    finally:
        hook.remove()


def encoder_work(passes: Sequence[Pass], images: int) -> dict:
    """The passes for a number of images, on average for one, ready for JSON.

    Returns:
        ``passes``; ``crops`` by their size as '<width>x<height>'; ``megapixels`` of all crops.
    """
    crops: Counter[tuple[int, int]] = Counter()
    for single in passes:
        crops[single.size] += single.crops
    megapixels = sum(height * width * count for (height, width), count in crops.items()) / 1e6
    work = {"passes": len(passes), "crops": {_wide(size): count for size, count in crops.items()}, "megapixels": megapixels}
    return _divided(work, images)


def describe_work(work: dict) -> str:
    """What :func:`encoder_work` found, in words."""
    crops = " and ".join(f"{_number(count)} {'crop' if count == 1 else 'crops'} of {size}" for size, count in work["crops"].items())
    return f"{crops} ({work['megapixels']:.2f} megapixels) through the encoder in {counted(_number(work['passes']), 'pass', 'passes')}"


def describe_passes(size: Sequence[int], passes: Sequence[Pass]) -> str:
    """How an image of ``size`` (H, W) is looked at, in one line; sizes are printed as width x height."""
    return f"Images of {_wide(size)}: {describe_work(encoder_work(passes, 1))}"


def counted(count: int | str, one: str, several: str | None = None) -> str:
    """A number with its noun."""
    return f"{count} {one if str(count) == '1' else several or one + 's'}"


def _divided(work: dict, images: int) -> dict:
    return {key: _divided(value, images) if isinstance(value, dict) else value / images for key, value in work.items()}


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _wide(size: Sequence[int]) -> str:
    return f"{size[1]}x{size[0]}"
