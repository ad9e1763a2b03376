"""Pipelines of an old config: fixed sequences of steps, of which a few numbers vary."""

from __future__ import annotations

from typing import Any

from mmseg.config.legacy.checks import accept, checked, note, type_of, whole_numbers
from mmseg.utils.errors import UserError, suggestion

GIVEN, ANY = "given", "any"
Steps = dict[str, dict[str, str | list]]

READING = {"to_float32": ANY, "color_type": ["color"], "imdecode_backend": ANY, "file_client_args": ANY}
"""How the old code reads a file: the same pixels."""
TRAIN_STEPS: Steps = {
    "LoadImageFromFile": READING,
    "LoadAnnotations": {"reduce_zero_label": [False], "imdecode_backend": ANY, "file_client_args": ANY},
    "Resize": {"img_scale": GIVEN, "keep_ratio": [True]},
    "RandomCrop": {"crop_size": GIVEN, "cat_max_ratio": ANY, "ignore_index": [255]},
    "RandomFlip": {"prob": GIVEN, "direction": ["horizontal"]},
    "PhotoMetricDistortion": {
        "brightness_delta": [32],
        "contrast_range": [[0.5, 1.5]],
        "saturation_range": [[0.5, 1.5]],
        "hue_delta": [18],
    },
    "Normalize": {"mean": GIVEN, "std": GIVEN, "to_rgb": [True]},
    "Pad": {"size": GIVEN, "pad_val": [0], "seg_pad_val": [255]},
    "DefaultFormatBundle": {},
    "Collect": {"keys": ANY, "meta_keys": ANY},
}
"""Options by step, in the order of the steps: GIVEN is required, ANY is not, a list names the values that mean what ours does."""
TEST_STEPS: Steps = {
    "LoadImageFromFile": READING,
    "MultiScaleFlipAug": {"img_scale": ANY, "img_ratios": [None], "flip": [False], "transforms": GIVEN},
}
VIEW_STEPS: Steps = {
    "Resize": {"keep_ratio": [True]},
    "RandomFlip": {"prob": ANY},
    "Normalize": TRAIN_STEPS["Normalize"],
    "ImageToTensor": {"keys": ANY},
    "Collect": TRAIN_STEPS["Collect"],
}
AUG_TEST = "For several scales or flips there is tools/test.py --aug-test"


def read_steps(pipeline: Any, path: str, known: Steps, required: tuple[str, ...]) -> dict[str, dict]:
    """The options of the steps by type.

    Raises:
        UserError: a step or an option is not known, has another value, or stands in another place.
    """
    if not isinstance(pipeline, list):
        raise UserError(f"{path} is {pipeline!r}. Write a list of steps there.")
    steps: dict[str, dict] = {}
    for index, step in enumerate(pipeline):
        place = f"{path}[{index}]"
        kind = type_of(step)
        if kind not in known:
            fix = suggestion(str(kind), known) or f" Use {', '.join(known)}."
            raise UserError(f"{place}.type is {kind!r}, which is not understood.{fix}")
        options = known[kind]
        checked(step, place, ("type", *options), required=[key for key, values in options.items() if values == GIVEN])
        fix = f"{AUG_TEST}: leave it out." if kind == "MultiScaleFlipAug" else ""
        accept(step, place, {key: values for key, values in options.items() if isinstance(values, list)}, fix)
        steps[kind] = step
    if list(steps) != [kind for kind in known if kind in steps] or len(steps) != len(pipeline):
        raise UserError(f"{path} has its steps in another order, or twice. Use the order {', '.join(known)}.")
    for kind in required:
        if kind not in steps:
            raise UserError(f"{path} has no {kind}. Add it.")
    return steps


def training_crop(pipeline: Any, path: str, *, source: bool, ignored: bool = False) -> tuple[dict, dict]:
    """(``source_crop`` or ``target_crop``, normalisation) of a training pipeline.

    Args:
        source: of the source, which has labels.
        ignored: of a target that the training does not look at.
    """
    steps = read_steps(pipeline, path, TRAIN_STEPS, required=("Resize", "RandomCrop", "Normalize"))
    places = {kind: f"{path}[{index}]" for index, kind in enumerate(steps)}
    size = whole_numbers(steps["RandomCrop"]["crop_size"], f"{places['RandomCrop']}.crop_size", 2)
    crop = {"img_scale": one_scale(steps["Resize"], places["Resize"]), "crop_size": size}
    if "cat_max_ratio" in steps["RandomCrop"]:
        crop["cat_max_ratio"] = steps["RandomCrop"]["cat_max_ratio"]
    crop["flip_prob"] = steps.get("RandomFlip", {"prob": 0.0})["prob"]
    if "Pad" in steps:
        accept(steps["Pad"], places["Pad"], {"size": [size]}, fix=f"Use the crop_size {size}.")
        crop["pad"] = True
    if "PhotoMetricDistortion" in steps:
        crop["photo_metric_distortion"] = True
    if not source and crop.get("cat_max_ratio", 1.0) < 1:
        needs = f"{places['RandomCrop']}.cat_max_ratio would need labels of the target"
        if not ignored:
            raise UserError(f"{needs}. Remove it.")
        note(f"{needs}. It is not read: this training looks at the source alone.")
        del crop["cat_max_ratio"]
    if not source and "photo_metric_distortion" in crop:
        raise UserError(f"{places['PhotoMetricDistortion']}: only the source is distorted. Remove PhotoMetricDistortion from the target.")
    return crop, normalization(steps["Normalize"])


def test_scale(pipeline: Any, path: str) -> tuple[list, dict]:
    """(``test_scale``, normalisation) of a pipeline for evaluation: one scale, not flipped."""
    steps = read_steps(pipeline, path, TEST_STEPS, required=("MultiScaleFlipAug",))
    place = f"{path}[{len(steps) - 1}]"
    views = steps["MultiScaleFlipAug"]
    steps = read_steps(views["transforms"], f"{place}.transforms", VIEW_STEPS, required=("Normalize",))
    return one_scale(views, place), normalization(steps["Normalize"])


def one_scale(step: dict, place: str) -> list:
    """(w, h) of a step; several scales have no counterpart."""
    given = step.get("img_scale")
    scale = given[0] if isinstance(given, list) and len(given) == 1 else given
    if not isinstance(scale, list) or len(scale) != 2 or not all(type(side) is int for side in scale):
        raise UserError(f"{place}.img_scale is {given!r}. {AUG_TEST}: give one (width, height) here.")
    return scale


def normalization(step: dict) -> dict[str, list]:
    """Mean and standard deviation in grey levels, RGB."""
    return {"mean": step["mean"], "std": step["std"]}
