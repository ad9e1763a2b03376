"""What a network really does for an image: passes, windows, and crops through the encoder.

Letters: (H, W) size of an image.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from mmseg.structures import SegOutput


@dataclass(frozen=True)
class Pass:
    """One call of a network.

    Attributes:
        windows: images of its batch, whole or windows of a larger one.
        size: (H, W) of each.
        crops: number and (H, W) of the crops that the encoder saw, by the name of the view.
    """

    windows: int
    size: tuple[int, int]
    crops: Mapping[str, tuple[int, tuple[int, int]]]


@contextlib.contextmanager
def counted_passes(network: nn.Module) -> Iterator[list[Pass]]:
    """Notes every pass of a segmentor while the context lasts, from what its encoder is given."""
    passes, seen = [], []
    segment = network.segment

    def noted(image: Tensor) -> SegOutput:
        seen.clear()
        output = segment(image)
        crops = {view.name: (shape[0], tuple(shape[2:])) for view, shape in zip(output.views, seen, strict=True)}
        passes.append(Pass(len(image), tuple(image.shape[2:]), crops))
        return output

    hook = network.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    network.segment = noted
    try:
        yield passes
    finally:
        hook.remove()
        del network.segment


def describe_passes(size: Sequence[int], passes: Sequence[Pass]) -> str:
    """How an image of ``size`` (H, W) is looked at, in one line; sizes are printed as width x height."""
    windows, crops = Counter(), Counter()
    for single in passes:
        windows[single.size] += single.windows
        for name, (count, shape) in single.crops.items():
            crops[name, shape] += count
    looked = " and ".join(f"{counted(count, 'window')} of {_wide(shape)}" for shape, count in windows.items())
    encoded = ", ".join(f"{count} {name} of {_wide(shape)}" for (name, shape), count in crops.items())
    calls = f"{counted(len(passes), 'network pass', 'network passes')} over {looked}"
    return f"Images of {_wide(size)}: {calls}, {counted(crops.total(), 'crop')} through the encoder ({encoded})"


def counted(count: int, one: str, several: str | None = None) -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else several or one + 's'}"


def _wide(size: Sequence[int]) -> str:
    return f"{size[1]}x{size[0]}"
