"""Batches of evaluation samples of one size and of several."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, default_collate

from mmseg.datasets.collate import collate_samples
from mmseg.datasets.folder import FolderDataset
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import BadFileError
from tests.datasets.toy import write_png
from tests.models.networks import plain

SIZES = [(64, 96), (96, 64), (64, 96), (50, 70), (64, 97)]


def dataset(folder, sizes, **options) -> FolderDataset:
    rng = np.random.default_rng(0)
    for number, size in enumerate(sizes):
        write_png(folder / "images" / f"{number}.png", rng.integers(0, 256, (*size, 3), np.uint8))
        write_png(folder / "labels" / f"{number}.png", rng.integers(0, 5, size, np.uint8))
    return FolderDataset(images=str(folder / "images"), labels=str(folder / "labels"), classes=list("abcde"), **options)


def test_equal_sizes_are_stacked_as_torch_does(tmp_path):
    samples = [*dataset(tmp_path, SIZES[:1] * 3)]
    batch, expected = collate_samples(samples), default_collate(samples)
    assert batch.keys() == expected.keys() and batch["path"] == expected["path"]
    for key in ("image", "label", "native_size"):
        assert torch.equal(batch[key], expected[key])


def test_a_training_sample_is_stacked(tmp_path):
    samples = [{"source": {"image": torch.zeros(3, 4, 4)}, "index": number} for number in range(2)]
    batch = collate_samples(samples)
    assert batch["source"]["image"].shape == (2, 3, 4, 4) and batch["index"].tolist() == [0, 1]


@pytest.mark.parametrize("batch_size", [2, 3, 5])
def test_images_of_several_sizes_are_predicted_as_one_by_one(tmp_path, batch_size):
    data = dataset(tmp_path, SIZES)
    method = UDAMethod(segmentor=plain())
    method.init_weights()
    method.eval()

    def predicted(size: int) -> list[dict]:
        loader = DataLoader(data, size, collate_fn=collate_samples)
        return [sample for batch in loader for sample in method.test_step(batch)]

    alone, together = predicted(1), predicted(batch_size)
    assert [sample["path"] for sample in together] == [str(data.images.path(index)) for index in range(len(data))]
    assert [tuple(sample["prediction"].shape) for sample in together] == [tuple(sample["label"].shape) for sample in together] == SIZES
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(one["prediction"], other["prediction"]) and torch.equal(one["label"], other["label"])
    assert len({sample["prediction"].unique().numel() for sample in alone} - {1}) > 0, "not all of one class"


def test_labels_of_several_sizes_below_images_of_one(tmp_path):
    """The test scale makes the images equal, the labels stay."""
    batch = collate_samples([*dataset(tmp_path, [(64, 96), (128, 192)], test_scale=(96, 64))])
    assert batch["image"].shape == (2, 3, 64, 96)
    assert [tuple(label.shape) for label in batch["label"]] == [(64, 96), (128, 192)]


def test_an_image_that_is_too_small_is_named(tmp_path):
    data = dataset(tmp_path, [(64, 96), (1, 1000)])
    method = UDAMethod(segmentor=plain()).eval()
    with pytest.raises(BadFileError, match=r"images/1\.png cannot be predicted\. MixVisionTransformer: an image of 1x1000 pixels is too"):
        method.test_step(collate_samples([*data]))


def test_a_strip_keeps_a_row_at_the_test_scale(tmp_path):
    assert dataset(tmp_path, [(1, 1000)], test_scale=(100, 50))[0]["image"].shape == (3, 1, 100)
