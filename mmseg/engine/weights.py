"""Which networks a checkpoint holds, and loading them: our own files and published ones.

A training wrapper keeps the student under ``model.``, the teacher under ``ema_model.`` and the frozen
ImageNet network under ``imnet_model.``; a published file may hold the student alone, or be a bare segmentor.
Distributed training may add ``module.`` at the front of a key or behind the network's name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import UserError

State = Mapping[str, Tensor]
STUDENT, TEACHER, IMNET, DISCRIMINATOR = "model", "ema_model", "imnet_model", "model_D"
MASK_TEACHER = "mic.teacher.ema_model"
ROLES = {STUDENT: "student", TEACHER: "teacher", IMNET: "ImageNet network", MASK_TEACHER: "teacher of the masked crops"}
SEGMENTOR_PARTS = ("backbone", "neck", "decode_head", "auxiliary_head")
ENCODER_PARTS = ("backbone.", "neck.")
FIT = "Use the config it was trained with."


@dataclass(frozen=True)
class Difference:
    """How a state dict differs from what a network expects: names of entries."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shapes: tuple[str, ...]

    @classmethod
    def between(cls, expected: State, state: State) -> Difference:
        """The difference of two state dicts by names and shapes."""
        return cls(
            missing=tuple(key for key in expected if key not in state),
            unexpected=tuple(key for key in state if key not in expected),
            shapes=tuple(key for key in expected if key in state and expected[key].shape != state[key].shape),
        )

    def only(self, prefix: str) -> Difference:
        """The part of it whose names start with ``prefix``."""
        return Difference(*(tuple(key for key in keys if key.startswith(prefix)) for keys in (self.missing, self.unexpected, self.shapes)))

    @property
    def serious(self) -> Difference:
        """Without what no prediction depends on: BatchNorm's counters (absent in old files) and an auxiliary head that is not used."""
        missing = tuple(key for key in self.missing if not key.endswith(".num_batches_tracked"))
        return Difference(missing, tuple(key for key in self.unexpected if not key.startswith("auxiliary_head.")), self.shapes)

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.shapes)

    def __str__(self) -> str:
        kinds = {"missing": self.missing, "unexpected": self.unexpected, "of another shape": self.shapes}
        return ", ".join(f"{len(keys)} {kind}{_first(keys)}" for kind, keys in kinds.items() if keys)


def _first(keys: Sequence[str], count: int = 2) -> str:
    return f" ({', '.join(keys[:count])}{', …' if len(keys) > count else ''})" if keys else ""


