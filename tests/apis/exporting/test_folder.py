"""A network as a folder: what was written predicts the same labels, bit for bit."""

import copy
import json

import numpy as np
import pytest
import torch

from mmseg.apis import inference_model, init_model
from mmseg.apis.exporting.folder import export_folder, halved
from mmseg.config import load_config
from mmseg.utils.errors import UserError
from tests import tiny

SMALL = {"val_dataloader.dataset.test_scale": None, "model.test_cfg.crop_size": (64, 64), "model.test_cfg.stride": (32, 32)}


@pytest.fixture(scope="module")
def method():
    return init_model(load_config(tiny.ROOT / tiny.CONFIG, SMALL, training=False))


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def written(method, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "model"
    assert [path.name for path in export_folder(method, folder, {"from": "a test"})] == ["model.safetensors", "config.json", "model.json"]
    return folder


def test_the_same_labels_and_probabilities(method, written, photo):
    again = init_model(written)
    expected, given = (inference_model(network, photo) for network in (method, again))
    assert len(np.unique(expected.labels)) > 1
    assert np.array_equal(given.labels, expected.labels) and torch.equal(given.probabilities, expected.probabilities)
    assert (again.classes, again.palette) == (method.classes, method.palette)


def test_what_a_user_has_to_know(method, written):
    card = json.loads((written / "model.json").read_text())
    assert card["classes"] == list(method.classes) and card["palette"][0] == list(method.palette[0])
    assert card["normalization"]["mean"] == [123.675, 116.28, 103.53] and card["test_cfg"]["crop_size"] == [64, 64]
    assert card["weights"]["dtype"] == "float32" and "NVIDIA Source Code License" in card["licence"] and card["from"] == "a test"
    assert card["parameters"] == sum(value.numel() for value in method.model.parameters())


def test_the_config_trains_and_is_plain(written):
    assert load_config(written / "config.json", trust=False).to_dict() == load_config(written / "config.json").to_dict()


def test_half_as_many_bytes(method, written, photo, tmp_path):
    weights, *_ = export_folder(method, tmp_path, {}, half=True, licence="ours")
    tensors = sum(value.numel() for value in method.model.state_dict().values() if value.is_floating_point())
    assert (written / weights.name).stat().st_size - weights.stat().st_size == pytest.approx(2 * tensors, abs=200)
    card = json.loads((tmp_path / "model.json").read_text())
    assert (card["weights"]["dtype"], card["licence"]) == ("float16", "ours")
    network = init_model(tmp_path)
    assert all(value.dtype == torch.float32 for value in network.model.parameters())
    assert torch.allclose(inference_model(network, photo).probabilities, inference_model(method, photo).probabilities, atol=0.01)


def test_values_that_float16_cannot_hold():
    assert halved("a", torch.tensor([0.1])).dtype == torch.float16 and halved("a", torch.tensor(3)).dtype == torch.int64
    with pytest.raises(UserError, match=r"^a holds 70000, more than a float16 can\. Leave --half out\.$"):
        halved("a", torch.tensor([1.0, -70000.0]))


def test_a_rectified_classifier_is_not_corrected_twice(method, photo, tmp_path):
    export_folder(method, tmp_path, {}, rectified=True)
    with pytest.raises(UserError, match="holds a rectified classifier"):
        init_model(tmp_path, prior_correction="priors.json")


def test_a_network_for_whole_images_needs_no_window(method, tmp_path):
    """Such as one of a config that can only be evaluated: it names no crops of a training."""
    cfg = copy.deepcopy(method.cfg)
    cfg.model.test_cfg = {"mode": "whole"}
    cfg.pop("train_dataloader")
    export_folder(init_model(cfg), tmp_path, {})
    assert json.loads((tmp_path / "model.json").read_text())["test_cfg"] == {"mode": "whole"}
