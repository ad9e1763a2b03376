"""Training in bf16 and fp16: losses are computed in float32, and a whole step stays close to float32."""

import pytest
import torch
from mmengine.optim import OptimWrapper

from mmseg.models.losses.adversarial import DOMAIN_LOSSES
from mmseg.models.losses.cross_entropy import cross_entropy
from mmseg.models.losses.entropy import entropy_loss
from mmseg.models.losses.features.feature_distance import feature_distance
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels
from mmseg.registry import MODELS
from mmseg.utils.computing.precision import Precision
from tests.models import networks
from tests.models.uda.test_methods import METHODS, batch, build

LOW = (torch.bfloat16, torch.float16)
HEADS = (networks.segformer_head(), networks.deeplab_head(), {"type": "DAFormerHead", **networks.daformer_head()})
LABEL = torch.arange(16).view(1, 4, 4) % 3
LOSSES = {
    "cross entropy": lambda values: cross_entropy(values, LABEL),
    "entropy": entropy_loss,
    "least squares": lambda values: DOMAIN_LOSSES["LS"](values, 1.0),
    "vanilla": lambda values: DOMAIN_LOSSES["Vanilla"](values, 1.0),
    "feature distance": lambda values: feature_distance(values, values.flip(1), torch.ones(1, 4, 4, dtype=torch.bool)),
    "confidence": lambda values: PseudoLabels.of(values).confidence,
}


@pytest.mark.parametrize("dtype", LOW)
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_computed_in_float32_whatever_it_gets(name, dtype):
    values = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0)).softmax(1).to(dtype)
    loss = LOSSES[name](values)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, LOSSES[name](values.float()))


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head["type"])
def test_logits_leave_a_decoder_in_float32(head):
    model = MODELS.build({**networks.plain(), "decode_head": head})
    with torch.autocast("cpu", torch.bfloat16):
        output = model(torch.randn(2, 3, 64, 64))
        assert model.backbone(torch.randn(1, 3, 64, 64))[0].dtype == torch.bfloat16
    assert output.logits.dtype == torch.float32


def test_scales_are_fused_in_float32():
    model = MODELS.build(networks.hrda(hr_crop_size=(64, 64)))
    with torch.autocast("cpu", torch.bfloat16):
        output = model(torch.randn(2, 3, 64, 64))
    assert {tensor.dtype for tensor in (output.logits, output.scaled_context, output.attention)} == {torch.float32}


LARGER = {"DACS": {"imnet_feature_dist_lambda": 0.005}, "SourceFree": {"lambda_distillation": 1.0}}
"""Terms that count: without a scaler of losses, gradients of 1e-7 are nothing in fp16."""


def step(name: str, precision: str, monkeypatch):
    """Logs and gradients of one step."""
    method = build(name, **LARGER.get(name, {}))
    method.precision = Precision(precision)
    for parameter in method.imnet_model.parameters() if name == "DACS" else ():
        parameter.mul_(1.1)  # it starts as the student: a distance of 0, which rounding gives any direction
    monkeypatch.setattr(method.data_preprocessor, "batch", lambda _: batch())
    parameters = [parameter for parameter in method.parameters() if parameter.requires_grad]
    logs = method.train_step({"iteration": 0}, OptimWrapper(torch.optim.SGD(parameters, lr=0.0)))
    return logs, {name: parameter.grad for name, parameter in method.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("name", METHODS)
def test_a_step_is_close_to_float32(name, precision, monkeypatch):
    (exact, gradients), (close, low) = step(name, "fp32", monkeypatch), step(name, precision, monkeypatch)
    relative = {"bf16": 0.02, "fp16": 0.003}[precision]
    assert exact.keys() == close.keys()
    for key, value in exact.items():
        if "loss" in key:
            assert close[key].dtype == torch.float32
            assert close[key].item() == pytest.approx(value.item(), rel=relative, abs=1e-4), key
    assert gradients.keys() == low.keys()
    assert all(gradient.dtype == torch.float32 and gradient.isfinite().all() for gradient in low.values())
    flat, near = (torch.cat([gradient.flatten() for gradient in values.values()]) for values in (gradients, low))
    assert torch.cosine_similarity(flat, near, dim=0) > 0.98
    assert not torch.equal(flat, near)  # the comparison is between two precisions
