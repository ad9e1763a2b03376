"""How images are resized for an evaluation: limits, exact sizes, and what fits in with the rest black."""

import numpy as np
import pytest
import torch

from mmseg.datasets import CropOptions, FolderDataset, UDADataset
from mmseg.datasets.collate import collate_samples
from mmseg.datasets.transforms import EvaluationSize, resize_bicubic, resize_nearest, scaled_size
from mmseg.models.data_preprocessor import SegDataPreprocessor
from tests.datasets.toy import HEIGHT, WIDTH, crop, position_image, position_label, write_png


@pytest.mark.parametrize(
    ("size", "scale", "keep_ratio", "ratio", "expected"),
    [
        ((1024, 2048), (2048, 1024), True, 1, (1024, 2048)),
        ((1024, 2048), (1024, 512), True, 1.75, (896, 1792)),
        ((1080, 1920), (2048, 1024), True, 1, (1024, 1820)),
        ((2000, 1000), (2048, 1024), True, 0.5, (1024, 512)),
        ((500, 700), None, True, 0.5, (250, 350)),
        ((501, 701), None, False, 1, (501, 701)),
        ((1024, 2048), (1280, 760), False, 1, (760, 1280)),
        ((1024, 2048), (1280, 760), "fit", 1, (640, 1280)),
        ((3000, 4000), (1280, 760), "pad", 1, (760, 1013)),
        ((4000, 3000), (1280, 760), "pad", 0.5, (380, 285)),
    ],
)
def test_sizes(size, scale, keep_ratio, ratio, expected):
    assert EvaluationSize(scale, keep_ratio).resized(size, ratio) == expected


def test_an_upright_image_does_not_turn_the_scale():
    assert scaled_size((47, 33), (32, 19), "fit") == (19, 13) and scaled_size((47, 33), (32, 19), True) == (27, 19)


@pytest.fixture
def own(tmp_path):
    write_png(tmp_path / "images/a.png", position_image(3))
    write_png(tmp_path / "labels/a.png", position_label(0))
    return {"images": str(tmp_path / "images"), "labels": str(tmp_path / "labels"), "classes": [f"c{index}" for index in range(19)]}


def test_a_padded_sample_is_measured_at_its_padded_size(own):
    sample = FolderDataset(**own, ignore=[255], test_scale=(64, 48), test_keep_ratio="pad", test_interpolation="bicubic")[0]
    assert sample["image"].shape == (3, 48, 64) and sample["label"].shape == (48, 64) and sample["native_size"].tolist() == [48, 64]
    resized = resize_bicubic(position_image(3), (32, 64))
    assert np.array_equal(sample["image"][:, :32].permute(1, 2, 0), resized[..., ::-1]) and not sample["image"][:, 32:].any()
    assert np.array_equal(sample["label"][:32], resize_nearest(position_label(0), (32, 64))) and (sample["label"][32:] == 255).all()


@pytest.mark.parametrize(("keep_ratio", "size"), [(True, (32, 64)), (False, (48, 64)), ("fit", (32, 64))])
def test_other_samples_are_measured_at_their_native_size(own, keep_ratio, size):
    sample = FolderDataset(**own, ignore=[255], test_scale=(64, 48), test_keep_ratio=keep_ratio)[0]
    assert sample["image"].shape[1:] == size and sample["native_size"].tolist() == [HEIGHT, WIDTH]
    assert np.array_equal(sample["label"], position_label(0))


def test_black_padding_of_a_crop(own):
    """The network sees a black pixel where a crop is padded so, and 0 where it is padded as usual."""
    options = {"img_scale": (64, 48), "crop_size": (48, 64), "keep_ratio": "fit", "flip_prob": 0.0}
    assert CropOptions(**options, pad=True).whole

    def batch(pad):
        source = {"type": "FolderDataset", **own, "ignore": [255]}
        data = UDADataset(source=source, source_crop={**options, "pad": pad}, target=source, target_crop={**options, "pad": pad})
        return SegDataPreprocessor(mean=(10, 20, 30), std=(1, 2, 3)).batch(collate_samples([data[0]]))

    black, usual = batch("black"), batch(True)
    for name in ("source_image", "target_image"):
        images = getattr(black, name), getattr(usual, name)
        assert images[0].shape == (1, 3, 48, 64) and torch.equal(images[0][:, :, :32], images[1][:, :, :32])
        assert torch.equal(images[0][0, :, 40, 5], torch.tensor([-10.0, -10, -10])) and not images[1][:, :, 32:].any()
    assert (black.source_label[:, 32:] == 255).all()


def test_the_first_images(tmp_path):
    for name in "bacd":
        write_png(tmp_path / f"leftImg8bit/{name}_leftImg8bit.png", position_image(0))
    from mmseg.datasets import CityscapesDataset

    def names(**options):
        return [name[0] for name in CityscapesDataset(data_root=str(tmp_path), img_dir="leftImg8bit", **options).images.names]

    assert names(first=3) == ["a", "b", "c"] and names(first=9) == names() == ["a", "b", "c", "d"]
    (tmp_path / "list.txt").write_text("d\nb\na\n")
    assert names(first=2, split="list.txt") == ["a", "b"]


def test_one_crop_size_suits_whole_images_of_both_domains(own):
    """Two whole images may differ in size; 'fit' is one as well."""
    source = {"type": "FolderDataset", **own, "ignore": [255]}
    target = {"img_scale": (64, 48), "crop_size": (48, 64), "keep_ratio": "fit", "pad": "black"}
    whole = crop(img_scale=(32, 16), crop_size=(16, 32), keep_ratio=False)
    sample = UDADataset(source=source, source_crop=whole, target=source, target_crop=target)[0]
    assert sample["source"]["image"].shape[1:] == (16, 32) and sample["target"]["image"].shape[1:] == (48, 64)
