"""Registries of everything that a config can name; children of mmengine's.

An unknown name and an unknown option are errors that name the closest spelling. Constructors are
keyword-only and swallow nothing, so the signature is the list of options.
"""

from __future__ import annotations

import inspect
from typing import Any

from mmengine import registry as engine
from mmengine.registry import Registry

from mmseg.utils.errors import UserError, suggestion


def build_checked(cfg: dict, registry: Registry, default_args: dict | None = None) -> Any:
    """Builds ``cfg['type']`` with the other entries of ``cfg`` as keyword arguments.

    Args:
        cfg: a dictionary with the key ``type`` (a registered name or a class).
        registry: where the name is looked up.
        default_args: arguments for keys that ``cfg`` does not set.

    Raises:
        UserError: no ``type``, a name that is not registered, an option that the class does not
            have, or a required option that is missing.
    """
    if not isinstance(cfg, dict) or "type" not in cfg:
        raise UserError(f"A {registry.name} needs a dictionary with the key 'type', but got {cfg!r}.")
    options = {**(default_args or {}), **cfg}
    name = options.pop("type")
    component = registry.get(name) if isinstance(name, str) else name
    if component is None:
        raise UserError(f"'{name}' is not a registered {registry.name}.{suggestion(name, registry.module_dict)}")
    if not _ours(component):  # mmengine's own hooks and loops: positional, **kwargs, nothing to check against
        return component(**options)
    _check_options(component, options)
    return component(**options)


def _ours(component: Any) -> bool:
    return getattr(component, "__module__", "").split(".")[0] not in ("mmengine", "mmcv")


def _check_options(component: Any, options: dict) -> None:
    parameters = inspect.signature(component).parameters
    name = getattr(component, "__name__", str(component))
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        for key in options:
            if key not in parameters:
                raise UserError(f"{name} got an unexpected option '{key}'.{suggestion(key, parameters)}")
    for key, parameter in parameters.items():
        required = parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        if required and key not in options:
            raise UserError(f"{name} needs the option '{key}'. Add {key}=… to its dictionary in the config.")


def _child(name: str, parent: Registry, locations: list[str]) -> Registry:
    return Registry(name, parent=parent, scope="mmseg", build_func=build_checked, locations=locations)


MODELS = _child("model", engine.MODELS, ["mmseg.models"])
DATASETS = _child("dataset", engine.DATASETS, ["mmseg.datasets"])
TRANSFORMS = _child("transform", engine.TRANSFORMS, ["mmseg.datasets.transforms"])
DATA_SAMPLERS = _child("data sampler", engine.DATA_SAMPLERS, ["mmseg.datasets"])
METRICS = _child("metric", engine.METRICS, ["mmseg.evaluation"])
HOOKS = _child("hook", engine.HOOKS, ["mmseg.engine"])
OPTIM_WRAPPER_CONSTRUCTORS = _child("optimizer wrapper constructor", engine.OPTIM_WRAPPER_CONSTRUCTORS, ["mmseg.engine"])
VISUALIZERS = _child("visualizer", engine.VISUALIZERS, ["mmseg.visualization"])
