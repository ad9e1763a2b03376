"""Training samples as FADA reads them: whole images of exact sizes, drawn scales, jitter, and lists that follow the classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg.datasets.sampling.class_aware_sampling import PART, class_aware_list, image_level_counts
from mmseg.datasets.transforms import Jitter, color_jitter, draw_jitter, resize_bicubic, resize_nearest
from mmseg.models.uda.objectives.mixed import MixedSupervision
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from tests.datasets.sampling.test_uda_dataset import build, differs, folders  # noqa: F401  a fixture
from tests.datasets.toy import HEIGHT, RARE, WIDTH, crop

EXACT = {"keep_ratio": False, "interpolation": "bicubic", "flip_prob": 0.0}


def whole(width: int, height: int, **options) -> dict:
    return {"img_scale": (width, height), "crop_size": (height, width), **EXACT, **options}


def test_whole_images_of_two_sizes(folders):  # noqa: F811
    dataset = build(folders, source_crop=whole(48, 30), target_crop=whole(40, 20), rare_class_sampling=None)
    sample = dataset[0]
    assert sample["source"]["image"].shape == (3, 30, 48) and sample["source"]["label"].shape == (30, 48)
    assert sample["target"]["image"].shape == (3, 20, 40)
    number = int(sample["source"]["image"][0, 0, 0])
    native = dataset.source.images.read(number - 1)
    expected = torch.from_numpy(resize_bicubic(native, (30, 48))[..., ::-1].transpose(2, 0, 1).copy())
    assert torch.equal(sample["source"]["image"], expected)
    assert np.array_equal(sample["source"]["label"].numpy(), resize_nearest(dataset.source.read_label(number - 1), (30, 48)))


def test_other_crops_still_need_one_size(folders):  # noqa: F811
    with pytest.raises(UserError, match=r"Use one crop_size for both, or whole images \(keep_ratio=False, crop_size as img_scale\)"):
        build(folders, source_crop=whole(48, 30), target_crop=crop(), rare_class_sampling=None)
    batch = UDABatch(torch.zeros(1, 3, 30, 48), torch.zeros(1, 30, 48).long(), torch.zeros(1, 3, 20, 40), None, source_classes=[[0]])
    step = type("Step", (), {"batch": batch, "target_image": batch.target_image})()
    with pytest.raises(UserError, match="mixes the crops of both domains, which are 30x48 and 20x40 pixels"):
        MixedSupervision(teacher=None, mixing=None, augment=None)(step)


def test_scales_are_drawn(folders):  # noqa: F811
    """The toy image tells row and column: what a crop shows per pixel is one over the scale."""
    options = {"img_scale": (WIDTH, HEIGHT), "crop_size": (16, 16), "ratio_range": (0.5, 1.5), "flip_prob": 0.0}
    dataset = build(folders, source_crop=options, rare_class_sampling=None)
    shown = []
    for index in range(30):
        columns = dataset[index]["source"]["image"][1].float()
        shown.append(15 / (columns[0, -1] - columns[0, 0]).item())
    assert 0.45 < min(shown) < 0.75 and 1.2 < max(shown) < 1.7
    assert torch.equal(dataset[3]["source"]["image"], dataset[3]["source"]["image"])
    with pytest.raises(UserError, match="begins above its end"):
        build(folders, source_crop={**options, "ratio_range": (1.5, 0.5)}, rare_class_sampling=None)


def test_jitter_changes_the_source_image_alone(folders):  # noqa: F811
    plain, jittered = (
        build(folders, source_crop=crop(flip_prob=0.0, **options)) for options in ({}, {"color_jitter": (0.5, 0.5, 0.5, 0.2)})
    )
    pairs = [(plain[index], jittered[index]) for index in range(4)]
    assert all(differs(first["source"]["image"], second["source"]["image"]) for first, second in pairs)
    assert all(torch.equal(first["source"]["label"], second["source"]["label"]) for first, second in pairs)
    assert all(torch.equal(first["target"]["image"], second["target"]["image"]) for first, second in pairs)
    with pytest.raises(UserError, match=r"target_crop\.color_jitter is for the source alone"):
        build(folders, target_crop=crop(color_jitter=(0.5, 0.5, 0.5, 0.2)))


def test_steps_of_the_jitter():
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    assert np.array_equal(color_jitter(image, Jitter((("brightness", 1.0), ("contrast", 1.0), ("saturation", 1.0)))), image)
    red = np.full((2, 2, 3), (0, 0, 255), np.uint8)
    assert np.abs(color_jitter(red, Jitter((("hue", 0.5),))).astype(int) - (255, 255, 0)).max() <= 6  # cyan, rounded in HSV
    assert np.array_equal(color_jitter(image, Jitter((("brightness", 0.5),))), (image * 0.5).astype(np.uint8))
    grey = color_jitter(image, Jitter((("saturation", 0.0),)))
    assert (grey[..., 0] == grey[..., 2]).all()
    drawn = [draw_jitter(np.random.default_rng(seed), (0.5, 0.4, 0.0, 0.2)) for seed in range(200)]
    assert all({name for name, _ in jitter.steps} == {"brightness", "contrast", "hue"} for jitter in drawn)
    assert len({tuple(name for name, _ in jitter.steps) for jitter in drawn}) == 6
    values = {name: [dict(jitter.steps)[name] for jitter in drawn] for name in ("brightness", "contrast", "hue")}
    for name, (low, high) in {"brightness": (0.5, 1.5), "contrast": (0.6, 1.4), "hue": (-0.2, 0.2)}.items():
        assert low <= min(values[name]) < low + 0.1 * (high - low) and high - 0.1 * (high - low) < max(values[name]) <= high


def test_files_follow_the_list(folders):  # noqa: F811
    options = {"source_crop": crop(flip_prob=0.0), "rare_class_sampling": None, "class_aware_sampling": {"draws": 10}}
    dataset, again, other = build(folders, **options), build(folders, **options), build(folders, seed=1, **options)
    assert len(dataset.order) == PART and np.array_equal(dataset.order, again.order) and not np.array_equal(dataset.order, other.order)
    for index in (0, 7, PART, 2 * PART + 5):
        number = int(dataset[index]["source"]["image"][0, 0, 0])
        assert number - 1 == dataset.order[index % PART]
        assert f"{number:05}" in str(dataset.files(index)[0])
    with pytest.raises(UserError, match=r"has rare_class_sampling and class_aware_sampling\. Set one of them to None\."):
        build(folders, class_aware_sampling={"draws": 10})
    with pytest.raises(UserError, match=r"no label in .* has more than 5000 pixels of a class"):
        build(folders, rare_class_sampling=None, class_aware_sampling={"min_pixels": 5000})


def test_a_rare_class_is_seen_more_often():
    """Two of ten files show it: more than two of ten draws do."""
    files = [list(range(10)), [3, 7]]
    chosen = class_aware_list(files, 1, np.random.RandomState(0))
    statistics = {0: [(index, 5) for index in files[0]], RARE: [(index, 2) for index in files[1]]}
    counts = image_level_counts(chosen, statistics, RARE + 1, minimum=1)
    assert counts[0] == PART and counts[RARE] > 0.3 * PART
    assert image_level_counts(chosen, statistics, RARE + 1, minimum=2)[RARE] == 0  # exactly as many pixels do not count


def test_classes_of_one_file_and_of_none():
    chosen = class_aware_list([[0], [], [1, 2]], 1, np.random.RandomState(0))
    assert set(chosen.tolist()) == {0, 1, 2}
