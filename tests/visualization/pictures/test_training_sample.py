"""Tiles of training samples."""

import numpy as np
import pytest

from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.visualization.panels import BAR, GAP
from mmseg.visualization.pictures.training_sample import (
    Look,
    TrainingSample,
    dimmed,
    draw_training_sample,
    label_tiles,
    source_row,
    target_row,
)

IMAGE = np.full((64, 64, 3), 80, np.uint8)
LABEL = np.full((64, 64), 11, np.uint8)
LABEL[:, 16:] = 255


def sample(**parts) -> TrainingSample:
    return TrainingSample(index=3, names=("a.png", "b.png"), rare_class=parts.pop("rare_class", None), source=Look(IMAGE, LABEL), **parts)


def test_what_is_not_meant_fades_to_white():
    kept = np.zeros((64, 64), bool)
    kept[0, 0] = True
    tile = dimmed(IMAGE, kept)
    assert tile[0, 0].tolist() == [80] * 3 and tile[0, 1].tolist() == [211] * 3


def test_the_drawn_class_is_shown_and_counted():
    row = source_row(sample(rare_class=11), PALETTE, CLASSES)
    assert [caption for caption, _ in row] == ["source: a.png", "source label, 1 classes", f"drawn: person, {64 * 16} pixels"]
    assert row[2][1][0, 15].tolist() == [80] * 3 and row[2][1][0, 16].tolist() == [211] * 3
    assert len(source_row(sample(), PALETTE, CLASSES)) == 2


def test_the_target_shows_where_pseudo_labels_count():
    valid = np.ones((64, 64), bool)
    valid[:16] = False
    captions = [caption for caption, _ in target_row(sample(target=Look(IMAGE), valid=valid), PALETTE)]
    assert captions == ["target: b.png", "valid for pseudo-labels: 75%"]
    labelled = Look(IMAGE, LABEL, np.full((64, 64), 0.25))
    assert [caption for caption, _ in target_row(sample(target=labelled), PALETTE)][1:] == ["pseudo-label", "weight, mean 0.25"]


def test_labels_of_an_earlier_stage_come_before_pseudo_labels():
    """Soft ones with their probability."""
    parts = {"target": Look(IMAGE, LABEL), "earlier": Look(IMAGE, LABEL, np.full((64, 64), 0.75))}
    captions = [caption for caption, _ in target_row(sample(**parts), PALETTE)]
    assert captions == ["target: b.png", "label of an earlier stage", "weight, mean 0.75", "pseudo-label"]


def test_labels_that_are_all_ignored_are_left_out():
    assert label_tiles("masked", Look(IMAGE, np.full((64, 64), 255, np.uint8), np.ones((64, 64))), PALETTE) == []
    assert label_tiles("masked", Look(IMAGE), PALETTE) == []


@pytest.mark.parametrize(
    ("parts", "rows"),
    [
        ({}, 1),
        ({"target": Look(IMAGE)}, 2),
        ({"target": Look(IMAGE), "mixed": Look(IMAGE, LABEL)}, 3),
        ({"target": Look(IMAGE), "earlier": Look(IMAGE, LABEL), "strong": Look(IMAGE, LABEL), "mixed": Look(IMAGE, LABEL)}, 4),
    ],
)
def test_a_row_for_each_part(parts, rows):
    picture, legend = draw_training_sample(sample(**parts), palette=PALETTE, names=CLASSES), 6 * BAR + GAP
    assert 0 < picture.shape[0] - rows * (256 + BAR + GAP) < legend + 3 * GAP
