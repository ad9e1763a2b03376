"""Which networks a checkpoint holds, and loading them: our own files and published ones.

A training wrapper keeps the student under ``model.``, the teacher under ``ema_model.`` and the frozen
ImageNet network under ``imnet_model.``; a published file may hold the student alone, be a bare segmentor, or keep encoder and decoder apart
(:mod:`mmseg.engine.checkpoints.published_parts`).
Distributed training may add ``module.`` at the front of a key or behind the network's name.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor, nn

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.classifiers import check_class_count, classifier_entries
from mmseg.engine.checkpoints.frozen import completed
from mmseg.engine.checkpoints.published_parts import joined
from mmseg.engine.checkpoints.state_difference import State, StateDifference, first_names
from mmseg.models.uda import UDAMethod
from mmseg.models.weights.values import defect
from mmseg.utils.errors import UserError
from mmseg.utils.storage.run_folder import BEST

STUDENT, TEACHER, IMNET, DISCRIMINATOR = "model", "ema_model", "imnet_model", "model_D"
REFERENCE = "feature_reference"
MASK_TEACHER = "mic.teacher.ema_model"
ROLES = {STUDENT: "student", TEACHER: "teacher", IMNET: "ImageNet network", MASK_TEACHER: "teacher of the masked crops"}
SEGMENTOR_PARTS = ("backbone", "neck", "decode_head", "auxiliary_head", "depth_head")
ENCODER_PARTS = ("backbone.", "neck.")
FIT = "Use the config it was trained with."
WITHOUT = "or start from everything but its classifiers with --skip-classifier (skip_classifier=True in a config)."
OTHER_CLASSES = f"{FIT[:-1]}, {WITHOUT}"


def networks(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    """The tensors of a checkpoint by network, e.g. ``{'model': …, 'ema_model': …, 'model_D': …}``.

    Args:
        content: what :func:`mmseg.engine.checkpoints.checkpoint.read_checkpoint` returns; tensors under ``state_dict`` or at the top.

    Returns:
        state dicts with names relative to the network; a bare segmentor counts as ``model``, other names
        by their first part.
    """
    found: dict[str, dict[str, Tensor]] = {}
    for key, value in joined(content.get("state_dict", content)).items():
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
        UserError: names or shapes differ, or a tensor is no use.
    """
    _refuse(StateDifference.between(network.state_dict(), state), path)
    _check_values(network.state_dict(), state, path)
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


def load_segmentor(
    network: nn.Module, state: State, name: str, path: str | os.PathLike, *, leave_out: Collection[str] = (), other_classes: str = FIT
) -> str:
    """Loads a segmentor and says what was loaded.

    Missing BatchNorm counters and the entries of an auxiliary head that the network does not have are
    reported; everything else has to fit, because half a decoder would predict without complaint.

    Args:
        network: a segmentor (``backbone``, ``decode_head``, …, ``num_classes``).
        state: its entries in the file.
        name, path: network and file, for the report.
        leave_out: entries that the network keeps as they are.
        other_classes: ends the error about another number of classes.

    Returns:
        one line with the numbers of entries, and the first missing and unexpected ones.

    Raises:
        UserError: another backbone, another number of classes, another decoder, or a tensor that is no use.
    """
    expected, state = ({key: value for key, value in values.items() if key not in leave_out} for values in (network.state_dict(), state))
    difference = StateDifference.between(expected, state)
    if difference.serious.only("backbone."):
        text = f"does not hold the backbone of this config, {type(network.backbone).__name__}: {difference.serious.only('backbone.')}"
        raise UserError(f"Checkpoint {path} {text}. {FIT}")
    check_class_count(network, state, difference.shapes, path, other_classes)
    _refuse(difference.serious, path)
    _check_values(expected, state, path, f"{name}.")
    network.load_state_dict(state, strict=False)
    amount = f"{difference}" if difference else f"all {len(expected)} entries"
    left_out = f", without the classifiers{first_names(sorted(leave_out))}" if leave_out else ""
    return f"Loaded {name} ({ROLES[name]}) of {path}: {amount}{left_out}"


