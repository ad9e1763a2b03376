"""The auxiliary head of an EncoderDecoder: only training sees it, and its loss is one term more."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.cross_entropy import cross_entropy
from mmseg.registry import MODELS
from tests.models.networks import BN, plain

AUXILIARY = {
    "type": "FCNHead",
    "in_channels": 24,
    "in_index": 2,
    "channels": 6,
    "num_convs": 1,
    "concat_input": False,
    "num_classes": 5,
    "norm_cfg": BN,
    "dropout_ratio": 0.0,
    "loss_decode": {"type": "CrossEntropyLoss", "use_sigmoid": False, "loss_weight": 0.4},
}
IMAGE = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
LABEL = torch.randint(0, 5, (2, 64, 64), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def model() -> torch.nn.Module:
    torch.manual_seed(0)
    model = MODELS.build(plain(auxiliary_head=AUXILIARY))
    model.init_weights()
    return model


def test_training_passes_have_its_logits(model: torch.nn.Module) -> None:
    output = model(IMAGE, np.random.default_rng(0))
    assert output.auxiliary.shape == (2, 5, 4, 4)  # of the level of stride 16
    assert MODELS.build(plain())(IMAGE).auxiliary is None


def test_inference_and_teacher_do_not_run_it(model: torch.nn.Module) -> None:
    calls = []
    model.auxiliary_head.register_forward_hook(lambda *arguments: calls.append(arguments))
    with torch.no_grad():
        assert model.eval().segment(IMAGE).auxiliary is None
        model.inference(IMAGE)
    assert not calls


@pytest.mark.parametrize("weight", [None, torch.rand(2, 64, 64)], ids=["plain", "weighted"])
def test_its_loss_has_its_own_factor(model: torch.nn.Module, weight: torch.Tensor | None) -> None:
    output = model(IMAGE)
    losses = model.loss(output, LABEL, weight)
    assert set(losses) == {"decode.loss_seg", "decode.acc_seg", "aux.loss_seg", "aux.acc_seg"}
    expected = 0.4 * cross_entropy(resize(output.auxiliary, (64, 64)), LABEL, weight=weight)
    assert losses["aux.loss_seg"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_it_trains_the_encoder_up_to_its_level(model: torch.nn.Module) -> None:
    model.loss(model(IMAGE), LABEL)["aux.loss_seg"].backward()
    learning = {name for name, parameter in model.named_parameters() if parameter.grad is not None and parameter.grad.any()}
    assert {name for name, _ in model.auxiliary_head.named_parameters(prefix="auxiliary_head")} <= learning
    assert any(name.startswith("backbone.block3") for name in learning)
    assert not any(name.startswith(("backbone.block4", "decode_head")) for name in learning)


def test_keys_follow_those_of_the_decoder(model: torch.nn.Module) -> None:
    without = list(MODELS.build(plain()).state_dict())
    own = [f"auxiliary_head.{key}" for key in model.auxiliary_head.state_dict()]
    assert list(model.state_dict()) == [*without, *own]
