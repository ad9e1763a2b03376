"""From an experiment to its complete config: the files of configs/_base_ and what the fields change in them."""

from __future__ import annotations

import copy
import functools

from mmengine.config import Config

from mmseg.config.checks import check_keys
from mmseg.config.config import apply_options, checked_seed
from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.reading.code import run_config
from mmseg.config.schedule import resolve_ends
from mmseg.experiments.fields import HRDA, TRAINED_ON_TARGET, Experiment, Masking
from mmseg.experiments.naming import run_stem
from mmseg.utils.repository import CONFIGS

BASE = CONFIGS / "_base_"
FULL_NAMES = {"gta": "gta", "syn": "synthia", "cs": "cityscapes", "acdc": "acdc", "dzur": "darkzurich"}
TRANSFORMERS = ("mitb3", "mitb4", "mitb5", "mitb5-del")
MIN_LR_WITHOUT_WARM_UP = 1e-4
"""``min_lr`` of the published runs without warm-up: above their learning rate, which therefore grows."""
CROP_RATIOS = {False: 0.5, True: 2.0}
"""By ``full_resolution``: a crop for a rare class shows at least this many times ``min_pixels`` of it."""
MIN_PIXELS = 3000
MARGINS = {False: [15, 120, 15, 15], True: [30, 240, 30, 30]}
"""By ``full_resolution``: pixels at top, bottom, left and right of a Cityscapes image without pseudo-labels."""
DEFAULTS = {
    "alpha": 0.999,
    "batched_slide": False,
    "blur_hr_crop": False,
    "feature_scale": 0.5,
    "fixed_attention": None,
    "hr_loss_weight": 0.0,
    "hr_slide_overlapping": True,
    "lr_loss_weight": 0.0,
    "mask_alpha": "same",
    "mask_block_size": 64,
    "mask_pseudo_threshold": "same",
    "mask_ratio": 0.7,
    "scales": [1, 0.5],
}
"""What the parts of a config do where it says nothing; our configs say nothing then."""
FIRST_CHANNELS_OF_RESNET = 256
MASK_MODES = {"target": "separatetrg", "source": "separatesrc", "both": "separate"}


def resolve(experiment: Experiment, seed: int = 0, options: dict | None = None) -> Config:
    """The complete, checked config of a run with the same overrides, as :func:`mmseg.config.config.load_config` gives one."""
    data = _data(experiment)
    cfg = Config(
        {
            **base("default_runtime"),
            "model": _model(experiment),
            "uda": _method(experiment),
            **{key: data[key] for key in ("train_dataloader", "val_dataloader", "val_evaluator")},
            **_schedule(experiment),
            "seed": seed,
        }
    )
    if experiment.style_hallucination:
        cfg.custom_hooks.append(base("uda/generalization_fdthings_styles")["_base_styles"])
    if experiment.iterations < cfg.default_hooks.checkpoint.interval:
        cfg.default_hooks.checkpoint.interval = experiment.iterations
    apply_options(cfg, options or {}, run_stem(experiment))
    resolve_ends(cfg)
    cfg.seed = checked_seed(cfg.seed)
    check_keys(cfg, run_stem(experiment))
    return cfg


def base(name: str) -> dict:
    """The content of a file of configs/_base_, to be changed freely."""
    return copy.deepcopy(_content(name))


@functools.cache  # a study reads the same few files hundreds of times
def _content(name: str) -> dict:
    return run_config(BASE / f"{name}.py").to_dict()


def _data(experiment: Experiment) -> dict:
    data = base(f"datasets/{_data_file(experiment)}")
    data |= {"scale": 1 if experiment.full_resolution else 0.5, "crop_size": (experiment.crop, experiment.crop)}
    dataset = resolve_sizes(data)["train_dataloader"]["dataset"]
    if experiment.method not in TRAINED_ON_TARGET:
        dataset.pop("target", None)
        dataset.pop("target_crop", None)
    dataset["source_crop"].pop("photo_metric_distortion", None)
    if experiment.distorted:
        dataset["source_crop"]["photo_metric_distortion"] = True
    if experiment.rare_class_temperature is not None:
        ratio = CROP_RATIOS[experiment.full_resolution]
        dataset["rare_class_sampling"] = {
            "min_pixels": MIN_PIXELS,
            "class_temp": experiment.rare_class_temperature,
            "min_crop_ratio": ratio,
        }
    if experiment.ignored_margins == "image":
        dataset["crop_pseudo_margins"] = MARGINS[experiment.full_resolution]
    if experiment.second_crop:
        dataset["sync_crop_size"] = (experiment.second_crop, experiment.second_crop)
    return data


def _data_file(experiment: Experiment) -> str:
    target = FULL_NAMES[experiment.target]
    supervised_on_target = experiment.method == "target-only" or experiment.source == experiment.target
    return target if supervised_on_target else f"uda_{FULL_NAMES[experiment.source]}_to_{target}"


