"""What a checkpoint says that it was trained for, and what a config may say otherwise."""

import numpy as np
import pytest

from mmseg.config import load_config
from mmseg.engine.checkpoints.trained_for import TrainedFor
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from tests import tiny

CLASSES, PALETTE = ("sky", "grass", "sea"), ((1, 2, 3), (4, 5, 6), (7, 8, 9))
IMAGENET = SegDataPreprocessor()
OTHER = SegDataPreprocessor(mean=(127.5,) * 3, std=(127.5,) * 3)


def warnings(trained: TrainedFor, classes=CLASSES, palette=PALETTE, preprocessor=IMAGENET) -> list[str]:
    return trained.warnings(classes, palette, preprocessor, "a.pth")


def test_our_config_says_everything():
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"uda.data_preprocessor": {"type": "SegDataPreprocessor", "mean": [127.5] * 3}})
    trained = TrainedFor.of({"meta": {"config": config_text(cfg)}})
    assert trained.classes[:2] == ("road", "sidewalk") and trained.palette[0] == (128, 64, 128)
    assert trained.normalisation == ((127.5,) * 3, IMAGENET.grey_std)


def test_published_metadata_say_classes_and_colours():
    """As OpenMMLab's files have them, and beside a config in another vocabulary, which nobody runs."""
    meta = {"CLASSES": list(CLASSES), "PALETTE": [list(color) for color in PALETTE], "config": "import os\nmodel = dict(type='UDA')"}
    assert TrainedFor.of({"meta": meta}) == TrainedFor(CLASSES, PALETTE)


@pytest.mark.parametrize(
    "content", [{}, {"meta": None}, {"meta": {"CLASSES": 3, "PALETTE": np.eye(2)}}, {"meta": {"config": "uda = 1"}}], ids=str
)
def test_nothing_is_known(content):
    trained = TrainedFor.of(content)
    assert trained == TrainedFor() and not warnings(trained)


def test_a_data_set_that_is_not_known_here():
    text = "uda = dict(type='DACS')\nval_dataloader = dict(dataset=dict(type='TheirDataset'))"
    trained = TrainedFor.of({"meta": {"config": text}})
    assert trained.classes is None and trained.normalisation == (IMAGENET.grey_mean, IMAGENET.grey_std)


def test_the_same():
    assert not warnings(TrainedFor(CLASSES, PALETTE, (IMAGENET.grey_mean, IMAGENET.grey_std)), list(CLASSES), [list(c) for c in PALETTE])


def test_another_order_is_an_error():
    line = (
        r"^Checkpoint a\.pth was trained with the classes in another order than the config: 'sea' is number 2, not 1\. Give the data sets"
    )
    for given in (("sky", "sea", "grass"), ("sky", "sea", "boat")):
        with pytest.raises(UserError, match=line):
            warnings(TrainedFor(CLASSES), given)


def test_other_names_colours_and_normalisation_are_warnings():
    (names,) = warnings(TrainedFor(CLASSES), ("sky", "meadow", "sea"))
    assert names == "Checkpoint a.pth was trained with other names of classes: 'grass' is 'meadow' in the config."
    (names,) = warnings(TrainedFor(("sky", "a\n\x1b[2Jb", "sea")))
    assert r"'a\n\x1b[2Jb' is 'grass'" in names  # what a file of a stranger says is text for the terminal
    (colors,) = warnings(TrainedFor(CLASSES, PALETTE), palette=PALETTE[::-1])
    assert colors.startswith("Checkpoint a.pth was trained with another palette")
    (normalisation,) = warnings(TrainedFor(normalisation=(IMAGENET.grey_mean, IMAGENET.grey_std)), preprocessor=OTHER)
    assert "(mean [123.675, 116.28, 103.53], std [58.395, 57.12, 57.375] and mean [127.5, 127.5, 127.5]" in normalisation


def test_lists_of_other_lengths_are_of_other_classes():
    """How many there are is what the weights say."""
    assert not warnings(TrainedFor(CLASSES[:2], PALETTE[:2]), CLASSES[::-1])
