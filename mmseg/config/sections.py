"""The sections of a native config and the entries that are read before anything is built from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from typing_extensions import Required, TypedDict

from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import ShareAboveZero, mismatch


class Part(TypedDict, total=False):
    """A component of any registry, which checks its own options."""

    type: Required[str | type]


class Network(TypedDict, total=False):
    """A segmentor."""

    type: Required[str | type]
    backbone: Required[dict]
    decode_head: Required[dict]
    auxiliary_head: dict | list[dict] | None
    depth_head: dict | None


class Source(TypedDict, total=False):
    """What an evaluation reads of training data."""

    source: Required[Part]


class TrainingData(Source, total=False):
    """Of a UDADataset."""

    target: Part | None
    source_crop: dict
    target_crop: dict | None


class SourceLoader(TypedDict, total=False):
    """Of the training, for an evaluation."""

    dataset: Required[Source]


class TrainingLoader(TypedDict, total=False):
    """Of the training."""

    dataset: Required[TrainingData]
    sampler: Required[Part]


class Loader(TypedDict, total=False):
    """Of an evaluation."""

    dataset: Required[Part]
    sampler: Required[Part]


class Paramwise(TypedDict, total=False):
    """Other rates of some parameters."""

    custom_keys: dict[str, dict]
    layer_decay: ShareAboveZero | None


class Wrapper(TypedDict, total=False):
    """An optimizer and what is done with gradients."""

    type: str
    optimizer: Required[Part]
    paramwise_cfg: Paramwise | None
    scale_lr_by: Literal["sqrt_batch"] | None


class Visualization(TypedDict, total=False):
    """What is written beside the log."""

    type: Required[str | type]
    vis_backends: list[Part] | None


class ToolRun(TypedDict):
    """What runs in place of a training, see :class:`mmseg.experiments.Command`."""

    tool: str
    product: str
    checkpoint: str | None
    options: dict[str, Any]


SECTIONS: Mapping[str, Any] = {
    "model": Network,
    "uda": dict,  # an evaluation needs no type
    "train_dataloader": TrainingLoader,
    "val_dataloader": Loader,
    "test_dataloader": Loader,
    "val_evaluator": Part,
    "train_cfg": dict,
    "optim_wrapper": Wrapper,
    "param_scheduler": list[Part],
    "default_hooks": dict[str, dict | None],  # some have a type already
    "custom_hooks": list[Part],
    "visualizer": Visualization,
    "env_cfg": dict,
    "demo_data": str | None,
    "load_from": str | None,
    "work_dir": str,
    "command": ToolRun,
}
"""Types by key."""
EVALUATED: Mapping[str, Any] = {
    **{key: SECTIONS[key] for key in ("model", "uda", "val_dataloader", "test_dataloader", "val_evaluator", "env_cfg")},
    "train_dataloader": SourceLoader,
}
"""What an evaluation reads of them."""


def check_sections(cfg: Mapping[str, Any], path: str | Path, *, training: bool = True) -> None:
    """Refuses sections of another kind, such as a text or a list in place of a dictionary.

    Args:
        training: False looks at what an evaluation reads.

    Raises:
        UserError: names the file and the entry.
    """
    for key, kind in (SECTIONS if training else EVALUATED).items():
        if key in cfg and (wrong := mismatch(kind, cfg[key])):
            raise UserError(f"{path}: {key}{wrong}")
    check_samplers(cfg, path, training=training)


def check_samplers(cfg: Mapping[str, Any], path: str | Path, *, training: bool) -> None:
    """Refuses the engine's samplers for a training, where each number is another sample, and endless ones for an evaluation."""
    endless = {"InfiniteSampler": "has no end", "RunningIndexSampler": "has no end"}
    repeating = dict.fromkeys(("DefaultSampler", "InfiniteSampler"), "gives the same crops again in every epoch")
    refused = {"val_dataloader": endless, "test_dataloader": endless, **({"train_dataloader": repeating} if training else {})}
    for loader, reasons in refused.items():
        if cfg.get(loader, {}).get("batch_sampler") is not None:
            raise UserError(f"{path}: {loader}.batch_sampler is not read here. Leave it out, and set {loader}.batch_size.")
        name = cfg.get(loader, {}).get("sampler", {}).get("type")
        if isinstance(name, str) and (reason := reasons.get(name.rpartition(".")[2])):
            other = "type='RunningIndexSampler'" if loader == "train_dataloader" else "type='DefaultSampler', shuffle=False"
            raise UserError(f"{path}: {loader}.sampler is {name}, which {reason}. Use dict({other}).")
