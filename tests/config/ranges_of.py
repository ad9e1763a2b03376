"""Where a number of a config is declared, looked up in the signatures."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.registry import LOOPS, OPTIMIZERS, PARAM_SCHEDULERS, VISBACKENDS

from mmseg import registry
from mmseg.config.config import MAX_SEED
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.sampling.class_aware_sampling import ClassAwareOptions
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions
from mmseg.engine.optimizers.guarded import GuardedOptimWrapper
from mmseg.models.decode_heads.layers import DECODER_LAYERS
from mmseg.registry import MODELS, annotations_of, component_of, find
from mmseg.utils.options import engine_options
from mmseg.utils.options.ranges import NonNegative, Positive, mismatch

REGISTRIES = [value for value in vars(registry).values() if isinstance(value, registry.Registry)]
REGISTRIES += [DECODER_LAYERS, LOOPS, OPTIMIZERS, PARAM_SCHEDULERS, VISBACKENDS]
UNTYPED = {
    "source_crop": CropOptions,
    "target_crop": CropOptions,
    "rare_class_sampling": RareClassOptions,
    "class_aware_sampling": ClassAwareOptions,
    "train_dataloader": engine_options.loader,
    "val_dataloader": engine_options.loader,
    "env_cfg": engine_options.env_cfg,
    "optim_wrapper": GuardedOptimWrapper,
}
"""Parts that are no component of a registry, by their key."""
LOOP = {"max_iters": Positive[int], "val_interval": Positive[int], "val_begin": Positive[int]}
TOP = {"scale": Positive[float], "seed": NonNegative[int], "lr_mult": NonNegative[float], "decay_mult": NonNegative[float]}


PLAIN = (dict, dict | None, Mapping, Mapping | None)
"""Types that say nothing of the numbers inside."""


def declared(part: dict, key: str) -> dict:
    """Annotations of a part by option."""
    if key == "train_cfg":
        return LOOP
    if key in UNTYPED:
        return annotations_of(UNTYPED[key])
    kind = part.get("type")
    component = next(filter(None, (find(kind, each) for each in REGISTRIES)), None) if isinstance(kind, str) else None
    if component is None:
        return TOP
    known = annotations_of(registry.component_of({"type": component}, MODELS)) if registry._ours(component) else {}
    signature = engine_options.signature_of(getattr(component, "__name__", ""))
    known = {**known, **(annotations_of(signature) if signature else {})}
    if "single_scale_head" in part:
        known = {**annotations_of(component_of({"type": part["single_scale_head"]}, MODELS)), **known}
    return known


def range_at(config: dict, path: tuple) -> str | None:
    """What is wrong with the option that holds a number, '' if nothing; None where no range is declared.

    Args:
        path: keys and indices of the number.
    """
    part, found, own = config, None, "config"
    for key in path:
        if isinstance(part, dict) and isinstance(key, str):
            known = declared(part, own)
            if key in known:
                found = None if known[key] in PLAIN else mismatch(known[key], part[key]) or ""
        own, part = key if isinstance(key, str) else own, part[key]
    return found if path != ("seed",) else mismatch(NonNegative[int], config["seed"]) or ("" if config["seed"] <= MAX_SEED else "large")
