"""docs/options.md: every part that a config can name, with its options, from the signatures and their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from mmengine.registry import Registry

from mmseg.apis.describing.types import default_in_words, in_words
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.sampling.class_aware_sampling import ClassAwareOptions
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions
from mmseg.datasets.sampling.target_views import StrongViewOptions
from mmseg.models.backbones.style_hallucination import StyleHallucination
from mmseg.models.decode_heads.hrda_head import HRDAHead
from mmseg.models.decode_heads.layers import DECODER_LAYERS, conv_and_aspp
from mmseg.registry import (
    ACQUISITIONS,
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    LABELING_STAGES,
    MASKS,
    METRICS,
    MIXINGS,
    MODELS,
    OBJECTIVES,
    OPTIM_WRAPPER_CONSTRUCTORS,
    TEACHERS,
    TEST_TIME_METHODS,
    annotations_of,
)
from mmseg.utils.options import engine_options
from mmseg.utils.options.ranges import type_hints

COMMAND = "python tools/write_options.py"
HEAD = f"""# Options of all parts

What a config can name, and what it can say about it. A value of another type, or outside its range, is one line before anything is
built. Written from the signatures by `{COMMAND}`; which entries a config has at its top, and how it is composed, says
[training.md](training.md#a-config).
"""
MODEL_ROOMS = {
    "segmentors": "Segmentors (`model`)",
    "backbones": "Encoders (`model.backbone`)",
    "necks": "Necks (`model.neck`)",
    "decode_heads": "Decoders (`model.decode_head`, `model.auxiliary_head`, `model.depth_head`)",
    "losses": "Losses (`loss_decode` of a decoder)",
    "uda": "Methods (`uda`)",
    "data_preprocessor": "Normalisation (`uda.data_preprocessor`)",
}
"""Titles by the folder or file of a model below mmseg/models."""
REGISTRIES: dict[str, Registry] = {
    "Layers of decoders (in `decoder_params`)": DECODER_LAYERS,
    "Objectives (`uda.objectives`)": OBJECTIVES,
    "Teachers (`uda.teacher`)": TEACHERS,
    "Stages of labeling (`uda.labeling`)": LABELING_STAGES,
    "Mixings (`uda.mix`)": MIXINGS,
    "Masks (`uda.mask_generator`)": MASKS,
    "Acquisitions, what of the target is labelled (`acquisition`)": ACQUISITIONS,
    "Data sets (`dataset` of a loader, `source` and `target` of a UDADataset)": DATASETS,
    "Samplers (`sampler` of a loader)": DATA_SAMPLERS,
    "Metrics (`val_evaluator`)": METRICS,
    "Hooks (`default_hooks`, `custom_hooks`)": HOOKS,
    "Optimizer wrappers (`optim_wrapper.constructor`)": OPTIM_WRAPPER_CONSTRUCTORS,
    "Methods at test time (`--method` of `tools/adapt.py`)": TEST_TIME_METHODS,
}
PASSING_ON = {HRDAHead: "the decoder that `single_scale_head` names", conv_and_aspp: "`aspp`"}
"""Parts that take the options of another one as well."""
DICTIONARIES = {
    "style_hallucination_cfg of an encoder": StyleHallucination,
    "source_crop, target_crop of a UDADataset": CropOptions,
    "rare_class_sampling of a UDADataset": RareClassOptions,
    "class_aware_sampling of a UDADataset": ClassAwareOptions,
    "strong_view of a UDADataset": StrongViewOptions,
}
OWN = "its own"
"""Default of an option that mmengine or torch has."""
ENGINE = {
    "Adam, AdamW (optim_wrapper.optimizer)": engine_options.adam,
    "SGD (optim_wrapper.optimizer)": engine_options.sgd,
    "clip_grad of optim_wrapper": engine_options.GradientClipping,
    "LinearLR, PolyLR and other schedules (param_scheduler)": engine_options.scheduler,
    "train_dataloader, val_dataloader, test_dataloader": engine_options.loader,
    "LoggerHook": engine_options.logger_hook,
    "env_cfg": engine_options.env_cfg,
}


def options_page() -> str:
    """The whole page."""
    groups = {title: _models(room) for room, title in MODEL_ROOMS.items()}
    groups |= {title: _registered(registry) for title, registry in REGISTRIES.items()}
    groups |= {"Dictionaries inside of encoders and data sets": DICTIONARIES, "Parts of mmengine and torch": ENGINE}
    return "\n".join([HEAD, *(line for title, parts in groups.items() for line in (f"## {title}", "", *_group(parts)))])


def _registered(registry: Registry) -> dict[str, Any]:
    """Our components of a registry by name; those of a user's own modules are not described."""
    registry.import_from_location()
    ours = {name: part for name, part in registry.module_dict.items() if part.__module__.startswith("mmseg.")}
    return dict(sorted(ours.items()))


def _models(room: str) -> dict[str, Any]:
    return {name: part for name, part in _registered(MODELS).items() if part.__module__.split(".")[2] == room}


def _group(parts: dict[str, Any]) -> Iterator[str]:
    """Sections of a registry; parts with equal options share a table."""
    tables: dict[tuple, dict[str, Any]] = {}
    for name, part in parts.items():
        tables.setdefault(tuple(_rows(part)), {})[name] = part
    for rows, same in tables.items():
        yield f"### {', '.join(same)}"
        yield ""
        for name, part in same.items():
            yield (f"`{name}`: " if len(same) > 1 else "") + _plain(inspect.getdoc(part) or "", lines=1) + ("  " if len(same) > 1 else "")
        yield ""
        if part in PASSING_ON:
            yield from (f"All other options are those of {PASSING_ON[part]}.", "")
        yield from ("| option | type | default | |", "|---|---|---|---|", *rows, "") if rows else ("No options.", "")


def _rows(part: Any) -> list[str]:
    """A row for every option."""
    typed_dictionary, words = hasattr(part, "__total__"), described(part)
    kinds = type_hints(part) if typed_dictionary else annotations_of(part)
    rows = []
    for name, option in _options(part).items():
        default = OWN if part in ENGINE.values() and option.default is not option.empty else default_in_words(option)
        cells = (f"`{name}`", in_words(kinds.get(name, Any)), default, words.get(name, ""))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return rows


def _options(part: Any) -> dict[str, inspect.Parameter]:
    """The options of a component and of the bases that it passes its own to; a required one comes first."""
    if hasattr(part, "__total__"):  # a TypedDict: all of its keys may be left out
        return {key: inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None) for key in type_hints(part)}
    found: dict[str, inspect.Parameter] = {}
    for layer in part.__mro__ if inspect.isclass(part) else [part]:
        if layer.__module__.startswith("mmseg.") and (not inspect.isclass(layer) or "__init__" in vars(layer)):
            own = inspect.signature(layer).parameters
            found = {**{name: option for name, option in own.items() if name not in found}, **found}
            if not any(option.kind is option.VAR_KEYWORD for option in own.values()):
                break
    named = {name: option for name, option in found.items() if option.kind is option.KEYWORD_ONLY or option.default is not option.empty}
    return dict(sorted(named.items(), key=lambda item: item[1].default is not item[1].empty))


