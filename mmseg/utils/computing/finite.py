"""Outputs that are no prediction: a network that yields NaN would be scored and drawn as its first class."""

from __future__ import annotations

from torch import Tensor

from mmseg.utils.errors import NotFiniteError


def check_finite(logits: Tensor) -> None:
    """Refuses NaN and infinite values in what a network gives for one image; of any shape, in float32.

    One sum over what is at hand costs far less than one percent of the passes that made it.

    Raises:
        NotFiniteError: without the name of the image, which :func:`mmseg.utils.errors.naming` adds.
    """
    if not logits.sum().isfinite() and not logits.isfinite().all():
        raise NotFiniteError
