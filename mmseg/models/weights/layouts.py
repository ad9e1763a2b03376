"""The layouts in which ImageNet weights of our encoders are published: which keys they have, and what we call them.

=============  ============================================  ==============================================
encoder        layout                                        recognised by
=============  ============================================  ==============================================
MiT            SegFormer's own, which is ours                nothing has to be done
MiT            Hugging Face (``nvidia/mit-b*``)              ``…encoder.patch_embeddings.0.proj.weight``
MiT            OpenMMLab (``mit_b*_20220624-*.pth``)         ``layers.0.0.projection.weight``
ResNet family  OpenMMLab's and torchvision's, which is ours  nothing has to be done
ResNet family  timm's deep stem (``resnet50c``, ``resnest``)  ``conv1.0.weight``
ResNet-101     DeepLab's, as AdaptSegNet and AdvEnt start    ``Scale.conv1.weight``
ResNet-101     a whole network of depth distribution         ``enc5_1.weight``
=============  ============================================  ==============================================

All of them may lie below ``module.``, ``model.`` or ``backbone.``, and beside a classifier.
A state is a dictionary from keys to tensors; functions return a new one and never change what they get.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor

State = dict[str, Tensor]

WRAPPERS = ("module.", "model.", "Scale.")
CLASSIFIERS = ("head.", "fc.", "classifier.", "layer5.")
_STUDENT_ENCODER = re.compile(r"(?:(?:module\.)?model\.(?:module\.)?)?backbone\.(.+)")
"""Of a segmentor, or of a training with several networks, whose teacher and ImageNet network are not looked at."""

_HUGGING_FACE_PARTS = {"patch_embeddings": "patch_embed", "block": "block", "layer_norm": "norm"}
_HUGGING_FACE_NAMES = {
    "layer_norm_1.": "norm1.",
    "layer_norm_2.": "norm2.",
    "attention.self.query.": "attn.q.",
    "attention.self.key.": "attn.k.",
    "attention.self.value.": "attn.v.",
    "attention.self.sr.": "attn.sr.",
    "attention.self.layer_norm.": "attn.norm.",
    "attention.output.dense.": "attn.proj.",
    "mlp.dense1.": "mlp.fc1.",
    "mlp.dense2.": "mlp.fc2.",
    "layer_norm.": "norm.",
}
DEPTH_DISTRIBUTION = "enc5_1.weight"
_DEPTH_DISTRIBUTION_PARTS = {"layer6.": "decode_head."} | {
    f"{branch}_{layer}.": f"depth_head.{name}.conv{layer}."
    for branch, name in (("enc4", "density"), ("enc5", "depth"))
    for layer in (1, 2, 3)
}
_NEVER_USED = ("enc4_4.", "dec4.")
_OPENMMLAB_PARTS = {"0": "patch_embed", "1": "block", "2": "norm"}
_OPENMMLAB_NAMES = {
    "projection.": "proj.",
    "attn.attn.in_proj_": "attn.qkv.",
    "attn.attn.out_proj.": "attn.proj.",
    "ffn.layers.0.": "mlp.fc1.",
    "ffn.layers.1.": "mlp.dwconv.dwconv.",
    "ffn.layers.4.": "mlp.fc2.",
}


def encoder_weights(state: State) -> tuple[State, list[str]]:
    """The weights of an encoder in our layout.

    Args:
        state: what a file holds, in any of the layouts above.

    Returns:
        The weights by our keys, and the file's keys that do not belong to an encoder (a classifier). Keys
        that are not understood are kept as they are.
    """
    encoder = _without_wrappers(state)
    encoder = from_depth_distribution(encoder) if DEPTH_DISTRIBUTION in encoder else encoder
    below = {match[1]: value for key, value in encoder.items() if (match := _STUDENT_ENCODER.fullmatch(key))}
    unused = [key for key in encoder if not _STUDENT_ENCODER.fullmatch(key)] if below else []
    encoder = below or encoder
    unused += [key for key in encoder if key.startswith(CLASSIFIERS)]
    encoder = {key: value for key, value in encoder.items() if not key.startswith(CLASSIFIERS)}
    for is_written_so, convert in _LAYOUTS:
        if is_written_so(encoder):
            return convert(encoder), unused
    return encoder, unused


def from_hugging_face(state: State) -> State:
    """MiT as ``SegformerModel`` and ``SegformerForImageClassification`` of transformers name it.

    Their key and value projections are two layers; ours, like SegFormer's, is one with the keys first.
    """
    pattern = re.compile(r"(?:segformer\.)?encoder\.(patch_embeddings|block|layer_norm)\.(\d+)\.(.+)")
    state = _renamed(state, pattern, lambda match: (match[2], _HUGGING_FACE_PARTS[match[1]], match[3]), _HUGGING_FACE_NAMES)
    joined = {}
    for key, value in state.items():
        keys, values = key.replace(".attn.v.", ".attn.k."), key.replace(".attn.k.", ".attn.v.")
        if keys == values or keys not in state or values not in state or state[keys].shape != state[values].shape:
            joined[key] = value
        elif key == keys:
            joined[key.replace(".attn.k.", ".attn.kv.")] = torch.cat([value, state[values]])
    return joined


def from_openmmlab_mit(state: State) -> State:
    """MiT as mmsegmentation names it: one projection of queries, keys and values, and a Mix-FFN of 1x1 convolutions."""
    pattern = re.compile(r"layers\.(\d+)\.([012])\.(.+)")
    state = _renamed(state, pattern, lambda match: (match[1], _OPENMMLAB_PARTS[match[2]], match[3]), _OPENMMLAB_NAMES)
    converted = {}
    for key, value in state.items():
        if ".attn.qkv." in key:
            dim = value.shape[0] // 3
            converted[key.replace(".qkv.", ".q.")], converted[key.replace(".qkv.", ".kv.")] = value[:dim], value[dim:]
        elif key.endswith((".mlp.fc1.weight", ".mlp.fc2.weight")) and value.ndim == 4:
            converted[key] = value.flatten(1)
        else:
            converted[key] = value
    return converted


def from_timm_deep_stem(state: State) -> State:
    """ResNets of timm (and of the authors of ResNeSt) that have three 3x3 convolutions as ``conv1`` and ``bn1`` behind them."""
    return {re.sub(r"^bn1\.", "stem.7.", re.sub(r"^conv1\.(\d)\.", r"stem.\1.", key)): value for key, value in state.items()}


def from_depth_distribution(state: State) -> State:
    """A whole network of depth distribution (Wu and Liu, NeurIPS 2022) by the names of our segmentor: ``layer6`` is its decoder, ``enc4_*``
    predicts the density and ``enc5_*`` the depth. ``enc4_4`` and ``dec4`` are in its files and never used: they are dropped."""
    converted = {}
    for key, value in state.items():
        if key.startswith(_NEVER_USED):
            continue
        theirs = next((part for part in _DEPTH_DISTRIBUTION_PARTS if key.startswith(part)), "")
        converted[_DEPTH_DISTRIBUTION_PARTS.get(theirs, "backbone.") + key.removeprefix(theirs)] = value
    return converted


def has_large_stem(state: State) -> bool:
    """Whether the weights are those of a residual network with one 7x7 convolution as its stem."""
    return "layer1.0.conv1.weight" in state and "conv1.weight" in state


def _without_wrappers(state: State) -> State:
    for prefix in WRAPPERS:
        if state and all(key.startswith(prefix) for key in state):
            return _without_wrappers({key.removeprefix(prefix): value for key, value in state.items()})
    return state


def _renamed(state: State, pattern: re.Pattern, read: Callable[[re.Match], tuple[str, str, str]], names: dict[str, str]) -> State:
    """Renames keys that match; ``read`` gives stage (from 0), part and the rest, in which the first name that fits is replaced."""
    renamed = {}
    for key, value in state.items():
        if match := pattern.fullmatch(key):
            stage, part, rest = read(match)
            old = next((name for name in names if rest.startswith(name) or f".{name}" in rest), "")
            rest = rest.replace(old, names.get(old, ""), 1) if old else rest
            key = f"{part}{int(stage) + 1}.{rest}"
        renamed[key] = value
    return renamed


_LAYOUTS: tuple[tuple[Callable[[State], bool], Callable[[State], State]], ...] = (
    (lambda state: any(key.endswith("encoder.patch_embeddings.0.proj.weight") for key in state), from_hugging_face),
    (lambda state: "layers.0.0.projection.weight" in state, from_openmmlab_mit),
    (lambda state: "conv1.0.weight" in state, from_timm_deep_stem),
)
