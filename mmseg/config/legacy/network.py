"""Network and method of an old config."""

from __future__ import annotations

from typing import Any

from mmseg.config.legacy.checks import accept, checked, dictionary, note, type_of, whole_number
from mmseg.utils.errors import UserError

RENAMED = {
    "UniHead": "DAFormerHead",
    "MultiResEncoderDecoder": "HRDAEncoderDecoder",
    "MultiResAttentionWrapper": "HRDAHead",
}
"""Names of earlier releases."""
DEFAULT_NORMALIZATION = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
"""Of SegDataPreprocessor, not written into the native form."""
SHARED_OPTIONS = (
    *("alpha", "pseudo_threshold", "pseudo_weight_ignore_top", "pseudo_weight_ignore_bottom"),
    *("blur", "color_jitter_strength", "color_jitter_probability"),
    *("mask_mode", "mask_alpha", "mask_pseudo_threshold", "mask_lambda", "mask_generator"),
)
"""MIC gives them to every method."""
FEATURE_DISTANCE = ("imnet_feature_dist_lambda", "imnet_feature_dist_classes", "imnet_feature_dist_scale_min_ratio")
METHOD_OPTIONS = {
    "DACS": ("mix", *FEATURE_DISTANCE),
    "AdvSeg": ("discriminator_type", "lr_D", "lr_D_power", "lr_D_min", "lambda_adv_target"),
    "MinEnt": ("lambda_ent",),
}
DROPPED = (
    *("debug_img_interval", "print_grad_magnitude", "imnet_feature_dist_scale_method", "ema_drop_path_rate", "source_only"),
    "share_src_backward",  # one backward pass or two: the gradients are the same
)
"""Understood, but no option of a native method."""
REPEATED = ("model", "max_iters")
"""What the old entry points copy into ``uda``."""


def upgrade_model(model: dict, *, harmless: bool = False) -> dict:
    """``model`` under its present names; its parts check their own options.

    Args:
        harmless: see :func:`checked`; of ``train_cfg``.
    """
    for key in ("backbone", "decode_head"):
        dictionary(dictionary(model, "model").get(key), f"model.{key}")
    model = present_names(model)
    model["backbone"].pop("ema_drop_path_rate", None)
    checked(model.pop("train_cfg", None) or {}, "model.train_cfg", ("work_dir", "log_config"), harmless=harmless)
    if has_synchronised_norm(model):
        note("norm_cfg: SyncBN is read as BN, with statistics of one process.")
        model = without_synchronised_norm(model)
    return model


def present_names(part: dict) -> dict:
    """A copy of a part and everything in it with names of earlier releases replaced."""
    new = {key: present_names(value) if isinstance(value, dict) else value for key, value in part.items()}
    for key in ("type", "single_scale_head"):
        name = part.get(key)
        if isinstance(name, str) and name in RENAMED:
            new[key] = RENAMED[name]
        if name == "UniHead":  # its fusion_cfg named the fusion twice
            new.get("decoder_params", {}).get("fusion_cfg", {}).pop("fusion", None)
    return new


def has_synchronised_norm(part: dict) -> bool:
    """Whether a part, or a part of it, is normalised by SyncBN."""
    return part.get("type") == "SyncBN" or any(has_synchronised_norm(value) for value in part.values() if isinstance(value, dict))


def without_synchronised_norm(part: dict) -> dict:
    """A copy with BN for SyncBN; the two are equal in one process."""
    new = {key: without_synchronised_norm(value) if isinstance(value, dict) else value for key, value in part.items()}
    return {**new, "type": "BN"} if new.get("type") == "SyncBN" else new


