"""Self-training without a source: what is pasted, what counts, and that nothing of the source matters."""

from dataclasses import replace

import torch

from mmseg.models.uda.objectives.target_mixed import target_donors
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels
from tests.models.uda.test_methods import batch, build, run_step


def test_donors_are_sure_pixels_of_the_next_crop():
    crops = batch()
    confidence = torch.zeros(2, 64, 64)
    confidence[0, :32], confidence[1, 32:] = 0.97, 0.968
    weights = torch.ones(2, 64, 64)
    weights[0, :, :10] = 0
    labels = torch.full((2, 64, 64), 3)
    labels[1] = 7
    found = target_donors(crops, PseudoLabels(labels, weights, confidence, torch.tensor(1.0)), 0.968)
    assert torch.equal(found.source_image, crops.target_image.flip(0)) and found.source_classes == (3, 7)
    assert (found.source_label[0, 32:] == 7).all() and (found.source_label[0, :32] == 255).all()
    assert (found.source_label[1, :32, 10:] == 3).all() and (found.source_label[1, :, :10] == 255).all()


def test_the_source_changes_nothing(monkeypatch):
    ends = []
    for flip in (False, True):
        crops = batch()
        changed = replace(crops, source_image=crops.source_image.flip(3), source_label=crops.source_label.flip(2)) if flip else crops
        method = build("SourceFree", pseudo_threshold=0.0, mix_threshold=0.0)
        logs = run_step(method, monkeypatch, crops=changed)
        ends.append(torch.cat([parameter.detach().flatten() for parameter in method.model.parameters()]))
    assert torch.equal(*ends) and {"mix.decode.loss_seg", "target.loss_distillation"} <= logs.keys()
    assert not any(name.startswith("decode.") for name in logs)


def test_a_mixed_image_shows_target_crops_alone(monkeypatch):
    method, crops = build("SourceFree", pseudo_threshold=0.0, mix_threshold=0.0, blur=False, color_jitter_probability=1.0), batch()
    shown = run_step(method, monkeypatch, crops=crops).records["mixed_image"]
    own, other = (shown == crops.target_image).all(dim=1), (shown == crops.target_image.flip(0)).all(dim=1)
    assert (own | other).all() and own.any() and other.any()


def test_an_unsure_teacher_pastes_nothing(monkeypatch):
    method, crops = build("SourceFree", pseudo_threshold=0.0, mix_threshold=1.0, blur=False, color_jitter_probability=1.0), batch()
    assert torch.equal(run_step(method, monkeypatch, crops=crops).records["mixed_image"], crops.target_image)