def _refuse(difference: StateDifference, path: str | os.PathLike) -> None:
    if difference:
        raise UserError(f"Checkpoint {path} does not belong to this model: {difference}. {FIT}")


def _check_values(expected: State, state: State, path: str | os.PathLike, prefix: str = "") -> None:
    """Refuses tensors that a network with the entries ``expected`` cannot compute with; ``prefix`` goes before their names."""
    for key, value in state.items():
        if wrong := defect(value, like=expected.get(key)):
            raise UserError(f"Checkpoint {path}: {prefix}{key} {wrong}. Use an earlier state, such as {BEST}, or another file.")


def covers(method: UDAMethod, content: Mapping[str, Any]) -> bool:
    """Whether :func:`load_method` replaces every network of a method: nothing of its initial weights would be left.

    A missing teacher is no gap, since it becomes a copy of the student.
    """
    parts = {STUDENT: method.model, IMNET: method.imnet_model, DISCRIMINATOR: method.model_D, REFERENCE: method.feature_reference}
    return {name for name, network in parts.items() if network is not None} <= networks(content).keys()


def load_student(network: nn.Module, path: str | os.PathLike) -> str:
    """Loads the student of a checkpoint into a network; returns a line for the log.

    Raises:
        UserError: see :func:`network_state` and :func:`load_segmentor`.
    """
    content = completed(read_checkpoint(path), network, path)
    return load_segmentor(network, network_state(content, STUDENT, path), STUDENT, path)


def load_method(method: UDAMethod, content: Mapping[str, Any], path: str | os.PathLike, *, skip_classifier: bool = False) -> list[str]:
    """Starts a training from a checkpoint: the student, and every other network that both sides have.

    A teacher that the file lacks starts as a copy of the loaded student. An ImageNet network, a discriminator or
    a reference of features that it lacks keeps its initial weights, so call this after ``init_weights()``.

    Args:
        method: to load into.
        content: see :func:`networks`.
        path: of the file.
        skip_classifier: for other classes than those of the file: the layers whose rows are classes keep their initial weights, and so
            does a discriminator, which looks at their outputs; teachers start as copies of the student.

    Returns:
        lines for the log.

    Raises:
        UserError: see :func:`network_state` and :func:`load_segmentor`.
    """
    content = completed(content, method.model, path)
    found = networks(content)
    others = {name: state for name, state in found.items() if name in (STUDENT, IMNET)} if skip_classifier else found

    def load(network: nn.Module, state: State, name: str) -> str:
        leave_out = classifier_entries(network) if skip_classifier else ()
        return load_segmentor(network, state, name, path, leave_out=leave_out, other_classes=OTHER_CLASSES)

    reports = [load(method.model, network_state(content, STUDENT, path), STUDENT)]
    places = {module: name for name, module in method.named_modules()}
    for teacher in method.teachers:
        name = places[teacher.network]
        teacher.restored = name in others
        if teacher.restored:
            reports.append(load(teacher.network, others[name], name))
        else:
            teacher.network.load_state_dict(method.model.state_dict())
            why = "the classes are others" if name in found else f"{path} holds no {name}"
            reports.append(f"{why}: this teacher starts as a copy of the student")
    if method.imnet_model is not None and IMNET in others:
        reports.append(load(method.imnet_model, imnet_state(method.imnet_model, others[IMNET], path), IMNET))
    elif method.imnet_model is not None:
        reports.append(f"{path} holds no {IMNET}: the ImageNet network keeps the initial weights of the config")
    if method.model_D is not None and DISCRIMINATOR in others:
        load_exactly(method.model_D, others[DISCRIMINATOR], path)
    if method.feature_reference is not None and REFERENCE in others:
        load_exactly(method.feature_reference, others[REFERENCE], path)
    unused = [f"{name} ({len(state)} entries)" for name, state in found.items() if name not in places.values() or name not in others]
    return [*reports, f"{path} also holds {', '.join(unused)}: not used"] if unused else reports
