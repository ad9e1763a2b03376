"""Advice about prototypes: what makes them, and what reads their file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmseg.apis.predicting.inference import init_model
from mmseg.apis.preparing.images import images_of
from mmseg.apis.preparing.prototypes import Gathered, gather, make_prototypes
from mmseg.config import load_config
from mmseg.utils.products.prototype_file import read_prototype_header, read_prototypes, write_prototypes
from tests.advice.following import advice
from tests.advice.labelling import CLASSES, Labelling
from tests.models.networks import deeplab_head, plain

CHANNELS = 8  # of the map before the classifier of the network


@pytest.fixture
def labelling(tmp_path, call) -> Labelling:
    return Labelling(tmp_path, call)


@pytest.fixture
def made(labelling) -> Path:
    return labelling.make("prototypes", labelling.root / "prototypes.npz")


def rewritten(path: Path, **changes: object) -> None:
    """Has some arrays of the file replaced by functions of them."""
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files}
    np.savez(path, **{name: changes[name](value) if name in changes else value for name, value in arrays.items()})


def test_a_broken_file(labelling, made):
    whole = made.read_bytes()
    made.write_bytes(whole[:-30])
    fix = advice("{} is cut off, or holds no {} ({}). {}", lambda: read_prototypes(made))[-1]
    tool = fix.removeprefix("Make a new one with ").removesuffix(", see its --help.")
    again(labelling, tool, made)
    rewritten(made, vectors=lambda vectors: vectors.astype(np.float64))
    *_, tool = advice(
        "holds other numbers than prototypes float32 [K, C] and counts int64 [K] of them. Make a new one with {}, see its --help.",
        lambda: read_prototypes(made),
    )
    again(labelling, tool, made)
    rewritten(made, pixels=np.zeros_like)
    *_, tool = advice("is made of no pixels at all. Make a new one with {}, see its --help.", lambda: read_prototypes(made))
    again(labelling, tool, made)
    rewritten(made, header=lambda text: np.array(json.dumps({**json.loads(str(text)), "classes": ["road"]})))
    *_, tool = advice("holds {} prototypes of {} classes. Make a new one with {}, see its --help.", lambda: read_prototypes(made))
    again(labelling, tool, made)


def again(labelling: Labelling, tool: str, path: Path) -> None:
    labelling.run(labelling.command(tool, path))
    assert read_prototypes(path, num_classes=5, channels=CHANNELS).counts.any()


def test_no_file(labelling, tmp_path):
    path = tmp_path / "new.npz"
    _, fix = advice("{} does not exist. {}", lambda: read_prototypes(path), file="array_file.py")
    again(labelling, fix.removeprefix("Make a new one with ").removesuffix(", see its --help."), path)


def test_prototypes_of_another_network(labelling, made, call):
    other = Labelling(labelling.root, call, CLASSES[:3])
    *_, tool = advice(
        "holds prototypes of {} classes, but the network has {}. Make others with {} and the network that is trained on them.",
        lambda: read_prototypes(made, num_classes=3),
    )
    other.run(other.command(tool, made))
    assert read_prototypes(made, num_classes=3).vectors.shape == (3, CHANNELS)
    *_, tool = advice(
        "holds prototypes of {} channels, but the map of the network has {}. Make others with {} and the network that is trained on them.",
        lambda: read_prototypes(made, channels=256),
    )
    again(labelling, tool, made)


def test_a_name_of_another_kind(made, tmp_path):
    prototypes, header = read_prototypes(made), read_prototype_header(made)
    said = "{} is to hold {}. Give it a name that ends with {}."
    *_, suffix = advice(said, lambda: write_prototypes(tmp_path / "a.pth", prototypes, header))
    write_prototypes(tmp_path / f"a{suffix.rstrip('.')}", prototypes, header)


def test_a_network_without_an_embedding(labelling):
    cfg = load_config(labelling.config, training=False)
    with_one, cfg.model = cfg.model, {**plain(), "decode_head": deeplab_head()}
    advice(
        "{}. Use a network with one, such as that of DAFormerHead or SEASPPHead.",
        lambda: gather(cfg, init_model(cfg), images_of(cfg, "target"), passes=1),
    )
    cfg.model = with_one
    assert gather(cfg, init_model(cfg), images_of(cfg, "target"), passes=1).counts.any()


def test_maps_of_few_pixels(labelling):
    """Images of 32x32 pixels have a map of 8x8 values, and only many classes can leave none of them ten."""
    cfg = load_config(labelling.config, training=False)
    method = init_model(cfg, labelling.checkpoint)
    nothing = Gathered(torch.zeros(5, CHANNELS), torch.zeros(5), torch.full((5,), 9))
    arguments = {"settings": {}, "command": "a test"}
    advice(
        "{}. Use larger images, or a network whose map is finer.",
        lambda: make_prototypes(method, nothing, labelling.checkpoint, ["a"], **arguments),
    )
    larger = gather(cfg, method, images_of(cfg, "target"), passes=1)
    assert make_prototypes(method, larger, labelling.checkpoint, ["a"], **arguments)[0].counts.any()
