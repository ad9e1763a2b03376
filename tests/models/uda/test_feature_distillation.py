"""Imitating the features of a frozen encoder: the loss in closed form, what is frozen, trained, shared, seen and saved."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmseg.engine.checkpoints.weights import covers, load_method, load_resumed
from mmseg.engine.optimizers.grouped import parameter_groups
from mmseg.models.losses.features.feature_distillation import feature_distillation
from mmseg.models.uda import UDAMethod
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.encoders.families import make_tiny
from tests.models.uda.test_methods import batch, run_step

STUDENT, REFERENCE = "vit_small_patch14_dinov2", "vit_large_patch14_reg4_dinov2"


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    make_tiny(monkeypatch)


def build(kind="DACS", reference=None, backbone=None, **options) -> UDAMethod:
    encoder = {"type": "TimmBackbone", "name": STUDENT, "levels": "adapter", **(backbone or {})}
    head = {"type": "TopDownHead", "in_channels": [32] * 4, "num_classes": 19}
    if encoder["levels"] == "last":
        head = {"type": "LightHead", "in_channels": 32, "num_classes": 19}
    network = {"type": "EncoderDecoder", "backbone": encoder, "decode_head": head, "test_cfg": {"mode": "whole"}}
    distillation = {"name": REFERENCE, "input_scale": 0.7, **(reference or {})}
    method = MODELS.build({"type": kind, "segmentor": network, "feature_distillation": distillation, **options})
    method.init_weights()
    return method.train()


# The loss


def test_equal_features_cost_nothing():
    features = torch.randn(2, 5, 3, 4)
    assert feature_distillation(features, features.clone()).item() == pytest.approx(0, abs=1e-6)


def test_opposite_features():
    """1 - cosine is 2 at every place; smooth L1 of a distance of 2 is 1.5, of one of 0.5 it is 0.125."""
    ones = torch.ones(2, 5, 3, 4)
    assert feature_distillation(ones, -ones).item() == pytest.approx(0.9 * 2 + 0.1 * 1.5)
    assert feature_distillation(ones / 4, -ones / 4).item() == pytest.approx(0.9 * 2 + 0.1 * 0.125)


def test_orthogonal_features_and_length():
    """(1, 0) and (0, 1): cosine 0, smooth L1 0.5 in both channels. (1, 1) and (3, 3): cosine 1, smooth L1 of 2 is 1.5."""
    first, second = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 1.0]).view(1, 2, 1, 1)
    assert feature_distillation(first, second).item() == pytest.approx(0.9 + 0.1 * 0.5)
    assert feature_distillation(torch.ones(1, 2, 1, 1), 3 * torch.ones(1, 2, 1, 1)).item() == pytest.approx(0.15)


def test_every_place_counts_alike():
    features, reference = torch.randn(2, 5, 3, 4), torch.randn(2, 5, 3, 4)
    places = [(image, row, column) for image in range(2) for row in range(3) for column in range(4)]
    single = [feature_distillation(*(one[i : i + 1, :, r : r + 1, c : c + 1] for one in (features, reference))) for i, r, c in places]
    torch.testing.assert_close(feature_distillation(features, reference), torch.stack(single).mean())


def test_it_is_computed_in_float32():
    features = torch.randn(1, 5, 3, 4, dtype=torch.bfloat16, requires_grad=True)
    loss = feature_distillation(features, torch.randn(1, 5, 3, 4))
    loss.backward()
    assert loss.dtype == torch.float32 and features.grad.isfinite().all()


# In a method


def test_terms_come_last_one_for_each_domain():
    method = build()
    assert list(method.objectives) == ["source", "mixed", "distilled_source", "distilled_target"]
    assert [method.objectives[f"distilled_{domain}"].weight for domain in ("source", "target")] == [0.1, 0.1]
    assert method.objectives["distilled_source"].source_alone and not method.objectives["distilled_target"].source_alone
    assert list(build("SourceOnly", objectives={"distilled_target": None}).objectives) == ["source", "distilled_source"]


@pytest.mark.parametrize("domain", ["source", "target"])
def test_a_term_by_hand(domain):
    """The last level of the student through the projector, at the tokens of the reference; which sees the crop as it is."""
    method, crops = build().eval(), batch()
    image = crops.source_image if domain == "source" else crops.target_image
    reference = method.feature_reference
    with torch.no_grad():
        (expected,) = reference.backbone(image)
        projected = F.interpolate(reference.projector(method.model.backbone(image)[3]), (3, 3), mode="bilinear", align_corners=False)
        loss = method.objectives[f"distilled_{domain}"](method.context(crops, 0))
    assert expected.shape == (2, 32, 3, 3)  # 64 pixels * 0.7 / 14
    torch.testing.assert_close(loss, 0.1 * feature_distillation(projected, expected))


def test_the_student_sees_jitter_and_the_reference_does_not(monkeypatch):
    jitter = {"color_jitter": (0.4, 0.4, 0.4, 0.1), "jitter_probability": 1.0}
    seen = {}
    method = build(weak_augment=jitter)
    for name, part in (("student", method.model.backbone), ("reference", method.feature_reference.backbone)):
        part.register_forward_pre_hook(lambda _, inputs, name=name: seen.setdefault(name, []).append(inputs[0]))
    method.objectives["distilled_target"](method.context(batch(), 0))
    assert torch.equal(seen["reference"][0], batch().target_image) and not torch.equal(seen["student"][0], batch().target_image)


def test_the_projector_learns_and_the_reference_stays(monkeypatch):
    method = build()
    reference = method.feature_reference
    before = {key: value.clone() for key, value in reference.state_dict().items()}
    logs = run_step(method, monkeypatch, 0)
    assert logs["distilled_source.loss_features"] > 0 and logs["distilled_target.loss_features"] > 0
    run_step(method, monkeypatch, 1)
    changed = {key for key, value in reference.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {key for key in before if key.startswith("projector.")}
    assert not reference.backbone.training and reference.projector.training and method.model.backbone.training


def test_gradients_reach_the_encoder_and_no_decoder():
    method = build(objectives={"source": None, "mixed": None})
    step = method.context(batch(), 0)
    sum(method.objectives[f"distilled_{domain}"](step) for domain in ("source", "target")).backward()
    assert all(parameter.grad is None for parameter in method.model.decode_head.parameters())
    assert method.model.backbone.network.blocks[0].mlp.fc1.weight.grad.abs().sum() > 0


def test_the_projector_has_the_decoders_rate_and_no_moving_average():
    method = build()
    groups = parameter_groups(method, 1.0, 0.0, {"backbone.adapter": {"lr_mult": 1.0}, "backbone": {"lr_mult": 0.1}})
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    assert {rates[id(parameter)] for parameter in method.feature_reference.projector.parameters()} == {1.0}
    assert {rates[id(parameter)] for parameter in method.model.backbone.adapter.parameters()} == {1.0}
    assert {rates[id(parameter)] for parameter in method.model.backbone.network.parameters()} == {0.1}
    assert not any("projector" in key for key in method.ema_model.state_dict())


def test_the_student_starts_as_it_would_without():
    plain = build(backbone={"levels": "last"})
    other = MODELS.build({"type": "DACS", "segmentor": plain_segmentor()})
    other.init_weights()
    assert all(torch.equal(value, plain.model.state_dict()[key]) for key, value in other.model.state_dict().items())


def plain_segmentor() -> dict:
    backbone = {"type": "TimmBackbone", "name": STUDENT, "levels": "last"}
    head = {"type": "LightHead", "in_channels": 32, "num_classes": 19}
    return {"type": "EncoderDecoder", "backbone": backbone, "decode_head": head, "test_cfg": {"mode": "whole"}}


def test_images_come_in_the_normalisation_of_the_reference():
    """Grey levels of a CLIP encoder's batch, as ImageNet's mean and standard deviation have them; exactly the same where both agree."""
    grey = torch.rand(2, 3, 28, 28) * 255
    student = build(backbone={"name": "eva02_base_patch14_224.mim_in22k", "levels": "last"})
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (student.data_preprocessor.grey_mean, student.data_preprocessor.grey_std))
    seen = []
    student.feature_reference.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    student.feature_reference.features((grey - mean) / std)
    facts = student.feature_reference.backbone.facts
    torch.testing.assert_close(seen[0], (grey - torch.tensor(facts.mean).view(3, 1, 1)) / torch.tensor(facts.std).view(3, 1, 1))
    same = build().feature_reference
    assert torch.equal(same.factor, torch.ones(3, 1, 1)) and not same.shift.any()


@pytest.mark.parametrize("tuning", ["frozen", "LoRA", "full"])
def test_a_frozen_encoder_of_the_same_file_is_there_once(tuning, monkeypatch):
    backbone = {"levels": "last", "tuning": {"type": tuning}}
    method = build(reference={"name": STUDENT}, backbone=backbone)
    own = {id(parameter) for parameter in method.model.parameters()}
    shared = [id(parameter) in own for parameter in method.feature_reference.backbone.parameters()]
    assert all(shared) if tuning != "full" else not any(shared)
    student = method.model.backbone.network.state_dict()
    reference = {key: value.clone() for key, value in method.feature_reference.backbone.network.state_dict().items()}
    if tuning != "full":
        assert all(torch.equal(value, student[key]) for key, value in reference.items())
    run_step(method, monkeypatch)
    assert all(torch.equal(value, reference[key]) for key, value in method.feature_reference.backbone.network.state_dict().items())


def test_other_encoders_are_not_shared(tmp_path):
    method = build(backbone={"levels": "last", "tuning": {"type": "frozen"}})
    own = {id(parameter) for parameter in method.model.parameters()}
    assert not own & {id(parameter) for parameter in method.feature_reference.backbone.parameters()}


def test_a_state_holds_reference_and_projector(monkeypatch):
    method, other = build(), build(seed=3)
    run_step(method, monkeypatch)
    state = {key: value.clone() for key, value in method.state_dict().items()}
    load_resumed(other, state, "FILE")
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in state.items())
    third = build(seed=4)
    assert covers(third, {"state_dict": state}) and not any(
        "not used" in line for line in load_method(third, {"state_dict": state}, "FILE")
    )
    assert torch.equal(third.feature_reference.projector[0].weight, method.feature_reference.projector[0].weight)
    without = {key: value for key, value in state.items() if not key.startswith("feature_reference")}
    assert not covers(third, {"state_dict": without})


def test_a_file_of_weights_is_read_by_the_reference_alone(tmp_path):
    network = build().feature_reference.backbone.network
    torch.save({key: value + 1 for key, value in network.state_dict().items()}, tmp_path / "reference.pth")
    made = build(reference={"pretrained": str(tmp_path / "reference.pth")}).feature_reference.backbone.network
    assert torch.equal(made.blocks[0].mlp.fc1.weight, network.blocks[0].mlp.fc1.weight + 1)


def test_it_needs_a_reference():
    objectives = {"imitate": {"type": "FeatureDistillation", "domain": "source"}}
    with pytest.raises(
        UserError, match=r"FeatureDistillation needs a reference, which DACS does not have\. Add uda\.feature_distillation="
    ):
        _ = MODELS.build({"type": "DACS", "segmentor": plain_segmentor(), "objectives": objectives}).objectives


def test_without_a_target_there_is_no_term_of_the_target():
    method = build("SourceOnly", objectives={"distilled_target": None})
    crops = replace(batch(), target_image=None)
    loss = method.objectives["distilled_source"](method.context(crops, 0))
    assert loss > 0 and isinstance(method.feature_reference, nn.Module)
