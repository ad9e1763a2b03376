"""Training samples are functions of (seed, number): no workers, history or other options in them."""

import itertools
import traceback

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmseg.datasets import CityscapesDataset, GTADataset, RunningIndexSampler, UDADataset
from mmseg.datasets.reading.encoded import Encoded
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.utils.errors import UserError
from tests.datasets.toy import RARE, crop, make_cityscapes, make_gta, position_label, source_config, target_config, write_png


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    return make_gta(root / "gta"), make_cityscapes(root / "cityscapes")


def build(folders, **options):
    defaults = {
        "source": source_config(folders[0]),
        "target": target_config(folders[1]),
        "source_crop": crop(cat_max_ratio=0.75),
        "target_crop": crop(),
        "rare_class_sampling": {"min_pixels": 20, "class_temp": 0.1, "min_crop_ratio": 0.5},
    }
    return UDADataset(**{**defaults, **options})


def assert_equal(first, second):
    assert first.keys() == second.keys()
    for key, value in first.items():
        if isinstance(value, dict):
            assert_equal(value, second[key])
        else:
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(second[key])), key


def differs(first, second):
    return not torch.equal(first, second)


def test_layout_of_a_sample(folders):
    sample = build(folders, crop_pseudo_margins=[2, 6, 3, 3])[0]
    assert sample["source"]["image"].shape == sample["target"]["image"].shape == (3, 16, 16)
    assert sample["source"]["label"].shape == sample["target"]["valid"].shape == (16, 16)
    assert {value.dtype for domain in ("source", "target") for key, value in sample[domain].items() if key != "size"} == {torch.uint8}
    assert sample["source"]["size"].tolist() == sample["target"]["size"].tolist() == [16, 16]


def test_images_are_rgb_and_lie_on_their_label(folders):
    """The toy image tells its file, row and column, from which the label follows."""
    for index in range(20):
        source = build(folders)[index]["source"]
        number, columns, rows = source["image"].long()
        expected = torch.from_numpy(position_label(int(number[0, 0])))[rows, columns]
        assert torch.equal(source["label"], expected)


def test_valid_mask_lies_on_the_image(folders):
    for index in range(20):
        target = build(folders, crop_pseudo_margins=[2, 6, 3, 3])[index]["target"]
        _, columns, rows = target["image"].long()
        inside = (rows >= 2) & (rows < 40 - 6) & (columns >= 3) & (columns < 80 - 3)
        assert torch.equal(target["valid"].bool(), inside)


def test_length_is_that_of_the_source_and_numbers_have_no_bound(folders):
    dataset = build(folders)
    assert len(dataset) == 6
    assert dataset[10**9]["index"] == 10**9


def test_history_does_not_matter(folders):
    dataset = build(folders)
    first = dataset[3]
    for index in (7, 1, 3):
        dataset[index]
    assert_equal(dataset[3], first)
    assert_equal(build(folders)[3], first)


def test_seed_matters(folders):
    one, two = build(folders, seed=1), build(folders, seed=2)
    assert any(differs(one[i]["source"]["image"], two[i]["source"]["image"]) for i in range(3))


def test_one_option_does_not_change_what_another_draws(folders):
    with_rare, without = build(folders), build(folders, rare_class_sampling=None)
    margins = build(folders, crop_pseudo_margins=[2, 6, 3, 3])
    alone = build(folders, target=None, target_crop=None)
    for index in range(5):
        sample = with_rare[index]
        assert_equal(without[index]["target"], sample["target"])
        assert torch.equal(margins[index]["target"]["image"], sample["target"]["image"])
        assert_equal(alone[index]["source"], sample["source"])
        assert "target" not in alone[index]


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_do_not_matter(folders, workers):
    dataset = build(folders)

    def batches(count):
        loader = DataLoader(dataset, 2, sampler=RunningIndexSampler(dataset=dataset), num_workers=count)
        return list(itertools.islice(loader, 4))

    for plain, parallel in zip(batches(0), batches(workers), strict=True):
        assert_equal(plain, parallel)


