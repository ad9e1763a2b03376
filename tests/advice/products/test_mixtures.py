"""Advice about mixtures: what they are fitted to, and what reads their file; and about how right pseudo-labels are."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from mmseg.utils.products.mixture_file import read_mixture_header, read_mixtures, write_mixtures
from tests.advice.following import advice
from tests.advice.labelling import Labelling
from tests.apis.preparing.depth_source import CLASSES, write_config, write_source
from tools.prepare import depth_distribution, label_quality

GRID = ["--grid", "40", "20", "--components", "2"]


@pytest.fixture
def config(tmp_path) -> Path:
    return write_config(write_source(tmp_path))


@pytest.fixture
def fit(call, config):
    """Makes a file of mixtures; returns it."""

    def run(*options: str, path: Path = config.parent / "mixtures.npz") -> Path:
        call(depth_distribution.main, config, "--out", path, *(options or GRID))
        return path

    return run


def again(fit, fix: str, path: Path) -> None:
    """Follows the end of an error about a file."""
    python, tool, *_ = shlex.split(fix.removeprefix("Make a new one with ").replace(",", " "))
    assert python == "python" and Path(depth_distribution.__file__).as_posix().endswith(tool)
    path.unlink(missing_ok=True)
    assert read_mixtures(fit(path=path), classes=CLASSES).grid == (40, 20)


def rewritten(path: Path, **changes) -> None:
    """Has some arrays of the file replaced by functions of them."""
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files}
    np.savez(path, **{name: changes[name](value) if name in changes else value for name, value in arrays.items()})


def test_a_broken_file(fit):
    made = fit()
    made.write_bytes(made.read_bytes()[:-30])
    again(fit, advice("{} is cut off, or holds no {} ({}). {}", lambda: read_mixtures(made))[-1], made)
    rewritten(made, variances=np.zeros_like)
    fix = advice(
        "variances above 0 and weights of a sum of 1 by class. Make a new one with {}, see its --help.", lambda: read_mixtures(made)
    )
    again(fit, fix[-1], made)
    rewritten(made, header=lambda text: np.array(json.dumps({**json.loads(str(text)), "classes": ["road"]})))
    again(fit, advice("{} frequencies of {} classes. Make a new one with {}, see its --help.", lambda: read_mixtures(made))[-1], made)


def test_no_file(fit, tmp_path):
    path = tmp_path / "new.npz"
    again(fit, advice("{} does not exist. {}", lambda: read_mixtures(path), file="array_file.py")[-1], path)


def test_a_name_of_another_kind(fit, tmp_path):
    mixtures, header = read_mixtures(fit()), read_mixture_header(fit())
    *_, suffix = advice("{} is to hold {}. Give it a name that ends with {}.", lambda: write_mixtures(tmp_path / "a.pth", mixtures, header))
    write_mixtures(tmp_path / f"a{suffix.rstrip('.')}", mixtures, header)


def test_a_class_of_too_few_pixels(fit):
    """The box has 8 pixels on a coarse grid, and none on the coarsest."""
    few = ["--grid", "16", "8", "--components", "40"]
    name, pixels, components, same = advice(
        "The class '{}' has {} pixels, too few for a mixture of {}. Use a finer --grid, fewer --components, or --without '{}', "
        "whose density is 0 then.",
        lambda: fit(*few),
    )
    assert name == same == "car" and int(pixels) < int(components) == 40
    for more in (["--grid", "80", "40", "--components", "40"], ["--grid", "16", "8", "--components", pixels], [*few, "--without", name]):
        assert read_mixture_header(fit(*more))["pixels"]["road"]


def test_a_class_to_leave_out_that_there_is_not(fit):
    (nearest,) = advice("the source has no class '{}'. Did you mean '{}'?", lambda: fit(*GRID, "--without", "cars"))[1:]
    assert read_mixture_header(fit(*GRID, "--without", nearest))["pixels"][nearest] == 0
    (names,) = advice("the source has no class '{}'. Use some of {}.", lambda: fit(*GRID, "--without", "zebra"))[1:]
    for name in names.split(", "):
        assert read_mixture_header(fit(*GRID, "--without", name))["pixels"][name] == 0


def test_a_source_without_depth(call, fit, tmp_path):
    bare = write_config(write_source(tmp_path), depth_dir=None)
    run = lambda *more: call(depth_distribution.main, bare, "--out", tmp_path / "a.npz", *GRID, *more)  # noqa: E731
    advice("Add depth_dir='Depth/Depth' to train_dataloader.dataset.source, the folder below its data_root.", run)
    (tmp_path / "Depth").mkdir()
    (tmp_path / "depth").rename(tmp_path / "Depth/Depth")
    run("--cfg-options", "train_dataloader.dataset.source.depth_dir=Depth/Depth")
    assert read_mixtures(tmp_path / "a.npz").units == "raw"


def test_labels_to_compare_with(call, tmp_path):
    labelling = Labelling(tmp_path, call)
    out = labelling.make("pseudo-labels", tmp_path / "out", "--split", "val")
    advice(
        "--split {}: the images have no labels to compare with. Use a config that names some.",
        lambda: call(label_quality.main, labelling.config, out),
    )
    labelling.config.write_text(f"{labelling.config.read_text()}val_dataloader['dataset']['labels'] = '{labelling.labels}'\n")
    call(label_quality.main, labelling.config, out, "--out", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["images"] == 2
