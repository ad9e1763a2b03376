"""Mixtures as a file, and each reason why a reader refuses it."""

import json
import re

import numpy as np
import pytest
import torch

from mmseg.utils.errors import UserError
from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.products.mixture_file import ARRAYS, MixtureParameters, read_mixture_header, read_mixtures, write_mixtures

MADE = MixtureParameters(
    means=torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.0, 0.0, 0.0]] * 2]),
    variances=torch.ones(2, 2, 3),
    weights=torch.tensor([[0.25, 0.75], [0.0, 0.0]]),
    units="raw",
    grid=(161, 96),
)
HEADER = {
    "version": VERSION,
    "kind": "mixtures",
    "made_by": "python tools/prepare/depth_distribution.py a.py --out mixtures.npz",
    "digest": None,
    "checkpoint": None,
    "classes": ["road", "terrain"],
    "images": 1,
    "images_digest": images_digest(["a.png"]),
    "complete": True,
    "units": "raw",
    "grid": [161, 96],
    "pixels": {"road": 10, "terrain": 0},
    "log_likelihood": {"road": -7.5},
    "converged": {"road": True},
    "frequencies": {"road": 1.0, "terrain": 0.0},
}
AGAIN = "Make a new one with python tools/prepare/depth_distribution.py, see its --help."


def test_what_is_written_is_read(tmp_path):
    write_mixtures(tmp_path / "a.npz", MADE, HEADER)
    read = read_mixtures(tmp_path / "a.npz", classes=["road", "terrain"])
    for name in ARRAYS:
        assert torch.equal(getattr(read, name), getattr(MADE, name)) and getattr(read, name).dtype == torch.float32
    assert read.units == "raw" and read.grid == (161, 96)
    assert read_mixture_header(tmp_path / "a.npz") == HEADER
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_another_suffix(tmp_path):
    with pytest.raises(UserError, match=r"a\.pth is to hold mixtures\. Give it a name that ends with \.npz\."):
        write_mixtures(tmp_path / "a.pth", MADE, HEADER)


def test_other_classes(tmp_path):
    write_mixtures(tmp_path / "a.npz", MADE, HEADER)
    with pytest.raises(UserError, match="is made for other classes: number 1 is 'terrain' there, and 'sky' is needed"):
        read_mixtures(tmp_path / "a.npz", classes=["road", "sky"])


def refuse(path, text):
    with pytest.raises(UserError) as caught:
        read_mixtures(path)
    line = str(caught.value)
    assert line.startswith(f"{path} {text}") and line.endswith(AGAIN) and "\n" not in line


def test_files_that_are_no_mixtures(tmp_path):
    path = tmp_path / "a.npz"
    refuse(path, "does not exist.")
    write_mixtures(path, MADE, HEADER)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(content)
        refuse(path, "is cut off, or holds no mixtures (")


GOOD = {**{name: getattr(MADE, name).numpy() for name in ARRAYS}, "header": np.array(json.dumps(HEADER))}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"means": GOOD["means"].astype(np.float64)}, "holds other numbers than mixtures"),
        ({"means": GOOD["means"][0]}, "holds other numbers than mixtures"),
        ({"means": GOOD["means"] * np.nan}, "holds other numbers than mixtures"),
        ({"variances": 0 * GOOD["variances"]}, "holds other numbers than mixtures"),
        ({"variances": GOOD["variances"][:1]}, "holds other numbers than mixtures"),
        ({"weights": GOOD["weights"] * 2}, "holds other numbers than mixtures"),
        ({"weights": GOOD["weights"] - np.float32([1, -1])}, "holds other numbers than mixtures"),
        ({"weights": np.array([{}])}, "is cut off, or holds no mixtures (Object arrays cannot be loaded"),
        ({"header": np.array("{")}, "is cut off, or holds no mixtures ("),
        ({"header": np.array(json.dumps({**HEADER, "version": 2}))}, "has the version 2, which this program does not know."),
        ({"header": np.array(json.dumps({**HEADER, "units": "feet"}))}, "holds ['units'] = 'feet', which should"),
        ({"header": np.array(json.dumps({**HEADER, "grid": [0, 96]}))}, "holds ['grid'][0] = 0, which should"),
        ({"header": np.array(json.dumps({**HEADER, "classes": ["road"]}))}, "holds 2 mixtures and 1 frequencies of 1 classes."),
        ({"header": np.array(json.dumps({**HEADER, "frequencies": {"road": 1.0}}))}, "holds 2 mixtures and 1 frequencies of 2 classes."),
    ],
)
def test_other_contents(changes, text, tmp_path):
    np.savez(tmp_path / "a.npz", **{**GOOD, **changes})
    refuse(tmp_path / "a.npz", re.sub(r"\s+", " ", text))
