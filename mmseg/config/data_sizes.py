"""Two variables of a config, ``scale`` and ``crop_size``, that decide all sizes of its data.

A file of configs/_base_/datasets says once how large the images of each data set are at full resolution
(``full_size``); a config that wants another resolution or another crop sets the two variables and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mmengine.config import Config

from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Pair, Positive, mismatch

Size = Pair[Positive[float]]
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


def resolve_sizes(cfg: Config) -> Config:
    """Replaces every ``full_size`` of a config, in place, by the size at the config's ``scale``, and fills in ``crop_size``.

    ``train_dataloader.dataset.{source,target}_crop`` get ``img_scale`` and ``crop_size``, the data sets of evaluation
    ``test_scale``. A size that is given as such wins; a config without ``full_size`` stays as it is.

    Args:
        cfg: with top-level ``scale`` (share of the full resolution per side; 1 if absent) and ``crop_size`` (h, w) in pixels.

    Raises:
        UserError: one of the two is no such value.
    """
    scale = checked_scale(cfg.get("scale", 1))
    for options, name in _sized(cfg):
        full_size = options.pop("full_size")
        if wrong := mismatch(Size | Sequence[Size], full_size):
            raise UserError(f"full_size{wrong}")
        options.setdefault(name, scaled(full_size, scale))
        if name == "img_scale":
            options.setdefault("crop_size", checked_crop(cfg.get("crop_size")))
    return cfg


def scaled(size: Sequence, scale: float) -> tuple:
    """A size (w, h), or one per data set, times ``scale``, in whole pixels."""
    return tuple(scaled(side, scale) if isinstance(side, (list, tuple)) else round(side * scale) for side in size)


def checked_scale(scale: object) -> float:
    """The scale itself if it is one."""
    if mismatch(Positive[float], scale):
        raise UserError(f"scale={scale!r} is no share of the full resolution. Use a number above 0, such as 1 or 0.5.")
    return scale


def checked_crop(crop_size: object) -> tuple[int, int]:
    """The crop itself if it is one."""
    sides = tuple(crop_size) if isinstance(crop_size, (list, tuple)) else ()
    if len(sides) != 2 or any(type(side) is not int or side < 1 for side in sides):
        raise UserError(f"crop_size={crop_size!r} is no size of training crops. Use (height, width) in pixels, such as (1024, 1024).")
    return sides


def _sized(cfg: Config) -> Iterator[tuple[dict, str]]:
    """The options that say how large the images are at full resolution, and what the size at the scale is called there."""
    for loader in LOADERS:
        dataset = (cfg.get(loader) or {}).get("dataset") or {}
        places = [(dataset, "test_scale"), *((dataset.get(f"{domain}_crop"), "img_scale") for domain in ("source", "target"))]
        yield from ((options, name) for options, name in places if isinstance(options, Mapping) and "full_size" in options)
