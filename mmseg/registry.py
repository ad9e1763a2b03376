"""Registries of everything that a config can name; children of mmengine's.

An unknown name and an unknown option are errors that name the closest spelling. Constructors are
keyword-only and swallow nothing, so the signature is the list of options.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine import registry as engine
from mmengine.registry import Registry

from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.engine_options import missing_option, signature_of
from mmseg.utils.options.ranges import mismatch, type_hints

DATA = (bool, int, float, str, Mapping, list, tuple, set, type(None))
"""What a config may hold; everything else in the options of a part is another part, which the code passes."""


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
    component, options = _resolved(cfg, registry, default_args or {})
    if _ours(component):
        _require_options(component, options)
        return component(**options)
    try:
        return component(**options)
    except UserError:
        raise
    except (TypeError, ValueError, AssertionError) as error:  # what the engine and torch say about an option
        raise UserError(f"{_name(component)}: {_first_line(error)}. Correct its options in the config.") from error


def check_component(cfg: dict, registry: Registry, given: Sequence[str] = ()) -> None:
    """Checks the name and the options of a part that the engine builds later.

    Args:
        cfg: a dictionary with the key ``type``.
        registry: where the name is looked up.
        given: further options that the engine adds or reads.

    Raises:
        UserError: as :func:`build_checked`.
    """
    _resolved({key: value for key, value in cfg.items() if key not in given} if isinstance(cfg, dict) else cfg, registry, {})


def build_with_parts(cfg: dict, registry: Registry, parts: Mapping[str, Any]) -> Any:
    """:func:`build_checked`; an option that is called like one of ``parts`` and that ``cfg`` does not set gets that part."""
    component, given = _resolved(cfg, registry, {})
    known = options_of(component)
    return build_checked({**{name: part for name, part in parts.items() if name in (known or ())}, **given, "type": component}, registry)


def component_of(cfg: dict, registry: Registry) -> Any:
    """The class or function of a config; see :func:`build_checked` for the errors."""
    return _resolved(cfg, registry, {})[0]


def find(name: str, registry: Registry) -> Any:
    """The component that a registry, or one that it is a child of, knows under a name; None if none does.

    mmengine's own look-up goes on to import whatever module the text of a config names.
    """
    level: Registry | None = registry
    while level is not None:
        level.import_from_location()
        if name in level.module_dict:
            return level.module_dict[name]
        level = level.parent
    return None


def required_options(component: Any) -> list[str]:
    """Options without a default."""
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    options = inspect.signature(component).parameters.items()
    return [key for key, option in options if option.default is option.empty and option.kind not in variable]


def _resolved(cfg: dict, registry: Registry, default_args: dict) -> tuple[Any, dict]:
    """The component of a config and its options, with their names checked."""
    if not isinstance(cfg, dict) or "type" not in cfg:
        raise UserError(f"A {registry.name} needs a dictionary with the key 'type', but got {cfg!r}. Write dict(type='…', …).")
    options = {**default_args, **cfg}
    name = options.pop("type")
    component = find(name, registry) if isinstance(name, str) else None if isinstance(name, DATA) else name
    if component is None:
        known = {*registry.module_dict, *(registry.parent.module_dict if registry.parent else ())}
        fix = suggestion(name, known) or f" Known: {', '.join(sorted(registry.module_dict or known))}."
        raise UserError(f"{name!r} is not a registered {registry.name}.{fix}")
    known = options_of(component)
    for key in options if known is not None else ():
        if key not in known:
            yours = [name for name in known if isinstance(options.get(name), DATA)]  # parts are passed by the code
            fix = suggestion(key, known) or f" Its options: {', '.join(yours) or 'none'}."
            raise UserError(f"{_name(component)} got an unexpected option '{key}'.{fix}")
    check_values(component, options)
    return component, options


def check_values(component: Any, options: Mapping[str, Any]) -> None:
    """Compares options with the annotations of a constructor; objects, which no config holds, are not looked at.

    Raises:
        UserError: a value is of another type, or outside its range.
    """
    declared = component if _ours(component) else signature_of(_name(component))
    annotations = annotations_of(declared) if declared else {}
    for key, value in options.items():
        if key in annotations and isinstance(value, DATA) and (wrong := mismatch(annotations[key], value)):
            raise UserError(f"{_name(component)}: {key}{wrong}")
    if not _ours(component) and (missing := missing_option(_name(component), options)):
        raise UserError(f"{_name(component)} needs the option '{missing}'. Add {missing}=… to its dictionary in the config.")


def _ours(component: Any) -> bool:
    return getattr(component, "__module__", "").split(".")[0] not in ("mmengine", "mmcv", "torch")


def _name(component: Any) -> str:
    return getattr(component, "__name__", str(component))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


@functools.cache
def options_of(component: Any) -> dict[str, inspect.Parameter] | None:
    """Options of a function or class; None if it takes any, to check them itself.

    A class that passes ``**kwargs`` on has the options of its base as well; ours never pass them to the engine.
    """
    options: dict[str, inspect.Parameter] = {}
    layers = _layers(component)
    for layer in layers:
        own = inspect.signature(layer).parameters
        options = {**own, **options}
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in own.values()):
            return {name: p for name, p in options.items() if name != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    return None if layers else {}


def _layers(component: Any) -> list[Any]:
    """The function itself, or the constructors of a class from itself to its first base; of ours alone where there are any."""
    if not inspect.isclass(component):
        return [component]
    bases = [cls for cls in component.__mro__[:-1] if "__init__" in vars(cls)]
    return [vars(cls)["__init__"] for cls in [cls for cls in bases if _ours(cls)] or bases]


@functools.cache
def annotations_of(component: Any) -> dict[str, Any]:
    """Types and ranges of the options of a function or class of ours, by name."""
    return {key: hint for layer in reversed(_layers(component)) for key, hint in type_hints(layer).items() if key != "return"}


def _require_options(component: Any, options: dict) -> None:
    for key in required_options(component):
        if key not in options:
            raise UserError(f"{_name(component)} needs the option '{key}'. Add {key}=… to its dictionary in the config.")


def _child(name: str, parent: Registry, locations: list[str]) -> Registry:
    return Registry(name, parent=parent, scope="mmseg", build_func=build_checked, locations=locations)


def _own(name: str, locations: list[str]) -> Registry:
    """Of parts that the engine does not know."""
    return Registry(name, scope="mmseg", build_func=build_checked, locations=locations)


MODELS = _child("model", engine.MODELS, ["mmseg.models.registered"])
DATASETS = _child("dataset", engine.DATASETS, ["mmseg.datasets.registered"])
DATA_SAMPLERS = _child("data sampler", engine.DATA_SAMPLERS, ["mmseg.datasets.registered"])
METRICS = _child("metric", engine.METRICS, ["mmseg.evaluation.iou_metric"])
HOOKS = _child("hook", engine.HOOKS, ["mmseg.engine"])
OPTIM_WRAPPER_CONSTRUCTORS = _child("optimizer wrapper constructor", engine.OPTIM_WRAPPER_CONSTRUCTORS, ["mmseg.engine"])
LABELING_STAGES = _own("labeling stage", ["mmseg.models.registered"])
OBJECTIVES = _own("objective", ["mmseg.models.registered"])
TEACHERS = _own("teacher", ["mmseg.models.registered"])
MIXINGS = _own("mixing", ["mmseg.models.registered"])
ACQUISITIONS = _own("acquisition", ["mmseg.models.uda.acquisition.strategies"])
MASKS = _own("mask generator", ["mmseg.models.registered"])
TEST_TIME_METHODS = _own("method at test time", ["mmseg.models.test_time"])
VISUALIZERS = _child("visualizer", engine.VISUALIZERS, ["mmseg.visualization"])
