"""The means over 16 and 13 classes that the Synthia configs report beside the mean over 19."""

import numpy as np
import pytest
import torch

from mmseg.config import load_config
from mmseg.datasets.classes.names import CLASSES
from mmseg.datasets.kinds.synthia import ABSENT
from mmseg.evaluation.iou_metric import summarise
from mmseg.registry import METRICS
from tests import tiny

CONFIGS = ["hrda/synHR2csHR_hrda.py", "mic/synHR2csHR_mic_hrda.py", "daformer/syn2cs_daformer.py"]
HRDA_ROW = (85.2, 47.7, 88.8, 49.5, 4.8, 57.2, 65.7, 60.9, 85.3, 92.9, 79.4, 52.8, 89.0, 64.7, 63.9, 64.9)
"""Published IoU of the 16 classes in percent, in the order of the train ids (HRDA, Table 1)."""


def metric(config: str):
    built = METRICS.build(load_config(tiny.ROOT / "configs" / config).val_evaluator)
    built.dataset_meta = {"classes": CLASSES}
    return built


@pytest.mark.parametrize("config", CONFIGS)
def test_which_classes_are_left_out(config):
    left_out = {name: sorted(set(CLASSES) - set(members)) for name, members in metric(config).subsets.items()}
    assert left_out == {"16": ["terrain", "train", "truck"], "13": ["fence", "pole", "terrain", "train", "truck", "wall"]}
    assert left_out["16"] == sorted(CLASSES[train_id] for train_id in ABSENT)
    assert all(len(members) == int(name) for name, members in metric(config).subsets.items())


def test_the_published_row():
    iou = np.zeros(19)
    iou[[train_id for train_id in range(19) if train_id not in ABSENT]] = np.array(HRDA_ROW) / 100
    scores = summarise({"IoU": iou, "Acc": iou, "aAcc": np.asarray(1.0)}, CLASSES, metric(CONFIGS[0]).subsets)
    assert scores["mIoU.16"] == pytest.approx(65.79, abs=0.005)
    assert scores["mIoU.13"] == pytest.approx(72.40, abs=0.005)
    assert scores["mIoU"] == pytest.approx(scores["mIoU.16"] * 16 / 19)


def test_a_pixel_of_a_class_left_out_counts_against_the_predicted_one():
    """Half of what is predicted as road is terrain; the means over named classes leave out terrain's own IoU of 0."""
    built = metric(CONFIGS[0])
    label = torch.tensor([[CLASSES.index("road"), CLASSES.index("terrain")]], dtype=torch.uint8)
    built.process({}, [{"prediction": torch.zeros_like(label), "label": label, "path": "a.png"}])
    scores = built.evaluate(1)
    assert (scores["mIoU.16"], scores["mIoU.13"], scores["mIoU"]) == (50, 50, 25)
