"""Several data sets as one: order, statistics, weights, and a scale for each."""

import numpy as np
import pytest
import torch

from mmseg.datasets import SeveralDatasets, UDADataset
from mmseg.datasets.several import Joined
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.datasets.toy import HEIGHT, RARE, WIDTH, crop, make_gta, position_image, position_label, source_config

COUNTS = (6, 2)


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """A GTA folder of 6 images and one of 2."""
    root = tmp_path_factory.mktemp("data")
    return [source_config(make_gta(root / f"part{count}", count)) for count in COUNTS]


def several(configs, **options):
    return SeveralDatasets(datasets=configs, **options)


def training(configs, **options):
    source = {"type": "SeveralDatasets", "datasets": configs, **options.pop("joined", {})}
    return UDADataset(**{"source": source, "source_crop": crop(), **options})


def test_places():
    order = Joined((2, 0, 3))
    assert len(order) == 5
    assert [order.place(index) for index in range(5)] == [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)]


def test_the_second_follows_the_first(configs):
    joined = several(configs)
    assert len(joined) == len(joined.images) == len(joined.label_names) == len(joined.images.names) == 8
    for index, number in enumerate((1, 2, 3, 4, 5, 6, 1, 2)):
        assert (joined.images.read(index) == position_image(number)).all()
        assert (joined.read_label(index) == position_label(number)).all()
    assert joined.images.path(6).parents[1].name == joined.label_path(6).parents[1].name == "part2"
    assert torch.equal(joined[7]["label"], torch.from_numpy(position_label(2)))


def test_statistics_are_those_of_all(configs):
    found = several(configs).class_statistics()
    single = [several([config]).class_statistics() for config in configs]
    assert found.pixels[0] == single[0].pixels[0] + single[1].pixels[0]
    assert [index for index, _ in found.files[0]] == list(range(8))
    assert [index for index, _ in found.files[RARE]] == [2, 5]


def drawn(dataset, count=400) -> np.ndarray:
    """Share of the data sets in the samples."""
    indices = [dataset.draw_source_file(Streams(0, index))[1] for index in range(count)]
    return np.bincount([dataset.source.part_number(index) for index in indices], minlength=2) / count


def test_files_are_drawn_alike_or_by_weight(configs):
    assert drawn(training(configs)).tolist() == [0.75, 0.25]
    weighted = training(configs, joined={"weights": [1, 3]})
    assert weighted.source.file_weights.tolist() == pytest.approx([0.25 / 6] * 6 + [0.75 / 2] * 2)
    assert drawn(weighted)[1] == pytest.approx(0.75, abs=0.06)


def test_weights_hold_within_a_rare_class(configs):
    rare = {"min_pixels": 20, "class_temp": float("inf")}
    both = training(configs, joined={"weights": [1, 9]}, rare_class_sampling=rare)
    table, rng = both.table, np.random.default_rng(0)
    draws = [table.draw(rng) for _ in range(600)]
    assert {index for train_id, index in draws if train_id == RARE} == {2, 5}, "the second has no train"
    common = [index for train_id, index in draws if train_id == 0]
    assert np.mean([index >= 6 for index in common]) == pytest.approx(0.9, abs=0.07)


def test_each_has_its_scale(configs):
    """The rows that the toy image tells in blue run twice as fast in a crop at half the scale."""
    options = crop(HEIGHT // 2, img_scale=[(WIDTH, HEIGHT), (WIDTH // 2, HEIGHT // 2)], flip_prob=0.0)
    dataset = training(configs, source_crop=options)
    for index in range(16):
        file = dataset.draw_source_file(Streams(0, index))[1]
        rows = dataset[index]["source"]["image"][2].float()
        span = float(rows.max() - rows.min())
        assert span == pytest.approx(HEIGHT - 2, abs=1) if file >= 6 else span == HEIGHT // 2 - 1


def test_as_many_scales_as_data_sets(configs):
    scales = {"source_crop": crop(img_scale=[(WIDTH, HEIGHT)] * 3)}
    with pytest.raises(UserError, match=r"img_scale lists 3 scales, but the source is 2 data set\(s\)\. Give one \(width, height\)"):
        training(configs, **scales)


def test_as_target_it_holds_images_alone(configs):
    target = {"type": "SeveralDatasets", "datasets": [{**config, "ann_dir": "nowhere"} for config in configs]}
    dataset = training(configs, target=target, target_crop=crop())
    assert len(dataset.target) == 8 and not hasattr(dataset.target, "read_label")
    assert dataset[0]["target"]["image"].shape == (3, 16, 16)


def test_what_does_not_belong_together(configs):
    with pytest.raises(UserError, match=r"GTADataset and GTADataset have other classes\. Give all of them one list"):
        several([configs[0], {**configs[1], "classes": ["road"]}])
    with pytest.raises(UserError, match=r"only some of the data sets have labels\. Give all of them labels, or none"):
        several([configs[0], {**configs[1], "ann_dir": None}])
    with pytest.raises(UserError, match=r"weights=\[1\] for 2 data sets\. Give one number above 0"):
        several(configs, weights=[1])
    with pytest.raises(UserError, match="needs data sets"):
        several([])