def networks(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    """The tensors of a checkpoint by network, e.g. ``{'model': …, 'ema_model': …, 'model_D': …}``.

    Args:
        content: what :func:`mmseg.engine.checkpoint.read_checkpoint` returns; tensors under ``state_dict`` or at the top.

    Returns:
        state dicts with names relative to the network; a bare segmentor counts as ``model``, other names
        by their first part.
    """
    found: dict[str, dict[str, Tensor]] = {}
    for key, value in content.get("state_dict", content).items():
        if isinstance(value, Tensor):
            name, rest = _split(str(key).removeprefix("module."))
            found.setdefault(name, {})[rest] = value
    return found


def _split(key: str) -> tuple[str, str]:
    """The network of an entry and its name in there."""
    if key.startswith(f"{MASK_TEACHER}."):
        return MASK_TEACHER, key.removeprefix(f"{MASK_TEACHER}.")
    name, _, rest = key.partition(".")
    return (STUDENT, key) if name in SEGMENTOR_PARTS else (name, rest.removeprefix("module."))


def network_state(content: Mapping[str, Any], name: str, path: str | os.PathLike) -> dict[str, Tensor]:
    """The state dict of one network.

    Args:
        content: see :func:`networks`.
        name: 'model' (student) or 'ema_model' (teacher).
        path: of the file, for the error.

    Raises:
        UserError: the file does not hold it; lists what it holds.
    """
    if name not in (STUDENT, TEACHER):
        raise UserError(f"weights={name!r} names no network of a checkpoint. Use '{STUDENT}' (student) or '{TEACHER}' (teacher).")
    found = networks(content)
    if name not in found:
        holds = ", ".join(f"{other} ({len(state)} entries)" for other, state in list(found.items())[:6]) or "no tensors"
        fix = f"Use --weights {STUDENT}." if STUDENT in found else "Use the checkpoint of a training."
        raise UserError(f"Checkpoint {path} holds no {name} ({ROLES[name]}), but {holds}. {fix}")
    return found[name]


def load_exactly(network: nn.Module, state: State, path: str | os.PathLike) -> None:
    """Loads ``state`` into ``network``, all or nothing: what a resume needs.

    Raises:
        UserError: names or shapes differ.
    """
    _refuse(Difference.between(network.state_dict(), state), path)
    network.load_state_dict(state)


def load_resumed(method: UDAMethod, state: State, path: str | os.PathLike) -> None:
    """:func:`load_exactly` for a method; decoders of an ImageNet network that keeps none are left out (``imnet_encoder_only``).

    Raises:
        UserError: names or shapes differ.
    """
    if method.imnet_model is not None:
        prefix = f"{IMNET}."
        others = {key: value for key, value in state.items() if not key.startswith(prefix)}
        imnet = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        state = others | {prefix + key: value for key, value in imnet_state(method.imnet_model, imnet, path).items()}
    load_exactly(method, state, path)


def imnet_state(network: nn.Module, state: State, path: str | os.PathLike) -> State:
    """The entries that an ImageNet network takes: all of them, or those of encoder and neck if it keeps nothing else.

    Raises:
        UserError: the file holds an encoder alone, and the network has decoders as well.
    """
    if not hasattr(network, "decode_head"):
        return {key: value for key, value in state.items() if key.startswith(ENCODER_PARTS)}
    if state and all(key.startswith(ENCODER_PARTS) for key in state):
        text = f"holds the encoder of the ImageNet network ({IMNET}) without its decoder"
        raise UserError(f"Checkpoint {path} {text}. Set uda.imnet_encoder_only=True.")
    return state


def load_segmentor(network: nn.Module, state: State, name: str, path: str | os.PathLike) -> str:
    """Loads a segmentor and says what was loaded.

    Missing BatchNorm counters and the entries of an auxiliary head that the network does not have are
    reported; everything else has to fit, because half a decoder would predict without complaint.

    Args:
        network: a segmentor (``backbone``, ``decode_head``, …, ``num_classes``).
        state: its entries in the file.
        name, path: network and file, for the report.

    Returns:
        one line with the numbers of entries, and the first missing and unexpected ones.

    Raises:
        UserError: another backbone, another number of classes, or another decoder.
    """
    expected = network.state_dict()
    difference = Difference.between(expected, state)
    if difference.serious.only("backbone."):
        text = f"does not hold the backbone of this config, {type(network.backbone).__name__}: {difference.serious.only('backbone.')}"
        raise UserError(f"Checkpoint {path} {text}. {FIT}")
    _check_classes(network, state, difference.shapes, path)
    _refuse(difference.serious, path)
    network.load_state_dict(state, strict=False)
    amount = f"{difference}" if difference else f"all {len(expected)} entries"
    return f"Loaded {name} ({ROLES[name]}) of {path}: {amount}"


def _check_classes(network: nn.Module, state: State, shapes: Sequence[str], path: str | os.PathLike) -> None:
    """Classifiers have one row for each class; a scale attention may have a single one."""
    expected, classes = network.state_dict(), network.num_classes
    rows = {
        len(state[key])
        for key in shapes
        if len(expected[key]) == classes and expected[key].shape[1:] == state[key].shape[1:] and ".scale_attention." not in key
    }
    if len(rows) == 1 and rows != {classes}:
        (trained,) = rows
        raise UserError(f"Checkpoint {path} was trained with {trained} classes, but the config has {classes}. {FIT}")


def _refuse(difference: Difference, path: str | os.PathLike) -> None:
    if difference:
        raise UserError(f"Checkpoint {path} does not belong to this model: {difference}. {FIT}")


def covers(method: UDAMethod, content: Mapping[str, Any]) -> bool:
    """Whether :func:`load_method` replaces every network of a method: nothing of its initial weights would be left.

    A missing teacher is no gap, since it becomes a copy of the student.
    """
    parts = {STUDENT: method.model, IMNET: method.imnet_model, DISCRIMINATOR: method.model_D}
    return {name for name, network in parts.items() if network is not None} <= networks(content).keys()


def load_method(method: UDAMethod, content: Mapping[str, Any], path: str | os.PathLike) -> list[str]:
    """Starts a training from a checkpoint: the student, and every other network that both sides have.

    A teacher that the file lacks starts as a copy of the loaded student. An ImageNet network or a discriminator
    that it lacks keeps its initial weights, so call this after ``init_weights()``.

    Returns:
        lines for the log.

    Raises:
        UserError: see :func:`network_state` and :func:`load_segmentor`.
    """
    found = networks(content)
    reports = [load_segmentor(method.model, network_state(content, STUDENT, path), STUDENT, path)]
    places = {module: name for name, module in method.named_modules()}
    for teacher in method.teachers:
        name = places[teacher.network]
        teacher.restored = name in found
        if teacher.restored:
            reports.append(load_segmentor(teacher.network, found[name], name, path))
        else:
            teacher.network.load_state_dict(method.model.state_dict())
            reports.append(f"{path} holds no {name}: this teacher starts as a copy of the student")
    if method.imnet_model is not None and IMNET in found:
        reports.append(load_segmentor(method.imnet_model, imnet_state(method.imnet_model, found[IMNET], path), IMNET, path))
    elif method.imnet_model is not None:
        reports.append(f"{path} holds no {IMNET}: the ImageNet network keeps the initial weights of the config")
    if method.model_D is not None and DISCRIMINATOR in found:
        load_exactly(method.model_D, found[DISCRIMINATOR], path)
    unused = [f"{name} ({len(state)} entries)" for name, state in found.items() if name not in places.values()]
    return [*reports, f"{path} also holds {', '.join(unused)}: not used"] if unused else reports
