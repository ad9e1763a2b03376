"""File lists, evaluation samples, and broken or missing files."""

import numpy as np
import pytest
import torch

from mmseg.datasets import CityscapesDataset, GTADataset
from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.registry import DATASETS
from mmseg.utils.errors import UserError
from tests.datasets.toy import make_cityscapes, make_gta, position_image, position_label, source_config, write_png


@pytest.fixture
def gta(tmp_path):
    return make_gta(tmp_path / "gta")


def dataset(root, **options):
    return GTADataset(**{"data_root": str(root), "ann_dir": "labels", **options})


def test_files_are_sorted_and_paired(tmp_path):
    root = make_cityscapes(tmp_path, labels=True)
    (root / "leftImg8bit/val/ulm/._ulm_000100_000019_leftImg8bit.png").write_bytes(b"resource fork")
    found = CityscapesDataset(data_root=str(root), img_dir="leftImg8bit/val", ann_dir="gtFine/val")
    assert found.images.names == tuple(f"ulm/ulm_{n:06}_000019_leftImg8bit.png" for n in range(100, 105))
    assert found.label_path(0) == root / "gtFine/val/ulm/ulm_000100_000019_gtFine_labelTrainIds.png"


def test_built_by_name(gta):
    found = DATASETS.build(source_config(gta))
    assert len(found) == 6
    assert found.metainfo["classes"] == CLASSES
    assert found.metainfo["palette"] == PALETTE


def test_evaluation_sample(gta):
    sample = dataset(gta, test_scale=(40, 20))[1]
    assert sample["image"].shape == (3, 20, 40)
    assert sample["native_size"].tolist() == [40, 80]
    assert sample["path"] == str(gta / "images/00002.png")
    assert torch.equal(sample["label"], torch.from_numpy(position_label(2)))


def test_evaluation_sample_at_native_size_is_rgb(gta):
    image = dataset(gta)[1]["image"]
    assert torch.equal(image, torch.from_numpy(position_image(2)[..., ::-1].copy()).permute(2, 0, 1))


def test_unlabelled_data(gta):
    for path in gta.glob("labels/*"):
        path.unlink()
    found = dataset(gta, ann_dir=None)
    assert "label" not in found[0]
    with pytest.raises(UserError, match="Set ann_dir"):
        found.read_label(0)


def test_missing_folder(tmp_path):
    with pytest.raises(UserError, match=r"GTADataset: the image folder .*nowhere/images does not exist\. .*data_root"):
        dataset(tmp_path / "nowhere")


def test_empty_folder(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(UserError, match=r"holds no file that ends with '.png'\. Put the images there"):
        dataset(tmp_path)


def test_unconverted_labels_name_the_command(gta):
    for path in gta.glob("labels/*"):
        path.rename(path.with_name(path.name.replace("_labelTrainIds", "")))
    with pytest.raises(UserError, match=f"6 of 6 images have no label.*python tools/convert_datasets/gta.py {gta}"):
        dataset(gta)


def test_one_missing_label_is_named(gta):
    (gta / "labels/00003_labelTrainIds.png").unlink()
    with pytest.raises(UserError, match=r"1 of 6 images have no label, first .*00003_labelTrainIds.png"):
        dataset(gta)


@pytest.mark.parametrize("value", [19, 254])
def test_wrong_label_value(gta, value):
    label = position_label(1)
    label[5, 7] = value
    path = write_png(gta / "labels/00001_labelTrainIds.png", label)
    with pytest.raises(UserError, match=rf"{path} holds the label {value}.*\(0..18\) nor 255.*convert_datasets/gta.py"):
        dataset(gta)[0]


def test_colour_image_in_place_of_a_label(gta):
    write_png(gta / "labels/00001_labelTrainIds.png", position_image(1))
    with pytest.raises(UserError, match="is an 8-bit RGB PNG, not one channel of ids"):
        dataset(gta)[0]


def test_sizes_that_differ(gta):
    write_png(gta / "images/00001.png", np.zeros((40, 81, 3), np.uint8))
    with pytest.raises(UserError, match=r"00001.png has 81x40, its label .* 80x40"):
        dataset(gta)[0]


@pytest.mark.parametrize("name", ["images/00001.png", "labels/00001_labelTrainIds.png"])
@pytest.mark.parametrize(("keep", "what"), [(0.0, "empty"), (0.5, "cut off"), (0.98, "cut off")])
def test_cut_off_files(gta, name, keep, what):
    path = gta / name
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(UserError, match=rf"{path} is {what} .* again\."):
        dataset(gta)[0]


def test_a_damaged_file_with_its_end(gta):
    path = gta / "images/00001.png"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + data[-12:])
    with pytest.raises(UserError, match="is cut off"):
        dataset(gta)[0]


def test_a_file_that_vanished(gta):
    found = dataset(gta)
    (gta / "images/00001.png").unlink()
    with pytest.raises(UserError, match=r"Cannot read .*00001.png: No such file"):
        found[0]
