"""What a part of a config does: its entries, the defaults of its constructors, and nothing that has no effect.

Two configs are the same training where this is equal, however much each of them says.
"""

from __future__ import annotations

import inspect
from typing import Any

import mmseg.models.registered  # noqa: F401  without it no part would be known, and no default
from mmseg.models.decode_heads.layers import DECODER_LAYERS
from mmseg.registry import MASKS, MODELS, options_of

PASSES_ON = {"HRDAHead": "single_scale_head", "rawconv_and_aspp": "aspp"}
"""Parts that take the options of another one: an entry that names it, or its name."""
MEANINGS = {
    "loss_decode": {"type": "CrossEntropyLoss"},
    "test_cfg": {"mode": "whole"},
    "DLV2Head.init_cfg": {"type": "Normal", "std": 0.01, "override": {"name": "aspp_modules"}},
}
"""What a default of None stands for in the constructor."""
UNUSED = {
    "DAFormerHead": ("norm_cfg",),  # its layers have their own in decoder_params
    "DLV2Head": ("norm_cfg", "dropout_ratio"),  # it has neither
}
"""Options that every decoder takes and this one has no use for."""
LEVEL_WEIGHTS = ("lambda_ent", "lambda_adv_target")
OF_FEATURE_DISTANCE = ("imnet_feature_dist_classes", "imnet_feature_dist_scale_min_ratio")


def effects(cfg: dict) -> dict[str, dict]:
    """``model`` and ``uda`` of a native config: everything that decides which network it is, and how it is trained."""
    return {"model": with_defaults(cfg["model"]), "uda": _method(cfg["uda"], cfg["model"])}


def _method(uda: dict, model: dict) -> dict:
    options = with_defaults(uda)
    for name in set(LEVEL_WEIGHTS) & options.keys():
        if model.get("auxiliary_head") is None:  # then there is no second prediction to weigh
            options[name] = {level: weight for level, weight in options[name].items() if level != "aux"}
    if not options.get("imnet_feature_dist_lambda"):
        options = {key: value for key, value in options.items() if key not in OF_FEATURE_DISTANCE}
    return options


def with_defaults(part: Any, key: str = "") -> Any:
    """An entry of that key with the defaults of all constructors in it, without what none of them uses."""
    if not isinstance(part, dict):
        return -1 if (key, part) == ("in_index", 3) else part  # encoders have four levels
    if key == "norm_cfg":  # requires_grad is True unless said otherwise
        return {name: value for name, value in part.items() if (name, value) != ("requires_grad", True)}
    if key == "test_cfg":
        return {"batched_slide": False, **part}
    kinds = _kinds(part)
    options = {name: value for kind in kinds for name, value in _defaults(kind).items()} | part
    for kind in kinds:
        options |= {name: MEANINGS.get(name, MEANINGS.get(f"{kind}.{name}")) for name, value in options.items() if value is None}
    used = options.keys() - {name for kind in kinds for name in UNUSED.get(kind, ())}
    return {name: with_defaults(value, name) for name, value in options.items() if name in used}


def _kinds(part: dict) -> list[str]:
    """The part that a part passes options on to, if it does, and itself."""
    kind = part.get("type")
    other = PASSES_ON.get(kind)
    return [name for name in (part.get(other, other), kind) if name is not None]


def _defaults(kind: str) -> dict[str, Any]:
    tables = (MODELS.module_dict, DECODER_LAYERS.module_dict, MASKS.module_dict)
    component = next((table[kind] for table in tables if kind in table), None)
    options = (options_of(component) or inspect.signature(component).parameters) if component else {}
    return {name: option.default for name, option in options.items() if option.default is not option.empty}
