"""Predictions that are corrected for the priors of the target: the same on every way to a prediction, and never twice."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmseg.apis import inference_model, init_model
from mmseg.apis.exporting.window import WindowSegmentor
from mmseg.apis.predicting.inference import native_logits
from mmseg.datasets.statistics.class_priors import log_ratio
from mmseg.utils.errors import UserError
from tests.apis.predicting.test_inference import SLIDE, config
from tests.models.networks import hrda, plain

NAMES = list("01234")
MODELS = {
    "plain": plain(),
    "slide": plain(test_cfg=SLIDE),
    "hrda": hrda(),
    "hrda_slide": hrda(test_cfg={"mode": "slide", "crop_size": [64, 64], "stride": [32, 32]}),
}
COUNTS = {"source": [1, 2, 3, 4, 5], "target": [5, 4, 3, 2, 1]}


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8)


@pytest.fixture
def priors(tmp_path):
    header = {"version": 1, "kind": "priors", "made_by": "a test", "digest": None, "checkpoint": None, "images_digest": ""}
    source = {"counts": COUNTS["source"], "pixel_frequency": [0.2] * 5}
    content = {**header, "classes": NAMES, "images": 1, "complete": True, "source": source, "target": {"counts": COUNTS["target"]}}
    path = tmp_path / "priors.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def shift() -> torch.Tensor:
    return torch.from_numpy(log_ratio(COUNTS["source"], COUNTS["target"])).float()[:, None, None]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_logits_move_by_the_ratio_of_the_priors(model, image, priors, shift):
    before, after = init_model(config(model)), init_model(config(model), prior_correction=priors)
    assert torch.allclose(native_logits(after, image), native_logits(before, image) + shift, atol=1e-5)
    assert torch.allclose(inference_model(after, image).probabilities, (native_logits(before, image) + shift).softmax(0), atol=1e-6)


def test_the_attention_stays(image, priors):
    before, after = init_model(config(hrda())), init_model(config(hrda()), prior_correction=priors)
    assert torch.equal(native_logits(after, image, branch="ATT"), native_logits(before, image, branch="ATT"))


def test_evaluation_and_export_predict_the_same(image, priors, shift):
    before, after = init_model(config(plain(), None)), init_model(config(plain(), None), prior_correction=priors)
    photo = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
    exported = [WindowSegmentor(method=method)(photo.float()) for method in (before, after)]
    assert torch.allclose(exported[1], exported[0] + shift, atol=1e-5)
    sample = {"image": photo, "path": ["a.png"], "native_size": torch.tensor([image.shape[:2]])}
    assert torch.equal(after.test_step(sample)[0]["prediction"], exported[1].argmax(1)[0].byte())
    assert (after.test_step(sample)[0]["prediction"] != before.test_step(sample)[0]["prediction"]).any()


def test_the_correction_is_no_part_of_the_network(priors):
    before, after = init_model(config(plain())), init_model(config(plain()), prior_correction=priors)
    assert before.state_dict().keys() == after.state_dict().keys()


def test_a_rectified_classifier_is_not_corrected_again(tmp_path, priors):
    model = init_model(config(plain()))
    state = {f"model.{key}": value for key, value in model.model.state_dict().items()}
    torch.save({"state_dict": state, "meta": {"rectified": True}}, tmp_path / "cr.pth")
    with pytest.raises(UserError, match=r"cr\.pth holds a rectified classifier.*correct it twice\. Leave it out\.") as error:
        init_model(config(plain()), tmp_path / "cr.pth", prior_correction=priors)
    assert "\n" not in str(error.value)
    torch.save({"state_dict": state}, tmp_path / "of_others.pth")
    cfg = config(plain())
    cfg.uda = {"type": "ClassifierRectification"}
    with pytest.raises(UserError, match="rectified classifier"):
        init_model(cfg, tmp_path / "of_others.pth", prior_correction=priors)
    assert init_model(config(plain()), tmp_path / "of_others.pth", prior_correction=priors).class_bias is not None
