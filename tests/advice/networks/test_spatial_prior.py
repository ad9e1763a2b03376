"""Advice about the spatial prior of a labeling."""

from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.models.uda.pseudo_labels.labelers import label_target
from mmseg.models.uda.pseudo_labels.spatial_prior import SpatialPrior
from mmseg.structures.places import CropPlace
from tests.advice.following import advice
from tests.datasets import toy
from tests.models.uda.pseudo_labels.test_spatial_prior import spots, target


def test_thresholds_of_another_number_of_classes():
    *_, classes, count = advice(
        "{}: {} smallest components are given, but the network has {} classes. Give {} numbers, or one for all.",
        lambda: SpatialPrior(num_classes=2, thresholds=[1, 2, 3]),
    )
    assert classes == count == "2"
    for thresholds in ([1, 2], [1]):
        assert len(SpatialPrior(num_classes=2, thresholds=thresholds).thresholds) == 2


def test_crops_that_lie_somewhere(tmp_path):
    stage = SpatialPrior(num_classes=2, thresholds=[1])
    advice(
        "of the whole image, but the loader does not tell of it. Add target_place=True to train_dataloader.dataset.",
        lambda: label_target(spots(), [stage], target(None)),
    )
    domains = {
        "source": toy.source_config(toy.make_gta(tmp_path / "gta")),
        "target": toy.target_config(toy.make_cityscapes(tmp_path / "cs")),
    }
    crops = {"source_crop": toy.crop(), "target_crop": toy.crop()}
    data = UDADataset(**domains, **crops, target_place=True)
    place = CropPlace.of(data[0]["target"]["place"])
    assert label_target(spots(), [stage], target((place,))).weights.all()