def test_every_source_file_once_per_epoch(folders):
    dataset = build(folders, rare_class_sampling=None)
    epochs = [[int(dataset[6 * epoch + i]["source"]["image"][0, 0, 0]) for i in range(6)] for epoch in range(4)]
    assert all(sorted(epoch) == [1, 2, 3, 4, 5, 6] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_all_target_files_are_drawn(folders):
    dataset = build(folders)
    assert {int(dataset[i]["target"]["image"][0, 0, 0]) for i in range(60)} == {100, 101, 102, 103, 104}


def test_rare_class_is_in_the_crop(folders):
    """With T near 0 only the rarest class is drawn: its files and crops that show more than 10 pixels of it."""
    dataset = build(folders, rare_class_sampling={"min_pixels": 20, "class_temp": 1e-3, "min_crop_ratio": 0.5})
    sources = [dataset[i]["source"] for i in range(40)]
    assert {int(source["image"][0, 0, 0]) for source in sources} == {3, 6}
    hits = [int((source["label"] == RARE).sum()) > 10 for source in sources]
    assert np.mean(hits) > 0.7  # about a quarter of the crops without retries


def test_the_image_is_decoded_once(folders, monkeypatch):
    reads = []
    original = Encoded.color
    monkeypatch.setattr(Encoded, "color", lambda file: reads.append(file) or original(file))
    options = {"min_pixels": 20, "class_temp": 0.1, "min_crop_ratio": 1000.0}  # all retries are used up
    build(folders, target=None, target_crop=None, rare_class_sampling=options)[0]
    assert len(reads) == 1


def test_target_labels_are_out_of_reach(folders, tmp_path):
    """The target may come without label files, with broken ones, or as a labelled data set: only its images are kept."""
    root = make_cityscapes(tmp_path / "cityscapes", labels=True)
    for path in root.rglob("*_labelTrainIds.png"):
        path.write_bytes(b"broken")
    assert_equal(build(folders, target=target_config(root))[0], build(folders)[0])
    labelled = CityscapesDataset(data_root=str(root), img_dir="leftImg8bit/train", ann_dir="gtFine/train")
    assert isinstance(build(folders, target=labelled).target, ImageFiles)
    assert not hasattr(build(folders).target, "read_label")


def test_padding_is_marked_and_ignored(folders):
    big = crop(48, pad=True)
    sample = build(folders, source_crop=big, target_crop=big, crop_pseudo_margins=[2, 6, 3, 3])[1]
    assert sample["source"]["size"].tolist() == sample["target"]["size"].tolist() == [40, 48]
    assert (sample["source"]["label"][40:] == 255).all()
    assert (sample["target"]["valid"][40:] == 0).all()


def test_sync_crop_takes_the_same_place(folders):
    full, synchronised = build(folders), build(folders, sync_crop_size=(8, 8))
    for index in range(5):
        before, after = full[index], synchronised[index]
        assert after["source"]["image"].shape == (3, 8, 8)
        places = []
        for domain in ("source", "target"):
            windows = before[domain]["image"].unfold(1, 8, 1).unfold(2, 8, 1)
            same = (windows == after[domain]["image"][:, None, None]).all(-1).all(-1).all(0)
            places.append(same.nonzero().tolist())
        assert places[0] == places[1]
        assert len(places[0]) == 1


@pytest.mark.parametrize("size", [4, 8, 12])
def test_sync_crop_with_everything_else(folders, size):
    """The published ablation: a quarter, a half, three quarters of the crop, with margins and rare-class sampling."""
    sample = build(folders, sync_crop_size=[size, size], crop_pseudo_margins=[2, 6, 3, 3])[2]
    shapes = {value.shape[-2:] for domain in ("source", "target") for key, value in sample[domain].items() if key != "size"}
    assert shapes == {(size, size)}
    assert sample["source"]["size"].tolist() == sample["target"]["size"].tolist() == [size, size]


def test_photo_metric_distortion_changes_nothing_but_the_source_image(folders):
    margins = {"crop_pseudo_margins": [2, 6, 3, 3], "sync_crop_size": (8, 8)}
    plain, distorted = (
        build(folders, **margins),
        build(folders, source_crop=crop(cat_max_ratio=0.75, photo_metric_distortion=True), **margins),
    )
    changed = 0
    for index in range(10):
        before, after = plain[index], distorted[index]
        changed += differs(before["source"].pop("image"), after["source"].pop("image"))
        assert_equal(before, after)
    assert changed >= 5  # one image in 16 is left alone
    assert_equal(distorted[3], distorted[3])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"source_crop": crop(64)}, "crop_size, 64x64 .* img_scale 80x40.*pad=True"),
        ({"target_crop": crop(41)}, "larger than the image"),
        ({"target_crop": crop(cat_max_ratio=0.5)}, "target labels"),
        ({"target_crop": crop(photo_metric_distortion=True)}, "source_crop only"),
        ({"target_crop": None}, "Add target_crop"),
        ({"target": None}, "no target"),
        ({"sync_crop_size": (17, 8)}, "sync_crop_size"),
        ({"source_crop": {**crop(), "flip_probability": 0.5}}, "Did you mean 'flip_prob'"),
        ({"rare_class_sampling": {"min_pixel": 20, "class_temp": 0.1}}, "Did you mean 'min_pixels'"),
    ],
)
def test_options_that_do_not_fit(folders, options, text):
    with pytest.raises(UserError, match=text):
        build(folders, **options)


def test_margins_that_leave_nothing(folders):
    with pytest.raises(UserError, match=r"leave nothing.*smaller margins"):
        build(folders, crop_pseudo_margins=[20, 20, 0, 0])[0]


def test_unlabelled_source(folders):
    with pytest.raises(UserError, match="Set ann_dir"):
        build(folders, source=GTADataset(data_root=str(folders[0])))


def test_crop_larger_than_one_odd_image(tmp_path):
    """img_scale promises enough room, but this image has another aspect ratio."""
    root = make_gta(tmp_path / "gta", 1)
    write_png(root / "images/00001.png", np.zeros((10, 80, 3), np.uint8))
    write_png(root / "labels/00001_labelTrainIds.png", np.zeros((10, 80), np.uint8))
    dataset = UDADataset(source=source_config(root), source_crop=crop(16))
    with pytest.raises(UserError, match=r"^/.*00001\.png: .* larger than the image of 80x10"):
        dataset[0]


def error_of(loader):
    """The text alone. The frames are cleared because workers that wait for the garbage collector take 10 s to end."""
    try:
        next(iter(loader))
    except UserError as error:
        traceback.clear_frames(error.__traceback__)
        return str(error)


def test_an_error_in_a_worker_is_one_line(tmp_path):
    root = make_gta(tmp_path / "gta")
    for path in root.glob("labels/*_labelTrainIds.png"):
        write_png(path, np.full((40, 80), 34, np.uint8))
    dataset = UDADataset(source=source_config(root), source_crop=crop())
    text = error_of(DataLoader(dataset, 2, sampler=RunningIndexSampler(dataset=dataset), num_workers=2))
    assert text.startswith(str(root / "labels"))
    assert "holds the label 34" in text
    assert "\n" not in text
