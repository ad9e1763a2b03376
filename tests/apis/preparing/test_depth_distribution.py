"""tools/prepare/depth_distribution.py: which pixels are drawn, what is fitted, its file, and what it refuses."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from mmseg.apis.preparing.depth_distribution import MixtureOptions, PixelSample, grid_points, sample_pixels, shuffled
from mmseg.apis.preparing.priors import source_of
from mmseg.config import load_config
from mmseg.datasets.transforms import grid_index, resize_nearest
from mmseg.models.uda.depth_distribution.mixtures import Mixtures, class_log_density, density_target, points_of
from mmseg.utils.products.mixture_file import read_mixture_header, read_mixtures
from tests.apis.preparing.depth_source import CLASSES, HEIGHT, HORIZON, IDS, WIDTH, scene, write_config, write_source
from tests.datasets.toy import write_png
from tests.visualization.pictures.test_mixtures import shows
from tools.prepare import depth_distribution

GRID = ("--grid", str(WIDTH // 2), str(HEIGHT // 2), "--components", "2")


@pytest.fixture
def config(tmp_path):
    return write_config(write_source(tmp_path))


@pytest.mark.parametrize(("cells", "side"), [(161, 1280), (96, 760), (81, 1280), (7, 7), (9, 4)])
def test_the_grid_is_that_of_pillow(cells, side):
    """But for a column in the middle, where Pillow's sum of steps falls just below a whole number."""
    pillow = resize_nearest(np.arange(side, dtype=np.int32)[None], (1, cells))[0]
    different = np.flatnonzero(pillow != grid_index(cells, side))
    assert len(different) <= 1 and (pillow - grid_index(cells, side))[different].tolist() in ([], [-1])


def test_points_of_a_grid():
    label, depth = np.array([[0, 1], [2, 255]], np.uint8), np.array([[1, 10], [100, 65536]], np.float32)
    classes, points = grid_points(label, depth, (2, 2), "raw")
    assert classes.tolist() == [0, 1, 2, 255] and points.tolist() == [[0, 0, 1], [1, 0, 10], [0, 1, 100], [1, 1, 65536]]
    _, shares = grid_points(label, depth, (2, 2), "normalized")
    assert shares[1].tolist() == pytest.approx([0.75, 0.25, math.log(10)]) and shares.dtype == points.dtype == np.float32


@pytest.mark.parametrize("units", ["raw", "normalized"])
def test_fitted_and_evaluated_points_are_the_same(units):
    label, _ = scene(0)
    depth = np.random.default_rng(0).uniform(1, 600, (HEIGHT, WIDTH)).astype(np.float32)
    _, points = grid_points(label, depth, (WIDTH, HEIGHT), units)
    mixtures = type("Known", (), {"units": units, "grid": (WIDTH, HEIGHT)})
    torch.testing.assert_close(points_of(mixtures, torch.from_numpy(depth)[None]).flatten(0, 2), torch.from_numpy(points))


def test_every_pixel_of_a_class_is_drawn_alike():
    """Whatever the order and the parts in which they come; a small class is taken whole."""
    draw = np.random.default_rng(5)
    classes, numbers = draw.choice([0, 0, 0, 0, 1, 255], 6000).astype(np.uint8), draw.random(6000)
    points = np.stack([np.arange(6000)] * 3, axis=1).astype(np.float32)
    samples = [PixelSample(3, 200) for _ in range(2)]
    for part in np.array_split(np.arange(6000), 40):
        samples[0].add(classes[part], points[part], numbers[part])
    for part in np.array_split(draw.permutation(6000), 7):
        samples[1].add(classes[part], points[part], numbers[part])
    for train_id in range(2):
        own = np.flatnonzero(classes == train_id)
        expected = own[np.argsort(numbers[own])[:200]]
        assert all(sample.of_class(train_id)[:, 0].tolist() == expected.tolist() for sample in samples)
        assert samples[0].seen[train_id] == len(own)
    assert samples[0].seen[2] == 0 and len(samples[0].of_class(2)) == 0
    assert all(len(numbers) <= 400 for numbers in samples[0]._numbers)  # what is kept does not grow with the data


def test_threads_do_not_matter(config, monkeypatch):
    options = MixtureOptions(grid=(20, 10), pixels=50)
    source = source_of(load_config(config, training=False))
    found = []
    for threads in (1, 3):
        monkeypatch.setattr("mmseg.apis.preparing.depth_distribution.usable_cores", lambda threads=threads: threads)
        found.append(sample_pixels(source, options, 4))
    for train_id in range(3):
        assert np.array_equal(found[0].of_class(train_id), found[1].of_class(train_id)) and len(found[0].of_class(train_id))


def test_nothing_keeps_its_own_when_shuffled():
    for count in (2, 3, 16):
        assert sorted(shuffled(count, 1)) == list(range(count)) and all(own != other for own, other in enumerate(shuffled(count, 1)))
    assert shuffled(16, 1) != shuffled(16, 2) and shuffled(1, 1) == [0]


def made(works, config, *options):
    """The file that the command makes, and what it prints."""
    out = config.parent / "mixtures.npz"
    return out, works(depth_distribution.main, config, "--out", out, *GRID, *options)


