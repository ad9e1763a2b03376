"""Our encoders' weights written as other libraries write them; by hand, independently of the code that reads them."""

from __future__ import annotations

import re

import torch

State = dict[str, torch.Tensor]


def hugging_face(state: State) -> State:
    """MiT as transformers' SegformerForImageClassification saves it."""
    written = {"classifier.weight": torch.zeros(10, 256), "classifier.bias": torch.zeros(10)}
    for key, value in state.items():
        part, number, rest = re.fullmatch(r"([a-z_]+)(\d)\.(.+)", key).groups()
        stage = int(number) - 1
        if part == "patch_embed":
            written[f"segformer.encoder.patch_embeddings.{stage}.{rest.replace('norm.', 'layer_norm.')}"] = value
            continue
        if part == "norm":
            written[f"segformer.encoder.layer_norm.{stage}.{rest}"] = value
            continue
        index, layer, leaf = re.fullmatch(r"(\d+)\.(.+)\.(weight|bias)", rest).groups()
        block = f"segformer.encoder.block.{stage}.{index}"
        if layer == "attn.kv":
            half = len(value) // 2
            written[f"{block}.attention.self.key.{leaf}"], written[f"{block}.attention.self.value.{leaf}"] = value[:half], value[half:]
            continue
        names = {"norm1": "layer_norm_1", "norm2": "layer_norm_2", "attn.q": "attention.self.query", "attn.sr": "attention.self.sr"}
        names |= {"attn.norm": "attention.self.layer_norm", "attn.proj": "attention.output.dense"}
        names |= {"mlp.fc1": "mlp.dense1", "mlp.dwconv.dwconv": "mlp.dwconv.dwconv", "mlp.fc2": "mlp.dense2"}
        written[f"{block}.{names[layer]}.{leaf}"] = value
    return written


def openmmlab_mit(state: State) -> State:
    """MiT as mmsegmentation's converted files hold it."""
    written = {}
    for key, value in state.items():
        part, number, rest = re.fullmatch(r"([a-z_]+)(\d)\.(.+)", key).groups()
        stage = f"layers.{int(number) - 1}"
        if part == "patch_embed":
            written[f"{stage}.0.{rest.replace('proj.', 'projection.')}"] = value
            continue
        if part == "norm":
            written[f"{stage}.2.{rest}"] = value
            continue
        index, layer, leaf = re.fullmatch(r"(\d+)\.(.+)\.(weight|bias)", rest).groups()
        block = f"{stage}.1.{index}"
        if layer == "attn.q":
            written[f"{block}.attn.attn.in_proj_{leaf}"] = torch.cat([value, state[key.replace(".q.", ".kv.")]])
        elif layer != "attn.kv":
            names = {"norm1": "norm1", "norm2": "norm2", "attn.sr": "attn.sr", "attn.norm": "attn.norm"}
            names |= {"attn.proj": "attn.attn.out_proj", "mlp.fc1": "ffn.layers.0", "mlp.dwconv.dwconv": "ffn.layers.1"}
            names |= {"mlp.fc2": "ffn.layers.4"}
            pointwise = layer in ("mlp.fc1", "mlp.fc2") and leaf == "weight"
            written[f"{block}.{names[layer]}.{leaf}"] = value[:, :, None, None] if pointwise else value
    return written


def timm_deep_stem(state: State) -> State:
    """ResNets as timm names them: the last normalisation of the stem stands outside of it."""
    stem = {f"stem.{index}.": f"conv1.{index}." for index in (0, 1, 3, 4, 6)} | {"stem.7.": "bn1."}
    written = {"fc.weight": torch.zeros(10, 2048), "fc.bias": torch.zeros(10)}
    for key, value in state.items():
        ours = next((start for start in stem if key.startswith(start)), "")
        written[stem.get(ours, "") + key.removeprefix(ours)] = value
    return written
