"""The crops of both domains: built from a config, and compared with each other.

Sizes are (height, width), scales (width, height) as in all configs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError


def built_options(kind: type, options: dict | None):
    """Options of a class as an object of it; None for None."""
    return None if options is None else build_checked({"type": kind, **options}, DATASETS)


def domain_crops(options: dict | None, name: str, parts: int) -> tuple[CropOptions | None, ...]:
    """One for each data set of a domain; they differ where ``img_scale`` is a list of scales.

    Args:
        options: ``source_crop`` or ``target_crop``; or None.
        name: of the domain: 'source' or 'target'.
        parts: number of its data sets.

    Raises:
        UserError: an option is wrong, or there is another number of scales.
    """
    scales = (options or {}).get("img_scale")
    if not scales or not isinstance(scales[0], (list, tuple)):
        return (built_options(CropOptions, options),) * parts
    if len(scales) != parts:
        fix = "Give one (width, height) for all, or one for each data set."
        raise UserError(f"UDADataset: {name}_crop.img_scale lists {len(scales)} scales, but the {name} is {parts} data set(s). {fix}")
    return tuple(built_options(CropOptions, {**options, "img_scale": scale}) for scale in scales)


def check_crops(crops: Mapping[str, CropOptions | None], sync_crop_size: Sequence[int] | None) -> None:
    """Refuses crops that do not fit each other.

    Args:
        crops: ``source_crop`` and ``target_crop`` by name.
        sync_crop_size: (h, w) of a second crop of both, or None.
    """
    given = {name: crop for name, crop in crops.items() if crop}
    sizes = {tuple(crop.crop_size) for crop in given.values()}
    if len(sizes) > 1 and not all(crop.whole for crop in given.values()):
        text = " and ".join(f"{name}.crop_size={tuple(crop.crop_size)}" for name, crop in given.items())
        fix = "Use one crop_size for both, or whole images (keep_ratio=False, crop_size as img_scale)."
        raise UserError(f"UDADataset: {text} differ, but both crops of a sample are mixed. {fix}")
    if sync_crop_size and any(np.any(np.greater(sync_crop_size, crop.crop_size)) for crop in given.values()):
        raise UserError(f"UDADataset: sync_crop_size {tuple(sync_crop_size)} is larger than crop_size. Use a smaller one.")


def check_no_target(given: Sequence[str]) -> None:
    """Refuses options of a target, which a data set without one has got."""
    if given:
        raise UserError(f"UDADataset has {' and '.join(given)}, but no target. Add target=… or remove them.")


def check_target_crop(crop: CropOptions | None) -> None:
    """Refuses a target without a crop, and options of it that are for the source alone."""
    if crop is None:
        raise UserError("UDADataset has a target, but no target_crop. Add target_crop=dict(img_scale=…, crop_size=…).")
    if crop.cat_max_ratio < 1:
        raise UserError("UDADataset: target_crop.cat_max_ratio would need target labels. Set it in source_crop only.")
    for name in ("photo_metric_distortion", "color_jitter"):
        if getattr(crop, name):
            raise UserError(f"UDADataset: target_crop.{name} is for the source alone. Set it in source_crop only.")


def check_second_crop(size: Sequence[int] | None, uncut: Sequence[str]) -> None:
    """Refuses a second crop ``sync_crop_size`` beside what it does not cut again."""
    if size and uncut:
        raise UserError(f"UDADataset: sync_crop_size cuts crops again, and {' and '.join(uncut)} would not follow. Leave it out.")
