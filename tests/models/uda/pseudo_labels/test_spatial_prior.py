"""The spatial prior: hand-made maps, the search of each class alone, thresholds, and the stage of a labeling."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy import ndimage

from mmseg.models.uda.pseudo_labels.labelers import TargetContext, label_target
from mmseg.models.uda.pseudo_labels.spatial_prior import SpatialPrior, class_thresholds, spatial_prior
from mmseg.structures import UDABatch
from mmseg.structures.box import Box
from mmseg.structures.places import CropPlace
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.models.uda.test_methods import build, run_step


def plain(labels: np.ndarray, thresholds) -> np.ndarray:
    """Class by class."""
    result = labels.copy()
    for train_id, threshold in enumerate(thresholds):
        component, _ = ndimage.label(labels == train_id, structure=np.ones((3, 3)))
        small = np.bincount(component.ravel()) < threshold
        small[0] = False
        result[small[component]] = 255
    return result


def test_a_diagonal_is_one_component_and_so_is_what_it_cuts():
    labels = np.zeros((4, 4), np.uint8)
    np.fill_diagonal(labels, 1)
    assert np.array_equal(spatial_prior(labels, (5, 4)), labels)
    assert np.array_equal(spatial_prior(labels, (12, 5)), np.where(labels == 1, 255, 0))
    assert np.array_equal(spatial_prior(labels, (13, 4)), np.where(labels == 0, 255, 1))


def test_an_unsure_pixel_cuts_a_component():
    labels = np.zeros((1, 7), np.uint8)
    labels[0, 3] = 255
    assert spatial_prior(labels, (3,)).tolist() == labels.tolist()
    assert (spatial_prior(labels, (4,)) == 255).all()


@pytest.mark.parametrize("threshold", [0, 1])
def test_the_smallest_thresholds_keep_everything(threshold):
    labels = np.random.default_rng(1).integers(0, 3, (9, 11)).astype(np.uint8)
    labels[2] = 255
    assert np.array_equal(spatial_prior(labels, [threshold] * 3), labels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (23, 31), (64, 48)])
@pytest.mark.parametrize("classes", [2, 5])
def test_all_classes_at_once_are_each_class_alone(shape, classes):
    random = np.random.default_rng(shape[0] * 100 + classes)
    for grain in (1, 3):
        coarse = random.integers(0, classes + 1, [-(-side // grain) for side in shape])
        labels = np.kron(np.where(coarse == classes, 255, coarse), np.ones((grain, grain)))[: shape[0], : shape[1]].astype(np.uint8)
        thresholds = random.integers(0, 30, classes)
        assert np.array_equal(spatial_prior(labels, thresholds), plain(labels, thresholds))


def test_a_view_of_a_map_is_not_changed():
    whole = np.zeros((8, 8), np.uint8)
    whole[3, 3] = 1
    assert (spatial_prior(whole[::2, ::-1], (40, 40)) == 255).all() and whole.sum() == 1


def test_thresholds_from_frequencies():
    assert class_thresholds([0.1, 0.3, 0.2], 50, 4950).tolist() == pytest.approx([50, 5000, 2525])
    assert class_thresholds([0.0, 0.3, 0.1], 50, 100).tolist() == pytest.approx([50, 150, 50])
    assert class_thresholds([0.5, 0.5], 7, 100).tolist() == [7, 7] and class_thresholds([0, 0], 7, 100).tolist() == [7, 7]


PLACE = CropPlace(native=(1520, 2560), resized=(1520, 2560), box=Box(0, 6, 0, 6), crop=(6, 6), flipped=False)


def target(places=(PLACE,)) -> TargetContext:
    image = torch.zeros(1, 3, 6, 6)
    batch = UDABatch(image, image[:, 0].long(), image, target_place=places, source_classes=())
    return TargetContext(batch, torch.nn.Identity(), 7, Streams(3, 7))


def spots() -> torch.Tensor:
    """Logits [1, 2, 6, 6]: class 0, with spots of 8 and of 7 pixels of class 1, which is less sure."""
    logits = torch.zeros(1, 2, 6, 6)
    logits[:, 0] = 9
    logits[:, 1, :2, :4] = 11
    logits[:, 1, 4:, :] = 10
    logits[:, 1, 4:, 2] = logits[:, 1, 4, 4] = logits[:, 1, 4:, 3] = 0
    return logits


def test_the_stage_scales_thresholds_by_the_area_of_the_image():
    """Twice the side of 1280 x 760: components of fewer than 4 * 2 pixels lose their weight, and labels stay."""
    pseudo = label_target(spots(), [SpatialPrior(num_classes=2, thresholds=[1, 2])], target())
    labels = pseudo.labels[0]
    dropped = pseudo.weights[0] == 0
    assert dropped.tolist() == ((labels == 1) & (torch.arange(6) >= 2)[:, None]).tolist() and dropped.sum() == 7
    assert torch.equal(pseudo.weights[0][~dropped], torch.ones(29)) and pseudo.confident_share == 1
    half = dataclasses.replace(PLACE, resized=(760, 1280))
    assert label_target(spots(), [SpatialPrior(num_classes=2, thresholds=[1, 2])], target((half,))).weights.all()


def test_unsure_and_invalid_pixels_belong_to_no_component():
    """Of class 1, the surer spot has a probability of 0.88 and the other one of 0.73."""
    pseudo = label_target(spots(), [SpatialPrior(num_classes=2, thresholds=[0], confidence=0.8)], target())
    assert torch.equal(pseudo.weights == 0, pseudo.confidence < 0.8) and (pseudo.weights == 0).sum() == 7
    margins = dataclasses.replace(target().batch, target_valid=torch.ones(1, 6, 6, dtype=torch.uint8))
    margins.target_valid[:, 0] = 0
    cut = label_target(spots(), [SpatialPrior(num_classes=2, thresholds=[0, 2])], dataclasses.replace(target(), batch=margins))
    assert not cut.weights[0, 1, :4].any() and cut.weights[0, 1, 4:].all()


def test_what_it_needs():
    with pytest.raises(UserError, match=r"3 smallest components are given, but the network has 2 classes\. Give 2 numbers, or one for all"):
        SpatialPrior(num_classes=2, thresholds=[1, 2, 3])
    with pytest.raises(UserError, match=r"does not tell of it\. Add target_place=True to train_dataloader.dataset"):
        label_target(spots(), [SpatialPrior(num_classes=2, thresholds=[1])], target(None))


def test_in_a_training(monkeypatch):
    """A threshold larger than the crop takes every weight, so that the mixed loss has the source's pixels alone; none takes nothing."""
    logs = {}
    for threshold in (0, 1e9):
        labeling = [{"type": "SpatialPrior", "thresholds": [threshold]}]
        logs[threshold] = run_step(build(pseudo_threshold=None, labeling=labeling, imnet_feature_dist_lambda=0), monkeypatch)
    plain = run_step(build(pseudo_threshold=None, labeling=[], imnet_feature_dist_lambda=0), monkeypatch)
    assert logs[0].keys() == plain.keys() and all(torch.equal(logs[0][name], value) for name, value in plain.items())
    different = [name for name, value in plain.items() if not torch.equal(logs[1e9][name], value)]
    assert any("mix" in name for name in different), different
