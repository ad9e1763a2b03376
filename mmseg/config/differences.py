"""What differs between the config of a checkpoint and the one that goes on with it, and what each difference means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from mmseg.config.checks import HELPERS
from mmseg.config.identity import DEFAULTS, REPORTING_HOOKS, canonical

SHOWN = 60  # characters of a value in a message


class Kind(Enum):
    """What a resume does with a difference."""

    APPLIES = "applies, with a line in the log"
    NEEDS_WORD = "needs --override"
    EXCLUDED = "is refused"


class Missing:
    """The value of an entry that a config does not have."""

    def __repr__(self) -> str:
        return "(absent)"


MISSING = Missing()
NOT_COMPARED = ("work_dir", "launcher", "load_from", "skip_classifier", "demo_data", *HELPERS)
"""Where a training runs, what it started from, and values that other entries repeat."""

MEANINGS: tuple[tuple[str, Kind, str], ...] = (
    ("seed", Kind.EXCLUDED, "all random draws"),
    ("optim_wrapper.optimizer.type", Kind.EXCLUDED, "another optimizer, which has no use for this state"),
    ("optim_wrapper.optimizer.lr", Kind.NEEDS_WORD, "learning rate"),
    ("optim_wrapper.optimizer.weight_decay", Kind.NEEDS_WORD, "weight decay"),
    ("optim_wrapper.optimizer.*", Kind.NEEDS_WORD, "how the optimizer steps"),
    ("optim_wrapper.paramwise_cfg*", Kind.NEEDS_WORD, "learning rates and decays of parts"),
    ("optim_wrapper*", Kind.NEEDS_WORD, "how a step is made"),
    ("param_scheduler*", Kind.NEEDS_WORD, "learning rate over the iterations"),
    ("train_cfg.max_iters", Kind.NEEDS_WORD, "length of the training"),
    ("train_cfg.val_*", Kind.APPLIES, "when evaluations are made"),
    ("train_cfg*", Kind.NEEDS_WORD, "the loop of the training"),
    ("precision", Kind.NEEDS_WORD, "precision of the steps"),
    ("micro_batches", Kind.NEEDS_WORD, "parts of a batch, and what is drawn for them"),
    ("compile", Kind.NEEDS_WORD, "rounding of the steps"),
    ("sync_batchnorm", Kind.NEEDS_WORD, "statistics of BatchNorm"),
    ("custom_imports*", Kind.NEEDS_WORD, "own modules"),
    ("train_dataloader.batch_size", Kind.NEEDS_WORD, "images of an iteration, and which ones follow"),
    *((f"train_dataloader.{key}", Kind.APPLIES, "speed of loading") for key in ("num_workers", "pin_memory")),
    *((f"train_dataloader.{key}", Kind.APPLIES, "speed of loading") for key in ("persistent_workers", "prefetch_factor")),
    *((f"train_dataloader.dataset.*{key}", Kind.APPLIES, "where the data lie") for key in ("data_root", ".images", ".labels")),
    *((f"train_dataloader.dataset.*{key}", Kind.APPLIES, "where the data lie") for key in ("img_dir", "ann_dir")),
    ("train_dataloader.dataset.*classes*", Kind.NEEDS_WORD, "which class each output of the network is"),
    ("train_dataloader.dataset.*label_map*", Kind.NEEDS_WORD, "which class each label is"),
    ("train_dataloader*", Kind.NEEDS_WORD, "what the network sees"),
    ("val_dataloader*", Kind.APPLIES, "what evaluations measure; the best score so far stays"),
    ("val_evaluator*", Kind.APPLIES, "what evaluations measure; the best score so far stays"),
    ("test_dataloader*", Kind.APPLIES, "what tests measure"),
    ("default_hooks*", Kind.APPLIES, "logs, states, patience with steps that are not finite"),
    ("custom_hooks.*.workers_per_gpu", Kind.APPLIES, "speed of loading"),
    ("custom_hooks.[A-Za-z]*", Kind.NEEDS_WORD, "a hook that may change what is learned"),
    ("custom_hooks*", Kind.APPLIES, "pictures, curves"),
    ("visualizer*", Kind.APPLIES, "where values are shown"),
    ("env_cfg*", Kind.APPLIES, "processes and kernels"),
    ("model.pretrained", Kind.APPLIES, "starting weights, which a resume replaces"),
    ("model.backbone.pretrained", Kind.APPLIES, "starting weights, which a resume replaces"),
    ("model.backbone.init_cfg*", Kind.APPLIES, "starting weights, which a resume replaces"),
    ("model.backbone.with_cp", Kind.APPLIES, "memory of a step"),
    ("model.test_cfg*", Kind.APPLIES, "how evaluations look at images"),
    ("model.*loss*", Kind.NEEDS_WORD, "loss"),
    ("model*", Kind.NEEDS_WORD, "the network"),
    ("uda.data_preprocessor*", Kind.NEEDS_WORD, "normalisation of the images"),
    ("uda*", Kind.NEEDS_WORD, "the method"),
    ("*", Kind.NEEDS_WORD, "unknown"),
)
"""Patterns of keys, the first that fits decides: what a resume does with such a difference, and what it changes."""

LONGER = "a longer training, whose schedule is stretched"
"""More iterations apply where the schedule that ended with the training still does: what :func:`differences` finds out itself."""


@dataclass(frozen=True)
class Difference:
    """One entry of two configs.

    Attributes:
        key: dotted path, with numbers for the entries of a list.
        old, new: its values; :data:`MISSING` where a config does not have it.
        kind, meaning: of :data:`MEANINGS`.
    """

    key: str
    old: Any
    new: Any
    kind: Kind
    meaning: str

    @property
    def changes_training(self) -> bool:
        """Whether optimizer, schedule or method may go on with other values than those of the state."""
        return self.kind is Kind.NEEDS_WORD or self.meaning == LONGER

    def __str__(self) -> str:
        return f"{self.key} {_short(self.old)} -> {_short(self.new)} ({self.meaning})"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """What differs between two complete configs, in the order of their keys; what is only written otherwise does not.

    Args:
        old, new: plain values; ends of schedules are set, see :func:`mmseg.config.schedule.resolve_ends`.
    """
    first, second = (
        {**DEFAULTS, **{key: value for key, value in _with_named_hooks(cfg).items() if key not in NOT_COMPARED}} for cfg in (old, new)
    )
    stretched = _is_stretched(old, new)
    found = []
    for key, before, after in _differing(first, second, ""):
        kind, meaning = meaning_of(key)
        if stretched and (key == "train_cfg.max_iters" or (key.startswith("param_scheduler.") and key.endswith(".end"))):
            kind, meaning = Kind.APPLIES, LONGER
        found.append(Difference(key, before, after, kind, meaning))
    return found


def _with_named_hooks(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """A config whose hooks that do more than report are entries of their own, as ``custom_hooks.TYPE``."""
    hooks = cfg.get("custom_hooks") or []
    reporting = [hook for hook in hooks if hook.get("type") in REPORTING_HOOKS]
    named = {f"custom_hooks.{hook.get('type')}": hook for hook in hooks if hook not in reporting}
    return {**cfg, **({"custom_hooks": reporting} if "custom_hooks" in cfg else {}), **named}


def meaning_of(key: str) -> tuple[Kind, str]:
    """What :data:`MEANINGS` says of a dotted key."""
    return next((kind, meaning) for pattern, kind, meaning in MEANINGS if fnmatchcase(key, pattern))


def _differing(old: Any, new: Any, key: str) -> Iterator[tuple[str, Any, Any]]:
    """Keys and values of the entries that differ; lists of other lengths, and of plain values, are one entry."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}, key=str):
            yield from _differing(old.get(name, MISSING), new.get(name, MISSING), f"{key}.{name}" if key else str(name))
    elif _are_parts(old) and _are_parts(new) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differing(before, after, f"{key}.{index}")
    elif canonical(old) != canonical(new) and repr(old) != repr(new):  # no NaN is equal to itself
        yield key, old, new


def _are_parts(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _is_stretched(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the new training is longer, and its learning rate does not stay for good where the old training ended it."""
    before, after = (cfg.get("train_cfg", {}).get("max_iters") for cfg in (old, new))
    ends = [[schedule.get("end") for schedule in cfg.get("param_scheduler", ())] for cfg in (old, new)]
    whole = all(type(number) is int for number in (before, after, *ends[0], *ends[1]))
    if not whole or after <= before or len(ends[0]) != len(ends[1]):
        return False
    follows, ended = (before + 1, after + 1), max(ends[0], default=0) == before + 1
    return all(pair[0] == pair[1] or pair == follows for pair in zip(*ends, strict=True)) and not (ended and after + 1 not in ends[1])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