def upgrade_uda(old: dict, max_iters: int, normalization: dict) -> tuple[dict, int | None]:
    """``uda`` -> the native ``uda``, and the iterations between two pictures where they are given.

    Args:
        old: the whole config: without ``uda`` the training data tell the method.
        normalization: of the data; becomes an option of the method where it is not the default.
    """
    given, data = old.get("uda"), old["data"]["train"]["type"]
    uda = {"type": supervised_method(data)} if given is None else adapted_method(given, old["model"], max_iters)
    if uda["type"] in METHOD_OPTIONS and data != "UDADataset":
        fix = "Use 'UDADataset' with source and target."
        raise UserError(f"data.train.type is '{data}', but uda.type '{uda['type']}' needs a target. {fix}")
    uda |= own_preprocessor(normalization)
    interval = (given or {}).get("debug_img_interval")
    return uda, interval if interval is None else whole_number(interval, "uda.debug_img_interval")


def own_preprocessor(normalization: dict) -> dict[str, dict]:
    """The option of a method that normalises otherwise than by default."""
    return {} if normalization == DEFAULT_NORMALIZATION else {"data_preprocessor": {"type": "SegDataPreprocessor", **normalization}}


def ignores_target(old: dict) -> bool:
    """Whether the training of a config looks at nothing of its target: MIC's supervised runs, unless they mask it."""
    uda = dictionary(old.get("uda") or {}, "uda")
    return bool(uda.get("source_only")) and "src" in str(uda.get("mask_mode") or "src")


def supervised_method(dataset: str) -> str:
    """The method that trains on one labelled data set: Cityscapes is the target of all published experiments but two."""
    if dataset in ("UDADataset", "DGDataset"):
        raise UserError(f"uda is missing, but data.train.type is '{dataset}'. Add uda=dict(type=…), or train on the source alone.")
    return "TargetOnly" if dataset == "CityscapesDataset" else "SourceOnly"


def adapted_method(uda: dict, model: dict, max_iters: int) -> dict[str, Any]:
    """The method and those of its options that are native ones."""
    kind = type_of(uda)
    if kind not in METHOD_OPTIONS:
        raise UserError(f"uda.type is {kind!r}. Use {' or '.join(map(repr, METHOD_OPTIONS))}, or write the config in the native form.")
    options = ("type", *METHOD_OPTIONS[kind], *SHARED_OPTIONS)
    checked(uda, "uda", (*options, "style_consistency_lambda", *DROPPED, *REPEATED))
    accept(uda, "uda", {"print_grad_magnitude": [False]}, fix="Remove it, or use False.")
    accept(uda, "uda", {"model": [model], "max_iters": [max_iters]}, fix="Remove it; the config has it at the top or in runner.")
    accept(uda, "uda", {"imnet_feature_dist_scale_method": ["ratio", None]})
    if uda.get("source_only"):
        return source_only(uda)
    accept(uda, "uda", {"style_consistency_lambda": [0, None]}, fix="Use 0, or source_only=True.")
    return with_all_cells({key: value for key, value in uda.items() if key in options})


def with_all_cells(native: dict) -> dict:
    """The options of a method; without a ratio, its feature distance compares all cells."""
    if native.get("imnet_feature_dist_scale_min_ratio", 0) is None:
        check_no_classes(native)
        native.pop("imnet_feature_dist_scale_min_ratio")
    return native


def check_no_classes(uda: dict) -> None:
    """Without a ratio the feature distance compares all cells, so classes cannot be chosen."""
    if uda.get("imnet_feature_dist_classes") is not None:
        raise UserError("uda.imnet_feature_dist_scale_min_ratio is None, but classes are given. Use a share such as 0.75.")


def source_only(uda: dict) -> dict:
    """A DACS that neither mixes nor has a teacher: MIC's supervised runs, or domain generalisation."""
    shared = {key: value for key, value in uda.items() if key in SHARED_OPTIONS}
    if not (uda.get("imnet_feature_dist_lambda") or uda.get("style_consistency_lambda")):
        return {"type": "SourceOnly", **shared}
    terms = {key: uda[key] for key in (*FEATURE_DISTANCE, "style_consistency_lambda") if uda.get(key)}
    return with_all_cells({"type": "DomainGeneralization", **terms, **(shared if uda.get("mask_mode") else {})})
