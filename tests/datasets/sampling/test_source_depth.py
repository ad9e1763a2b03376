"""Depth of a source crop: resampled, cut and mirrored as its label; the toy depth tells row and column."""

import numpy as np
import pytest
import torch

from mmseg.datasets import UDADataset
from mmseg.datasets.collate import collate_samples
from mmseg.datasets.reading.depth_files import inverse_depth
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.structures import CropPlace
from mmseg.utils.errors import UserError
from tests.datasets.toy import HEIGHT, WIDTH, crop, make_cityscapes, make_gta, make_synthia, position_depth, source_config, target_config


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_synthia(tmp_path_factory.mktemp("data") / "synthia")


@pytest.fixture(scope="module")
def gta(tmp_path_factory):
    return make_gta(tmp_path_factory.mktemp("data") / "gta")


def synthia_config(root, **options) -> dict:
    return {"type": "SynthiaDataset", "data_root": str(root), "ann_dir": "GT/LABELS", "depth_dir": "Depth/Depth", **options}


def build(folder, source_crop=None, **options) -> UDADataset:
    return UDADataset(**{"source": synthia_config(folder), "source_crop": source_crop or crop(), **options})


def batch_of(samples: list[dict]):
    return SegDataPreprocessor(mean=(0, 0, 0), std=(1, 1, 1)).batch(collate_samples(samples))


def test_depth_changes_nothing_else(folder):
    for index in range(6):
        source, plain = build(folder)[index]["source"], build(folder, source=synthia_config(folder, depth_dir=None))[index]["source"]
        assert set(source) - set(plain) == {"depth", "place"}
        assert all(torch.equal(source[key], plain[key]) for key in plain)


def test_a_crop_lies_on_its_image(folder):
    """Image, depth and place say the same of every pixel, mirrored or not."""
    data, mirrored = build(folder), set()
    for index in range(12):
        source = data[index]["source"]
        place = CropPlace.of(source["place"])
        rows, columns = source["image"][2].numpy(), source["image"][1].numpy()
        raw = position_depth(int(source["image"][0, 0, 0]))[rows, columns]
        assert source["depth"].dtype == torch.float32 and np.array_equal(source["depth"].numpy(), inverse_depth(raw))
        assert place.native == place.resized == (HEIGHT, WIDTH) and place.crop == (16, 16)
        assert rows[0, 0] == place.box.y1 and columns[0].min() == place.box.x1 and place.flipped == (columns[0, 0] > columns[0, -1])
        mirrored.add(place.flipped)
    assert mirrored == {True, False}


@pytest.mark.parametrize("scale", [(40, 20), (160, 80), (57, 33)])
def test_raw_values_are_resampled_by_the_nearest_neighbour_of_opencv(folder, scale):
    """Index floor(i n / m): exactly values of the file, never a mean of two distances; labels go their own way."""
    whole = crop(img_scale=scale, crop_size=scale[::-1], keep_ratio=False, flip_prob=0.0, interpolation="bicubic")
    source = build(folder, whole)[0]["source"]
    rows, columns = (np.arange(after) * before // after for after, before in zip(scale[::-1], (HEIGHT, WIDTH), strict=True))
    number = int(source["image"][0].float().mean().round())
    assert np.array_equal(source["depth"].numpy(), inverse_depth(position_depth(number)[np.ix_(rows, columns)]))


def test_padding_has_no_depth(folder):
    data = build(folder, crop(48, pad=True, flip_prob=1.0))
    source = data[0]["source"]
    assert source["depth"].shape == (48, 48) and (source["depth"][HEIGHT:] == 0).all() and (source["depth"][:HEIGHT] >= 1).all()
    assert CropPlace.of(source["place"]).box.height == HEIGHT


def test_a_batch(folder):
    data = build(folder)
    batch = batch_of([data[0], data[1]])
    assert batch.source_depth.shape == (2, 16, 16) and batch.source_depth.dtype == torch.float32
    assert torch.equal(batch.source_depth[1], data[1]["source"]["depth"])
    assert batch.source_place == tuple(CropPlace.of(data[index]["source"]["place"]) for index in (0, 1))
    plain = batch_of([build(folder, source=synthia_config(folder, depth_dir=None))[0]])
    assert plain.source_depth is None and plain.source_place is None


def test_one_of_two_sources_has_depth(folder, gta):
    """What is not known is 0, which no distance is."""
    source = {"type": "SeveralDatasets", "datasets": [source_config(gta), synthia_config(folder)]}
    data = build(folder, source=source)
    known = {}
    for index in range(12):
        depth, path = data[index]["source"]["depth"], data.files(index)
        known.setdefault(path[0].is_relative_to(folder), []).append((bool(depth.all()), bool(depth.any()), len(path)))
    assert set(known[True]) == {(True, True, 3)} and set(known[False]) == {(False, False, 2)}


def test_the_file_of_a_sample_is_named(folder):
    data = build(folder)
    image, label, depth = data.files(0)
    assert depth.parent.name == "Depth" and depth.stem == image.stem == label.name.split("_")[0]


def test_bad_depth_is_skipped_as_any_bad_file(folder, tmp_path):
    data = build(make_synthia(tmp_path), on_bad_sample="skip")
    data.files(0)[2].write_bytes(b"")
    assert data[0]["skipped"] >= 1


def test_the_place_of_a_target_crop_alone(folder, tmp_path):
    cityscapes = make_cityscapes(tmp_path)
    options = {"target": target_config(cityscapes), "target_crop": crop(), "target_place": True}
    data = build(folder, **options)
    assert set(data[0]["target"]) == {"image", "size", "place"}
    batch = batch_of([data[0], data[1]])
    assert [place.crop for place in batch.target_place] == [(16, 16)] * 2 and batch.target_soft is None
    rows = data[0]["target"]["image"][2]
    assert rows[0, 0] == batch.target_place[0].box.y1


def test_a_second_crop_does_not_follow(folder):
    with pytest.raises(UserError, match=r"sync_crop_size cuts crops again, and source.depth_dir would not follow"):
        build(folder, sync_crop_size=(8, 8))