@pytest.mark.parametrize("units", ["raw", "normalized"])
def test_a_file_that_knows_where_classes_lie(works, config, units):
    out, printed = made(works, config, "--units", units, "--picture", config.parent / "mixtures.png")
    header = read_mixture_header(out)
    assert header["classes"] == CLASSES and header["units"] == units and header["grid"] == [WIDTH // 2, HEIGHT // 2]
    assert header["images"] == 4 and "depth_distribution.py" in header["made_by"]
    sky = HORIZON // 2 * (WIDTH // 2) * 4  # pixels of all images on the grid
    assert header["pixels"]["sky"] == sky and f"mixture of {sky}, mean log-likelihood" in printed
    assert header["frequencies"]["sky"] == pytest.approx(HORIZON / HEIGHT) and sum(header["frequencies"].values()) == pytest.approx(1)
    label, raw = (torch.from_numpy(values.astype(np.int64))[None] for values in scene(1))
    depth = 65536 / (raw + 1.0)
    mixtures = Mixtures(read_mixtures(out, classes=CLASSES))
    points = points_of(mixtures, depth)
    scores = torch.stack([class_log_density(mixtures, torch.full_like(label, train_id), points) for train_id in range(3)])
    assert (scores.argmax(dim=0) == label).float().mean() > 0.9
    right, wrong = (density_target(mixtures, given, depth).mean() for given in (label, (label + 1) % 3))
    assert right > 5 * wrong
    shows(cv2.imread(str(config.parent / "mixtures.png")), 3)


def test_the_same_command_makes_the_same_file(works, config):
    first = made(works, config)[0].read_bytes()
    assert made(works, config)[0].read_bytes() == first
    assert made(works, config, "--cfg-options", "seed=1", "--pixels", "50")[0].read_bytes() != first


def test_shuffled_classes_have_the_mixtures_of_others(works, config):
    true = read_mixtures(made(works, config)[0])
    pixels = read_mixture_header(config.parent / "mixtures.npz")["pixels"]
    out, _ = made(works, config, "--shuffle")
    false, owners = read_mixtures(out), read_mixture_header(out)["settings"]["mixtures_of"]
    for name, other in owners.items():
        assert name != other
        assert torch.equal(false.means[CLASSES.index(name)], true.means[CLASSES.index(other)])
    assert read_mixture_header(out)["pixels"]["road"] == pixels[owners["road"]]


def test_few_pixels_are_enough_and_a_class_may_be_left_out(works, config):
    out, printed = made(works, config, "--pixels", "20", "--without", "car")
    header = read_mixture_header(out)
    assert header["pixels"] == {"road": 20, "sky": 20, "car": 0} and "no mixture" in printed
    assert not read_mixtures(out).weights[2].any() and "car" not in header["log_likelihood"]


def test_classes_that_a_data_set_cannot_show_need_no_pixels(works, tmp_path):
    """Four names, of which the labels know three: the fourth is declared absent."""
    config = write_config(write_source(tmp_path), classes=[*CLASSES, "unicorn"])
    out, _ = made(works, config)
    assert read_mixture_header(out)["pixels"]["unicorn"] == 0 and not read_mixtures(out).weights[3].any()


def write_depth(root, raw: np.ndarray) -> None:
    write_png(root / "depth/1.png", raw)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda root: write_depth(root, np.zeros((HEIGHT, WIDTH), np.uint16)), "depth/1.png holds the depth 0 everywhere."),
        (lambda root: write_depth(root, np.ones((8, 8), np.uint16)), "depth/1.png has 8x8, its image 80x40."),
        (lambda root: write_depth(root, np.ones((HEIGHT, WIDTH), np.uint8)), "depth/1.png is"),
        (lambda root: (root / "depth/1.png").unlink(), "1 of 4 images have no depth"),
        (lambda root: write_png(root / "labels/1.png", np.full((HEIGHT, WIDTH), 77, np.uint8)), "labels/1.png holds the label 77"),
        (lambda root: [write_png(root / f"labels/{n}.png", np.full((HEIGHT, WIDTH), 255, np.uint8)) for n in range(4)],
         "The class 'road' has 0 pixels, too few for a mixture of 2."),
        (lambda root: [write_png(root / f"labels/{n}.png", np.where(scene(n)[0] == 2, 0, IDS[scene(n)[0]])) for n in range(4)],
         "The class 'car' has 0 pixels, too few for a mixture of 2."),
    ],
)  # fmt: skip
def test_one_line_about_bad_data(fails, tmp_path, spoil, said):
    config = write_config(write_source(tmp_path))
    spoil(tmp_path)
    line = fails(depth_distribution.main, config, "--out", tmp_path / "mixtures.npz", *GRID)
    assert said in line and not list(tmp_path.glob("*mixtures*"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "a.pth"), "mixtures are written as npz"),
        (("--picture", "a.jpg"), "the picture is a PNG"),
        (("--grid", "0", "5"), "leave nothing to fit"),
        (("--components", "0"), "leave nothing to fit"),
        (("--pixels", "1"), "leave nothing to fit"),
        (("--without", "cars"), "the source has no class 'cars'. Did you mean 'car'?"),
        (("--units", "metres"), "invalid choice"),
    ],
)
def test_one_line_about_bad_options(fails, config, options, said):
    line = fails(depth_distribution.main, config, "--out", config.parent / "mixtures.npz", *GRID, *options)
    assert said in line and not list(config.parent.glob("*mixtures*"))


def test_a_source_without_depth(fails, tmp_path):
    config = write_config(write_source(tmp_path), depth_dir=None)
    line = fails(depth_distribution.main, config, "--out", tmp_path / "mixtures.npz", *GRID)
    assert "has no depth to fit mixtures to. Add depth_dir=" in line
