"""Outputs that are no prediction: a network that yields NaN would be scored and drawn as its first class."""

from __future__ import annotations

from torch import Tensor

from mmseg.utils.errors import NotFiniteError
from mmseg.utils.run_folder import BEST


def check_finite(logits: Tensor) -> None:
    """Refuses NaN and infinite values in what a network gives for one image; of any shape, in float32.

    One sum over what is at hand costs far less than one percent of the passes that made it.

    Raises:
        NotFiniteError: without the name of the image, which :func:`mmseg.utils.errors.naming` adds.
    """
    if not logits.sum().isfinite() and not logits.isfinite().all():
        reason = "the output of the network is not finite (NaN or infinite), its weights or statistics are ruined"
        raise NotFiniteError(f"{reason}. Use an earlier state, such as {BEST}, or other weights.")
