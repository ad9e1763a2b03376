"""Prototypes as a file, and each reason why a reader refuses it."""

import json
import re

import numpy as np
import pytest
import torch

from mmseg.utils.errors import UserError
from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.products.prototype_file import Prototypes, read_prototype_header, read_prototypes, write_prototypes

MADE = Prototypes(torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), torch.tensor([4, 0]), torch.tensor([75, 25]))
COMMAND = "python tools/prepare/prototypes.py a.py latest.pth --out prototypes.npz"
HEADER = {
    "version": VERSION,
    "kind": "prototypes",
    "made_by": COMMAND,
    "digest": "01234567",
    "checkpoint": "ab" * 32,
    "classes": ["road", "sky"],
    "images": 1,
    "images_digest": images_digest(["a.png"]),
    "complete": True,
}
AGAIN = "Make a new one with python tools/prepare/prototypes.py, see its --help."
OTHERS = "Make others with python tools/prepare/prototypes.py and the network that is trained on them."


def test_what_is_written_is_read(tmp_path):
    write_prototypes(tmp_path / "a.npz", MADE, HEADER)
    read = read_prototypes(tmp_path / "a.npz", num_classes=2, channels=3, classes=["road", "sky"])
    for name in ("vectors", "counts", "pixels"):
        assert torch.equal(getattr(read, name), getattr(MADE, name)) and getattr(read, name).dtype == getattr(MADE, name).dtype
    assert torch.equal(read.distribution, torch.tensor([0.75, 0.25]).double())
    assert read_prototype_header(tmp_path / "a.npz") == HEADER
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_the_same_prototypes_are_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_prototypes(tmp_path / f"{name}.npz", MADE, HEADER)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_another_suffix(tmp_path):
    with pytest.raises(UserError, match=r"a\.pth is to hold prototypes\. Give it a name that ends with \.npz\."):
        write_prototypes(tmp_path / "a.pth", MADE, HEADER)
    write_prototypes(tmp_path / "a.npz", MADE, HEADER)


@pytest.mark.parametrize(
    ("needed", "text"),
    [
        ({"num_classes": 3}, f"holds prototypes of 2 classes, but the network has 3. {OTHERS}"),
        ({"channels": 256}, f"holds prototypes of 3 channels, but the map of the network has 256. {OTHERS}"),
        ({"classes": ["road", "car"]}, "is made for other classes: number 1 is 'sky' there, and 'car' is needed. "),
    ],
)
def test_what_does_not_fit(needed, text, tmp_path):
    write_prototypes(tmp_path / "a.npz", MADE, HEADER)
    with pytest.raises(UserError, match=re.escape(f"{tmp_path / 'a.npz'} {text}")):
        read_prototypes(tmp_path / "a.npz", **needed)


def refuse(path, text):
    with pytest.raises(UserError) as caught:
        read_prototypes(path)
    line = str(caught.value)
    assert line.startswith(f"{path} {text}") and line.endswith(AGAIN) and "\n" not in line


def test_files_that_are_no_prototypes(tmp_path):
    path = tmp_path / "a.npz"
    refuse(path, "does not exist.")
    write_prototypes(path, MADE, HEADER)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(content)
        refuse(path, "is cut off, or holds no prototypes (")


GOOD = {
    "vectors": MADE.vectors.numpy(),
    "counts": MADE.counts.numpy(),
    "pixels": MADE.pixels.numpy(),
    "header": np.array(json.dumps(HEADER)),
}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"vectors": GOOD["vectors"].astype(np.float64)}, "holds other numbers than prototypes"),
        ({"vectors": GOOD["vectors"][0]}, "holds other numbers than prototypes"),
        ({"vectors": GOOD["vectors"] * np.nan}, "holds other numbers than prototypes"),
        ({"counts": GOOD["counts"][:1]}, "holds other numbers than prototypes"),
        ({"pixels": -GOOD["pixels"]}, "holds other numbers than prototypes"),
        ({"pixels": 0 * GOOD["pixels"]}, "is made of no pixels at all."),
        ({"vectors": np.array([{}])}, "is cut off, or holds no prototypes (Object arrays cannot be loaded"),
        ({"header": np.array("{")}, "is cut off, or holds no prototypes ("),
        ({"header": np.array(json.dumps({**HEADER, "version": 2}))}, "has the version 2, which this program does not know."),
        ({"header": np.array(json.dumps({**HEADER, "classes": ["road"]}))}, "holds 2 prototypes of 1 classes."),
    ],
)
def test_other_contents(changes, text, tmp_path):
    np.savez(tmp_path / "a.npz", **{**GOOD, **changes})
    refuse(tmp_path / "a.npz", text)