def described(part: Any) -> dict[str, str]:
    """The first sentence about each option in the docstring of a component, or in those of its bases."""
    sources = part.__mro__ if inspect.isclass(part) else [part, *_made_by(part)]
    words: dict[str, str] = {}
    for source in sources:
        for name, text in _arguments(inspect.getdoc(source) or "").items():
            if not text.startswith(("see `", "as of `")):
                words.setdefault(name, text)
    return words


def _made_by(function: Any) -> tuple[type, ...]:
    """The class that a function makes, where its signature says so."""
    made = type_hints(function).get("return")
    return made.__mro__ if inspect.isclass(made) else ()


ENTRY = re.compile(r"^    (\w+(?:, \w+)*): ?(.*(?:\n      +.*)*)", re.MULTILINE)


def _arguments(text: str) -> dict[str, str]:
    """Option -> first sentence, of the section Args or Attributes."""
    section = re.search(r"^(?:Args|Attributes):\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    found = ENTRY.findall(section[1]) if section else []
    return {name: _plain(sentence) for names, sentence in found for name in names.split(", ")}


def _plain(text: str, lines: int | None = None) -> str:
    """The first sentence, in one line, without the marks of cross-references."""
    joined = " ".join(" ".join(text.split("\n")[:lines]).split())
    joined = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", joined).replace("``", "`")
    return re.split(r"(?<=\w\w[.])\s|(?<=[`)'\]][.])\s", joined)[0].rstrip(".")
