"""Acquisitions as a config names them: what they pick by, how far apart, and that a seed repeats them."""

import math

import numpy as np
import pytest
import torch

from mmseg.models.uda.acquisition import scores
from mmseg.registry import ACQUISITIONS
from mmseg.utils.errors import UserError

ACQUISITIONS.import_from_location()
NAMES = sorted(ACQUISITIONS.module_dict)
LOGITS = torch.randn(5, 20, 24, generator=torch.Generator().manual_seed(0)) * 2


def scored(name: str, seed: int = 0, logits=LOGITS, **options):
    return ACQUISITIONS.build({"type": name, **options})(logits, np.random.default_rng(seed))


def test_regions_and_pixels_have_the_same_scores():
    kinds = {name.removeprefix("Region") for name in NAMES if name.startswith("Region")}
    assert {f"{unit}{kind}" for unit in ("Region", "Pixel") for kind in kinds} == {*NAMES}
    assert kinds == {"Impurity", "Random", "Entropy", "LeastConfidence"}


@pytest.mark.parametrize("name", NAMES)
def test_a_score_for_every_pixel(name):
    """float32, of the size of the image, repeated by the seed; a function of the logits unless it is drawn."""
    score = scored(name)
    assert score.shape == (20, 24) and score.dtype is torch.float32 and score.isfinite().all()
    assert torch.equal(score, scored(name)) and len(score.unique()) > 20
    assert torch.equal(score, scored(name, seed=1)) != name.endswith("Random")
    assert torch.equal(score, scored(name, logits=LOGITS.flip(0) * 3)) == name.endswith("Random")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_labelled_and_what_is_excluded(name):
    """Regions: k and 2 k, of 3x3 pixels by default. Pixels: themselves and k, 32 by default."""
    for options, k in (({}, 1 if name.startswith("Region") else 32), ({"radius": 4}, 4)):
        made = ACQUISITIONS.build({"type": name, **options})
        assert (made.radius, made.exclusion) == ((k, 2 * k) if name.startswith("Region") else (0, k))


def test_scores_of_regions_are_means_of_those_of_pixels():
    for kind in ("Entropy", "LeastConfidence"):
        found, pixels = scored(f"Region{kind}", radius=2), scored(f"Pixel{kind}")
        assert torch.allclose(found, scores.uncertainty(pixels, 2))
    assert torch.allclose(scored("PixelEntropy"), torch.distributions.Categorical(LOGITS.permute(1, 2, 0).softmax(2)).entropy(), atol=1e-4)
    assert torch.allclose(scored("PixelLeastConfidence"), 1 - LOGITS.softmax(0).amax(0))


def test_factors_of_the_ablation():
    """Their product is the score; uncertainty alone ranks as the entropy of regions."""
    impurity, uncertainty = (scored("RegionImpurity", factors=factor) for factor in ("impurity", "uncertainty"))
    assert torch.allclose(scored("RegionImpurity"), impurity * uncertainty)
    assert torch.allclose(uncertainty * math.log(19), scored("RegionEntropy"))
    by_classes = scored("RegionImpurity", factors="impurity", normalised_by="classes")
    assert torch.allclose(by_classes, impurity * math.log(19) / math.log(5))
    ratio = (math.log(19) / math.log(5)) ** 2
    assert torch.allclose(scored("RegionImpurity", normalised_by="classes"), scored("RegionImpurity") * ratio)


def test_the_window_of_a_pixel():
    assert torch.equal(scored("PixelImpurity", radius=3), scores.pixel_score(LOGITS, radius=3))


@pytest.mark.parametrize(
    ("cfg", "words"),
    [
        ({"type": "RegionImpurty"}, "Did you mean 'RegionImpurity'"),
        ({"type": "RegionImpurity", "radius": -1}, "radius is -1"),
        ({"type": "RegionImpurity", "factors": "all"}, "factors is 'all'"),
        ({"type": "PixelRandom", "normalised_by": "classes"}, "unexpected option 'normalised_by'"),
    ],
)
def test_mistakes(cfg, words):
    with pytest.raises(UserError, match=words):
        ACQUISITIONS.build(cfg)


@pytest.mark.parametrize("name", NAMES)
def test_a_radius_that_no_image_has(name):
    """Is a window of the whole image; one that no number of a file or a picture holds is refused."""
    assert torch.equal(scored(name, radius=1_000_000), scored(name, radius=24))
    for radius in (1_000_001, 10**40):
        with pytest.raises(UserError, match=f"^{name}: radius is {radius}. It should be less than or equal to 1000000.$"):
            ACQUISITIONS.build({"type": name, "radius": radius})
