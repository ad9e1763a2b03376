"""Advice about how a training for label shift adaptation samples its data."""

import re
from pathlib import Path

import numpy as np
import pytest

from mmseg.datasets import CropOptions, FolderDataset, UDADataset
from mmseg.datasets.sampling.class_aware_sampling import ClassAwareOptions, draw_class_aware_list
from tests.advice.following import advice
from tests.datasets.toy import HEIGHT, WIDTH, crop, make_cityscapes, make_gta, source_config, target_config, write_png


@pytest.fixture
def pair(tmp_path):
    source, target = source_config(make_gta(tmp_path / "gta")), target_config(make_cityscapes(tmp_path / "city"))
    return {"source": source, "target": target, "source_crop": crop(), "target_crop": crop()}


def test_two_ways_to_draw_source_images(pair):
    both = {"rare_class_sampling": {"min_pixels": 1, "class_temp": 0.1}, "class_aware_sampling": {"draws": 10}}
    advice("has rare_class_sampling and class_aware_sampling. Set one of them to None.", lambda: UDADataset(**pair, **both))
    for one in both:
        assert UDADataset(**pair, **{**both, one: None})[0]["index"] == 0


def test_class_aware_sampling(own):
    def draw(min_pixels: int) -> np.ndarray:
        data = FolderDataset(**own, label_map={0: "sky", 1: "grass"}, ignore=[17])
        return draw_class_aware_list(data, ClassAwareOptions(draws=10, min_pixels=min_pixels), seed=0)

    (said,) = advice("class_aware_sampling: {}. Lower min_pixels, or correct the labels.", lambda: draw(2000))
    assert len(draw(1599)) == 3000 and "more than 2000 pixels" in said  # 'grass' has 1600
    write_png(Path(own["labels"]) / "a.png", np.ones((HEIGHT, WIDTH), np.uint8))
    assert len(draw(2000)) == 3000


def test_a_range_of_scales():
    def build(*bounds: float) -> CropOptions:
        return CropOptions(**crop(), ratio_range=bounds)

    (said,) = advice("ratio_range={} begins above its end. Give (smallest, largest).", lambda: build(1.5, 0.5))
    first, second = map(float, re.findall(r"[\d.]+", said))
    build(second, first)
