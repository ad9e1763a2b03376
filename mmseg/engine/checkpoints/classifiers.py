"""What of a network depends on how many classes there are, and on which."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mmseg.utils.errors import UserError


def classifier_entries(network: nn.Module) -> frozenset[str]:
    """The entries of a segmentor whose rows are classes: those of the layers that its decoders call ``classifiers``.

    A scale attention with one map for all classes has no such row and counts as the rest of a decoder.
    """
    prefixes = tuple(
        f"{name}.{layer}."
        for name, module in network.named_modules()
        if getattr(module, "num_classes", None) == network.num_classes
        for layer in getattr(module, "classifiers", ())
    )
    return frozenset(key for key in network.state_dict() if key.startswith(prefixes))


def check_class_count(network: nn.Module, state: Mapping[str, Tensor], shapes: Sequence[str], path: str | os.PathLike, fix: str) -> None:
    """Refuses weights of another number of classes.

    Args:
        network: a segmentor.
        state: its entries in the file.
        shapes: names of those of another shape.
        path: of the file, for the error.
        fix: the sentence that ends it.

    Raises:
        UserError: names both numbers.
    """
    expected, classes = network.state_dict(), network.num_classes
    given = {key: (expected[key].shape, state[key].shape) for key in shapes if ".scale_attention." not in key}
    rows = {found[0] for wanted, found in given.values() if wanted[:1] == (classes,) and found and wanted[1:] == found[1:]}
    if len(rows) == 1 and rows != {classes}:
        (trained,) = rows
        raise UserError(f"Checkpoint {path} was trained with {trained} classes, but the config has {classes}. {fix}")