def _model(experiment: Experiment) -> dict:
    model = base(f"models/{experiment.decoder}_{experiment.encoder}")["model"]
    if experiment.style_hallucination:
        model["backbone"]["style_hallucination_cfg"] = _styles(model["decode_head"])
    if experiment.hrda:
        model = _with_two_resolutions(model, experiment.hrda, experiment.seen_crop)
    if experiment.sliding_test:
        crop = experiment.seen_crop
        window = {"stride": [crop // 2, crop // 2], "crop_size": [crop, crop]}
        model["test_cfg"] = {"mode": "slide", **_said(batched_slide=experiment.sliding_batch), **window}
    return model


def _styles(head: dict) -> dict:
    """As many base styles as the first stage of the encoder has channels, and the mixes of them that the paper has of 64."""
    channels = head["in_channels"][0] if isinstance(head["in_channels"], (list, tuple)) else FIRST_CHANNELS_OF_RESNET
    return {"concentration_coeff": round(1 / channels, 4), "base_style_num": channels, "style_dim": channels}


def _with_two_resolutions(model: dict, hrda: HRDA, crop: int) -> dict:
    both_whole = hrda.detail_crop == crop  # the detail view is no part of the context: each has a loss and its features
    head = model["decode_head"]
    head |= {"single_scale_head": head["type"], "type": "HRDAHead"}
    head |= _said(
        fixed_attention=None if hrda.learned_attention else 0.5,
        hr_loss_weight=hrda.detail_loss,
        lr_loss_weight=0.1 if both_whole else 0.0,
    )
    views = _said(
        scales=[1, hrda.scale],
        hr_crop_size=(hrda.detail_crop, hrda.detail_crop),
        feature_scale="all" if both_whole else hrda.scale,
        hr_slide_overlapping=hrda.overlapping,
        blur_hr_crop=hrda.blurred_detail,
    )
    return {**model, "type": "HRDAEncoderDecoder", **views}


def _said(**options: object) -> dict:
    """The options that are not :data:`DEFAULTS`."""
    return {key: value for key, value in options.items() if key not in DEFAULTS or value != DEFAULTS[key]}


def _method(experiment: Experiment) -> dict:
    masking = _masking(experiment.masking) if experiment.masking else {}
    if experiment.method in ("source-only", "target-only"):
        return {"type": {"source-only": "SourceOnly", "target-only": "TargetOnly"}[experiment.method], **masking}
    if experiment.method in ("minent", "advseg"):
        return {**base(f"uda/{experiment.method}")["uda"], **masking}
    if experiment.method == "generalization":
        return {**_generalization(experiment), **masking}
    uda = base("uda/dacs_a999_fdthings" if experiment.feature_distance == "things" else "uda/dacs")["uda"]
    uda.pop("alpha", None)
    uda |= _said(alpha=experiment.alpha)
    if experiment.feature_distance == "all":
        uda["imnet_feature_dist_lambda"] = base("uda/dacs_a999_fdthings")["uda"]["imnet_feature_dist_lambda"]
    if experiment.ignored_margins == "rows":
        top, bottom, *_ = MARGINS[experiment.full_resolution]
        uda |= {"pseudo_weight_ignore_top": top, "pseudo_weight_ignore_bottom": bottom}
    return {**uda, **masking}


def _generalization(experiment: Experiment) -> dict:
    uda = base("uda/generalization_fdthings_styles" if experiment.style_hallucination else "uda/generalization_fdthings")["uda"]
    if experiment.feature_distance != "things":
        uda.pop("imnet_feature_dist_classes")
    if experiment.feature_distance is None:
        uda.pop("imnet_feature_dist_lambda")
    return uda


def _masking(masking: Masking) -> dict:
    blocks = _said(mask_ratio=masking.ratio, mask_block_size=masking.block)
    teacher = _said(mask_alpha="same" if masking.alpha is None else masking.alpha, mask_pseudo_threshold=masking.threshold)
    return {
        "mask_mode": MASK_MODES[masking.domains] + ("aug" if masking.color_augmentation else ""),
        "mask_generator": {"type": "block", **blocks},
        **teacher,
    }


def _schedule(experiment: Experiment) -> dict:
    adamw = "adamw_poly10warm_40k" if experiment.encoder in TRANSFORMERS else "adamw_resnet_poly10warm_40k"
    schedule = base(f"schedules/{'sgd_poly10warm_40k' if experiment.optimizer == 'sgd' else adamw}")
    decay = schedule["param_scheduler"][-1]
    if not experiment.warm_up:
        decay["eta_min"] = MIN_LR_WITHOUT_WARM_UP
        schedule["param_scheduler"] = [decay]
    schedule["train_cfg"]["max_iters"] = experiment.iterations
    return schedule
