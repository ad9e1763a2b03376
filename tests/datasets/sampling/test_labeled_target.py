"""The stream of labelled target crops: what is drawn, what is opened, and that nothing else changes."""

import os
import sys

import pytest
import torch

from mmseg.datasets import UDADataset
from mmseg.utils.errors import UserError
from tests.datasets.sampling.test_uda_dataset import assert_equal, build
from tests.datasets.toy import crop, make_cityscapes, make_gta, position_label, target_config


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    return make_gta(root / "gta"), make_cityscapes(root / "cityscapes", labels=True)


def few(folders, labeled=2, **options) -> UDADataset:
    return build(folders, target={**target_config(folders[1]), "labeled": labeled}, **options)


def number(image: torch.Tensor) -> int:
    return int(image[0].max())  # 0 where padded


def drawn(dataset, domain: str, samples: int = 60) -> set[int]:
    return {number(dataset[index][domain]["image"]) for index in range(samples)}


def test_labelled_crops_lie_on_their_labels(folders):
    dataset = few(folders, 3)
    for index in range(20):
        labeled = dataset[index]["labeled"]
        single, columns, rows = labeled["image"].long()
        assert torch.equal(labeled["label"], torch.from_numpy(position_label(int(single[0, 0])))[rows, columns])
        assert labeled["size"].tolist() == [16, 16] and set(labeled) == {"image", "label", "size"}


@pytest.mark.parametrize("labeled", [0, 0.0, 2, 1.0])
def test_source_and_target_are_those_of_a_training_without_labels(folders, labeled):
    plain, dataset = build(folders), few(folders, labeled)
    for index in range(8):
        sample = dataset[index]
        assert ("labeled" in sample) == bool(labeled)
        assert_equal({key: value for key, value in sample.items() if key != "labeled"}, plain[index])


def test_each_labelled_image_once_per_epoch_of_them(folders):
    dataset = few(folders, 3)
    epochs = [[number(dataset[3 * epoch + i]["labeled"]["image"]) for i in range(3)] for epoch in range(8)]
    assert all(sorted(epoch) == sorted(epochs[0]) and len(set(epoch)) == 3 for epoch in epochs) and len(set(map(tuple, epochs))) > 1


def test_which_images_are_unlabelled(folders):
    everything = set(range(100, 105))
    labelled = drawn(few(folders), "labeled")
    assert len(labelled) == 2 and drawn(few(folders), "target") == everything
    assert drawn(few(folders, unlabeled="rest"), "target") == everything - labelled
    alone = few(folders, unlabeled="none")
    assert alone.target is None and set(alone[0]) == {"index", "source", "labeled"} and drawn(alone, "labeled") == labelled
    assert_equal(alone[3]["labeled"], few(folders)[3]["labeled"])


def test_no_other_label_of_the_target_is_opened(folders):
    """Python itself tells of every file that is opened."""
    dataset, opened = few(folders, unlabeled="all"), []
    if not getattr(sys, "_notices_labels", None):
        sys._notices_labels = []
        sys.addaudithook(lambda event, args: event == "open" and sys._notices_labels and sys._notices_labels[-1].append(str(args[0])))
    sys._notices_labels.append(opened)
    try:
        for index in range(40):
            dataset[index]
    finally:
        sys._notices_labels.clear()
    labels = {path for path in opened if "gtFine" in path}
    assert labels == {str(dataset.labeled.data.label_path(index)) for index in range(2)}
    assert {path for path in opened if os.sep + "leftImg8bit" + os.sep in path} > {
        str(dataset.labeled.data.images.path(index)) for index in range(2)
    }


def test_all_labels_and_no_source_are_the_data_of_the_oracle(folders):
    options = {"source_crop": crop(cat_max_ratio=0.75)}
    oracle = UDADataset(source=target_config(folders[1]), **options)
    whole = UDADataset(source={**target_config(folders[1]), "labeled": 1.0}, **options)
    part = UDADataset(source={**target_config(folders[1]), "labeled": 2}, **options)
    assert len(oracle) == len(whole) == 5 and len(part) == 2
    for index in range(10):
        assert_equal(oracle[index], whole[index])


def test_the_crop_is_chosen_as_that_of_the_source(folders):
    """A crop of one class alone is drawn again where its source is; and colours change where the source's do."""
    shares = {}
    for ratio in (1.0, 0.75):
        dataset = few(folders, 5, source_crop=crop(cat_max_ratio=ratio))
        assert dataset.labeled.crops[0].cat_max_ratio == ratio
        labels = [dataset[index]["labeled"]["label"] for index in range(60)]
        shares[ratio] = sum(len(label[label < 255].unique()) == 1 for label in labels)
    assert shares[0.75] < shares[1.0]
    distorted = few(folders, 5, source_crop=crop(photo_metric_distortion=True))
    plain = few(folders, 5, source_crop=crop())
    same = [torch.equal(distorted[index]["labeled"]["image"], plain[index]["labeled"]["image"]) for index in range(8)]
    assert not all(same) and torch.equal(distorted[0]["labeled"]["label"], plain[0]["labeled"]["label"])


def test_a_second_crop_is_cut_from_all(folders):
    sample = few(folders, sync_crop_size=(8, 8))[0]
    assert sample["labeled"]["image"].shape == (3, 8, 8) and sample["labeled"]["label"].shape == (8, 8)


def test_two_targets_of_which_one_has_labels(folders, tmp_path):
    other = make_cityscapes(tmp_path / "other", count=3)
    parts = [{**target_config(folders[1]), "labeled": 2}, {**target_config(other), "ann_dir": None}]
    dataset = build(folders, target={"type": "SeveralDatasets", "datasets": parts}, unlabeled="rest")
    assert len(dataset.target) == 5 - 2 + 3 and len(dataset.labeled) == 2
    assert {dataset.target.path(index) for index in range(6)}.isdisjoint(dataset.labeled.data.images.path(index) for index in range(2))


def test_the_files_of_a_sample(folders):
    dataset = few(folders)
    *_, image, label = dataset.files(5)
    assert number(dataset[5]["labeled"]["image"]) == int(image.name.split("_")[1]) == int(label.name.split("_")[1])
    assert "gtFine" in str(label) and len(dataset.files(5)) == 5


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"unlabeled": "rest"}, "UDADataset has unlabeled='rest', but no labelled target images"),
        ({"labeled": 1.0, "unlabeled": "rest"}, "all images of the target are labelled"),
        ({"labeled": 2, "ann_dir": None}, "has labeled images, but no labels. Set ann_dir in its config"),
        ({"labeled": 6}, "labeled=6 of 5 images are 6"),
        ({"labeled": 2, "target_crop": None}, "no target_crop"),
    ],
)
def test_what_is_refused(folders, options, text):
    target = target_config(folders[1]) | {key: options[key] for key in ("labeled", "ann_dir") if key in options}
    with pytest.raises(UserError, match=text):
        build(folders, target=target, **{key: value for key, value in options.items() if key in ("unlabeled", "target_crop")})
