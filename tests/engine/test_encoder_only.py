"""The ImageNet network of the feature distance without its decoder: the same training, fewer weights, old files fit."""

import pytest
import torch

from mmseg.engine.checkpoints.weights import load_method, load_resumed
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import UserError
from tests.models.uda import test_methods as steps

DISTANCE = {"imnet_feature_dist_lambda": 0.1, "imnet_feature_dist_classes": None}


def build(encoder_only: bool, seed: int = 0) -> UDAMethod:
    return steps.build(imnet_encoder_only=encoder_only, seed=seed, **DISTANCE)


def encoder(method: UDAMethod) -> dict[str, torch.Tensor]:
    return {key: value for key, value in method.imnet_model.state_dict().items() if key.startswith("backbone.")}


def test_a_step_is_the_same(monkeypatch):
    whole, part = build(False), build(True)
    logs = [steps.run_step(method, monkeypatch) for method in (whole, part)]
    assert all(torch.equal(value, logs[1][name]) for name, value in logs[0].items()) and logs[0]["src.loss_imnet_feat_dist"] >= 0
    state = whole.model.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in part.model.state_dict().items())


def test_only_the_encoder_is_kept():
    assert encoder(build(True)).keys() == build(True).imnet_model.state_dict().keys() == encoder(build(False)).keys()


@pytest.mark.parametrize("load", ["start", "resume"])
@pytest.mark.parametrize("from_encoder_only", [False, True])
def test_takes_whole_networks_and_encoders_alone(load, from_encoder_only):
    given, method = build(from_encoder_only, seed=1), build(True)
    if load == "start":
        load_method(method, {"state_dict": given.state_dict()}, "some.pth")
    else:
        load_resumed(method, given.state_dict(), "some.pth")
    assert all(torch.equal(value, encoder(given)[key]) for key, value in method.imnet_model.state_dict().items())


def test_a_whole_network_needs_its_decoder():
    content = {"state_dict": build(True).state_dict()}
    for load, given in ((load_method, content), (load_resumed, content["state_dict"])):
        with pytest.raises(UserError, match=r"without its decoder\. Set uda\.imnet_encoder_only=True"):
            load(build(False), given, "some.pth")


def test_another_encoder_is_refused():
    state = build(True).state_dict()
    del state["imnet_model.backbone.norm1.weight"]
    for load, given in ((load_method, {"state_dict": state}), (load_resumed, state)):
        with pytest.raises(UserError, match="norm1"):
            load(build(True), given, "some.pth")
