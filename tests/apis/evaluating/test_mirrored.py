"""``test_cfg.flip``: the image and its mirror image, in every way to predict."""

import cv2
import numpy as np
import pytest
import torch

from mmseg.apis import inference_model, init_model
from mmseg.apis.predicting.inference import mean_outputs, native_logits
from mmseg.apis.predicting.inference_modes import describe_inference, inference_config
from mmseg.apis.predicting.passes import counted_passes, encoder_work
from tests.apis.predicting.test_inference import SLIDE, config
from tests.models.networks import hrda, plain

SIZE = (40, 80)  # native, (height, width)
NETWORKS = {
    "whole": plain(),
    "windows": plain(test_cfg=SLIDE),
    "enlarged once": plain(test_cfg={"mode": "whole", "enlarge_once": True}),
    "HRDA": hrda(),
    "HRDA in windows": hrda(test_cfg={**SLIDE, "crop_size": [64, 64], "stride": [32, 32]}),
}


def pair(name: str):
    """The same network, without and with the mirror image."""
    network = NETWORKS[name]
    mirrored = {**network, "test_cfg": {**network.get("test_cfg", {"mode": "whole"}), "flip": True}}
    return (init_model(config(model, (128, 64))) for model in (network, mirrored))


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def sample_of(small: np.ndarray) -> dict:
    """What a loader gives of an image uint8 [h, w, 3]."""
    return {"image": torch.from_numpy(small.transpose(2, 0, 1).copy())[None], "path": ["a.png"], "native_size": torch.tensor([SIZE])}


@pytest.mark.parametrize("name", NETWORKS)
def test_probabilities_are_the_mean_of_both_sides(name, image):
    once, twice = pair(name)
    turned = np.ascontiguousarray(image[:, ::-1])
    expected = (native_logits(once, image).softmax(0) + native_logits(once, turned).softmax(0).flip(2)) / 2
    probabilities = inference_model(twice, image).probabilities
    assert torch.allclose(probabilities, expected, atol=1e-6)
    assert torch.allclose(probabilities, inference_model(twice, turned).probabilities.flip(2), atol=1e-6)
    assert not torch.allclose(probabilities, inference_model(once, image).probabilities, atol=1e-4)
    assert torch.equal(native_logits(twice, image), native_logits(once, image))  # one look is one look


@pytest.mark.parametrize("name", NETWORKS)
def test_an_evaluation_predicts_the_same(name, image):
    _, twice = pair(name)
    sample = sample_of(cv2.resize(image, (128, 64)))
    (result,) = twice.test_step(sample)
    looks = twice.looks(sample["image"])
    mean = torch.stack([twice.model.enlarge(look, SIZE)[0].softmax(0) for look in (looks[0], looks[1].flip(3))]).mean(0)
    assert torch.allclose(twice.native_probabilities(looks, SIZE), mean, atol=1e-6)
    assert (result["prediction"] == mean.argmax(0)).float().mean() > 0.999


def test_without_it_there_is_one_pass(image):
    for method, passes in zip(pair("whole"), (1, 2), strict=True):
        with counted_passes(method.model) as seen:
            inference_model(method, image)
            method.test_step(sample_of(np.zeros((64, 128, 3), np.uint8)))
        assert encoder_work(seen, 2)["passes"] == passes


def test_attention_is_that_of_both_sides(image):
    once, twice = pair("HRDA")
    turned = native_logits(once, image, branch="ATT", flipped=True)
    expected = (native_logits(once, image, branch="ATT") + turned) / 2
    assert torch.allclose(mean_outputs(twice, image, ["ATT"])["ATT"], expected, atol=1e-6)


def test_other_windows_keep_it():
    method = init_model(config(plain(test_cfg={**SLIDE, "flip": True})))
    for mode in ("same", "whole", "slide"):
        test_cfg = inference_config(method.cfg, mode)
        assert test_cfg["flip"] and describe_inference(test_cfg).endswith("the same for the mirror image, probabilities averaged")
    assert "mirror" not in describe_inference({"mode": "whole"})
