"""Learning from the few labelled pixels of the target: the mean over them, nothing without any, and pseudo-labels that give way."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from mmseg.models.losses.negative_learning import negative_learning
from mmseg.models.uda.methods import RIPU
from mmseg.models.uda.objectives.supervised.annotated import AnnotatedSupervision, sparse_weight
from mmseg.models.uda.pseudo_labels.annotations import AnnotationOverride, override
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels, TargetContext, label_target
from mmseg.models.uda.pseudo_labels.margins import IgnoreRows
from mmseg.utils.errors import UserError
from tests.models import networks
from tests.models.uda.test_methods import batch, build, network, run_step

LOSS = {"type": "CrossEntropyLoss", "avg_non_ignore": True}


def test_weights_make_a_mean_over_labelled_pixels():
    label = torch.tensor([[[0, 255, 2, 255], [255, 255, 255, 1]]])
    weight = sparse_weight(label)
    torch.testing.assert_close(weight, torch.tensor([[[8 / 3, 0, 8 / 3, 0], [0, 0, 0, 8 / 3]]]))
    values = torch.arange(8.0).view(1, 2, 4)
    assert (values * weight).mean() == pytest.approx((0 + 2 + 7) / 3)
    assert sparse_weight(torch.full_like(label, 255)).sum() == 0


def direct(output, label, threshold=0.05):
    """Cross entropy of labelled pixels and negative learning, from the fused logits."""
    logits = F.interpolate(output.logits, label.shape[1:], mode="bilinear")
    return F.cross_entropy(logits, label, ignore_index=255), negative_learning(logits, threshold)


def on_one_scale(loss: dict):
    """A method with the tiny network of one scale."""
    network = networks.plain()
    network["decode_head"] = {**network["decode_head"], "loss_decode": loss}
    return build(
        "RIPU", segmentor=network, local_consistency_lambda=0.0, annotated={"weight": 0.5, "negative": 2.0}, objectives={"source": None}
    )


@pytest.mark.parametrize("loss", [{"type": "CrossEntropyLoss"}, LOSS], ids=["over all", "over labelled"])
def test_the_loss_is_that_of_labelled_pixels_whatever_the_mean_of_the_decoder(loss, monkeypatch):
    method, crops = on_one_scale(loss), batch()
    crops = replace(crops, target_annotation=torch.where(crops.target_annotation < 255, crops.target_annotation % 5, 255))
    method.eval()
    with torch.no_grad():
        expected = direct(method.model.segment(crops.target_image), crops.target_annotation)
    monkeypatch.setattr(method.data_preprocessor, "batch", lambda _: crops)
    step = method.context(crops, 0)
    AnnotatedSupervision(weight=0.5, negative=2.0)(step)
    assert step.logs["annotated.decode.loss_seg"].item() == pytest.approx(0.5 * expected[0].item(), rel=1e-5)
    assert step.logs["annotated.loss_negative"].item() == pytest.approx(2.0 * expected[1].item(), rel=1e-5)
    assert step.logs["annotated.labelled_share"].item() == pytest.approx(100 * (crops.target_annotation < 255).float().mean().item())


@pytest.mark.parametrize("mean", [False, True])
def test_without_labelled_pixels_there_is_no_loss_and_no_gradient(mean, monkeypatch):
    """Of HRDA, fused and in detail; and no NaN."""
    segmentor = network()
    segmentor["decode_head"]["loss_decode"] = {"type": "CrossEntropyLoss", "avg_non_ignore": mean}
    method = build(segmentor=segmentor, annotated={}, objectives={"source": None, "mixed": None})
    nothing = replace(batch(), target_annotation=torch.full((2, 64, 64), 255))
    logs = run_step(method, monkeypatch, crops=nothing)
    losses = {name: value.item() for name, value in logs.items() if "loss" in name}
    assert losses == {"annotated.decode.loss_seg": 0, "annotated.decode.hr.loss_seg": 0}
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in method.model.parameters())


def test_a_detail_crop_without_labelled_pixels(monkeypatch):
    """Only its own loss is 0; the fused one is not, and nothing is NaN."""
    method = build(annotated={}, objectives={"source": None, "mixed": None})
    for corner in range(8):  # the detail crop of 32x32 pixels lies somewhere else in each iteration
        annotation = torch.full((2, 64, 64), 255)
        annotation[:, :4, :4] = 3
        logs = run_step(method, monkeypatch, corner, crops=replace(batch(), target_annotation=annotation))
        assert logs["annotated.decode.loss_seg"] > 0 and logs["annotated.decode.hr.loss_seg"] >= 0
        if logs["annotated.decode.hr.loss_seg"] == 0:
            return
    raise AssertionError("the detail crop lies always in the corner")


def test_pseudo_labels_give_way():
    pseudo = PseudoLabels(torch.tensor([[[1, 2]]]), torch.tensor([[[0.3, 0.0]]]), torch.tensor([[[0.6, 0.5]]]), torch.tensor(0.3))
    found = override(pseudo, torch.tensor([[[255, 7]]]))
    assert found.labels.tolist() == [[[1, 7]]] and found.confident_share == pseudo.confident_share
    torch.testing.assert_close(found.weights, torch.tensor([[[0.3, 1.0]]]))
    torch.testing.assert_close(found.confidence, torch.tensor([[[0.6, 1.0]]]))


@pytest.mark.parametrize(
    "stages", [[AnnotationOverride()], [AnnotationOverride(), IgnoreRows(top=60)], [IgnoreRows(top=60), AnnotationOverride()]]
)
def test_labels_count_in_margins(stages):
    """Whatever the order of the stages, and whether rows or the loader ignore them."""
    crops = batch(None if len(stages) > 1 else torch.zeros(2, 64, 64, dtype=torch.uint8))
    logits = torch.randn(2, 19, 64, 64, generator=torch.Generator().manual_seed(1))
    known = crops.target_annotation != 255
    pseudo = label_target(logits, stages, TargetContext(crops, None, 0, None))
    assert torch.equal(pseudo.labels[known], crops.target_annotation[known]) and (pseudo.weights[known] == 1).all()
    assert (pseudo.weights[:, :60][~known[:, :60]] == 0).all() and torch.equal(pseudo.labels[~known], logits.argmax(1)[~known])


def test_annotated_methods_mix_the_labels(monkeypatch):
    """What is pasted into the target lies on labels that were asked for."""
    method = build(annotated={"negative": 1.0})
    crops = batch()
    records = run_step(method, monkeypatch, crops=crops).records
    known = crops.target_annotation != 255
    assert torch.equal(records["pseudo_label"][known], crops.target_annotation[known]) and (records["pseudo_weight"][known] == 1).all()
    assert torch.equal(records["annotation_label"], crops.target_annotation)


def test_ripu_is_two_objectives_and_source_free_one():
    assert list(build("RIPU").objectives) == ["source", "annotated"] and isinstance(build("RIPU"), RIPU)
    assert list(build("RIPU", objectives={"source": None}).objectives) == ["annotated"]
    assert build("RIPU", local_consistency_lambda=0.0).objectives["source"].local_consistency is None
    weights = build("RIPU").objectives["annotated"], build("RIPU", annotated={"negative": 0.0}).objectives["annotated"]
    assert [each.negative for each in weights] == [1.0, 0.0] and build("RIPU").objectives["source"].local_consistency.weight == 0.1


def test_a_training_that_asks_for_nothing(monkeypatch):
    with pytest.raises(UserError, match="AnnotatedSupervision needs labels of the target, but the training asks for none"):
        run_step(build("RIPU"), monkeypatch, crops=replace(batch(), target_annotation=None))
