"""Probabilities in closed form, and statistics that are missing, stale or too thin."""

import json

import numpy as np
import pytest

from mmseg.datasets import GTADataset, RareClassOptions
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import GTA
from mmseg.datasets.sampling.rare_class_sampling import build_rare_class_table, class_frequencies, class_probabilities
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError
from tests.datasets.toy import RARE, make_gta, write_png

OPTIONS = RareClassOptions(min_pixels=20, class_temp=0.01)


@pytest.fixture
def root(tmp_path):
    return make_gta(tmp_path / "gta")


def table(root, options=OPTIONS):
    return build_rare_class_table(GTADataset(data_root=str(root), ann_dir="labels"), options)


def test_probabilities_in_closed_form():
    np.testing.assert_allclose(class_probabilities([0.9, 0.09, 0.01], 0.01), [0, 0.000335, 0.999665], atol=1e-6)
    assert class_probabilities([0.9, 0.09, 0.01], 0.01).sum() == pytest.approx(1)
    np.testing.assert_allclose(class_probabilities([0.9, 0.09, 0.01], 1e6), [1 / 3] * 3, rtol=1e-4)


def test_infinite_temperature_draws_all_classes_alike(root):
    """Four published DAFormer configs sample this way."""
    found = table(root, RareClassOptions(min_pixels=20, class_temp=float("inf")))
    assert found.probabilities.tolist() == [np.float32(0.2)] * 5
    rng = np.random.default_rng(0)
    assert {found.draw(rng)[0] for _ in range(100)} == {0, 1, 2, 3, RARE}


def test_frequencies_are_shares_and_rarest_first():
    assert class_frequencies([{"file": "a", "3": 60, "1": 30}, {"file": "b", "1": 10}]) == {1: 0.4, 3: 0.6}


def test_table_of_the_toy_data(root):
    found = table(root)
    assert found.classes[0] == RARE
    assert found.files[RARE].tolist() == [2, 5]
    assert found.files[1].tolist() == [0, 1, 2, 3, 4, 5]


def test_minimum_is_strict(root):
    """The rare patch has 6 x 12 pixels."""
    assert len(table(root, RareClassOptions(min_pixels=71, class_temp=1)).files[RARE]) == 2
    with pytest.raises(UserError, match=r"more than 72 pixels of the class 'train'.*Lower rare_class_sampling.min_pixels"):
        table(root, RareClassOptions(min_pixels=72, class_temp=1))


def test_statistics_of_the_converter(tmp_path):
    root = tmp_path / "gta"
    for number in (1, 2):
        write_png(root / f"images/{number:05}.png", np.zeros((10, 10, 3), np.uint8))
        write_png(root / f"labels/{number:05}.png", np.array([[7] * 9 + [6 + number]] * 10, np.uint8))
    convert_dataset(root=root, raw=GTA, nproc=1)
    found = table(root, RareClassOptions(min_pixels=5, class_temp=1))
    assert {key: value.tolist() for key, value in found.files.items()} == {1: [1], 0: [0, 1]}


def test_paths_from_the_working_folder_are_understood(root):
    """The statistics that HRDA and DAFormer ship name data/gta/labels/…"""
    for name in ("sample_class_stats.json", "samples_with_class.json"):
        path = root / name
        path.write_text(path.read_text().replace("labels/", "data/gta/labels/"))
    assert table(root).files[RARE].tolist() == [2, 5]


@pytest.mark.parametrize("name", ["sample_class_stats.json", "samples_with_class.json"])
def test_missing_statistics_name_the_command(root, name):
    (root / name).unlink()
    with pytest.raises(UserError, match=f"{name} does not exist. Create it with: python tools/convert_datasets/gta.py {root}"):
        table(root)


def test_broken_statistics(root):
    (root / "sample_class_stats.json").write_text("[{")
    with pytest.raises(UserError, match="not valid JSON"):
        table(root)


def test_statistics_of_files_that_are_gone(root):
    (root / "images/00002.png").unlink()
    with pytest.raises(UserError, match=r"names labels/00002_labelTrainIds.png.*stale. Create it with"):
        table(root)


def test_files_that_the_statistics_lack(root):
    path = root / "sample_class_stats.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:-1]))
    with pytest.raises(UserError, match=r"lacks 00006_labelTrainIds.png.*stale. Create it with"):
        table(root)


def test_temperature_must_be_positive():
    with pytest.raises(UserError, match=r"RareClassOptions: class_temp is 0\. It should be greater than 0\."):
        build_checked({"type": RareClassOptions, "min_pixels": 20, "class_temp": 0}, DATASETS)
