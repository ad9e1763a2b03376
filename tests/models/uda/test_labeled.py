"""Learning from a few labelled target images: the loss, what is pasted, and that a training without them is another's bit by bit."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from mmseg.models.uda.augmentation.mixing import draw_donor
from mmseg.models.uda.step import StepLogs
from mmseg.structures import shown_classes
from mmseg.utils.randomness import Streams
from tests.models import networks
from tests.models.uda.test_methods import batch, build, run_step


def labelled_batch():
    """The usual one with two labelled target crops."""
    generator = torch.Generator().manual_seed(9)
    label = torch.randint(0, 5, (2, 8, 8), generator=generator).repeat_interleave(8, 1).repeat_interleave(8, 2)
    image = torch.randn(2, 3, 64, 64, generator=generator)
    return replace(batch(), labeled_image=image, labeled_label=label, labeled_classes=shown_classes(label))


def values(method) -> dict:
    return {name: value.clone() for name, value in method.state_dict().items()}


@pytest.mark.parametrize("options", [{}, {"mask_mode": "separatetrg", "mask_generator": {"type": "block", "mask_block_size": 16}}])
def test_without_labelled_images_the_step_is_that_of_the_method(monkeypatch, options):
    plain, few = build(**options), build(labeled={}, **options)
    for iteration in range(2):
        logs: list[StepLogs] = [run_step(method, monkeypatch, iteration) for method in (plain, few)]
        assert logs[0] == logs[1] and list(logs[0]) == list(logs[1])
    first, second = values(plain), values(few)
    assert first.keys() == second.keys() and all(torch.equal(value, second[key]) for key, value in first.items())


def test_the_loss_is_the_cross_entropy_of_the_labelled_crops(monkeypatch):
    method = build("SourceOnly", segmentor=networks.plain(), labeled={"weight": 0.5})
    assert list(method.objectives) == ["labeled", "source"]
    crops = labelled_batch()
    crops = replace(crops, source_label=crops.source_label % 5)
    method.eval()
    with torch.no_grad():
        logits = method.model.segment(crops.labeled_image).logits
        expected = F.cross_entropy(F.interpolate(logits, (64, 64), mode="bilinear"), crops.labeled_label, ignore_index=255)
    step = method.context(crops, 0)
    method.objectives["labeled"](step)
    assert step.logs["labeled.decode.loss_seg"].item() == pytest.approx(0.5 * expected.item(), rel=1e-5)
    assert torch.equal(step.logs.records["labeled_label"], crops.labeled_label)


def test_class_weights_are_those_of_the_source():
    weights = [1.0] * 18 + [2.0]
    assert build(labeled={}, source_class_weight=weights).objectives["labeled"].class_weight == weights
    assert build(labeled={"class_weight": None}, source_class_weight=weights).objectives["labeled"].class_weight is None
    assert build(labeled={}).objectives["labeled"].weight == 1.0 and "labeled" not in build().objectives


def test_gradients_of_both_supervisions_add_up(monkeypatch):
    def gradient(crops, **options):
        method = build("SourceOnly", segmentor=networks.plain(), **options)
        run_step(method, monkeypatch, crops=crops)
        return [parameter.grad for parameter in method.model.parameters() if parameter.grad is not None]

    crops = labelled_batch()
    crops = replace(crops, source_label=crops.source_label % 5, source_classes=tuple(range(5)))
    monkeypatch.setattr("torch.nn.Dropout2d.forward", lambda _, values: values)
    both = gradient(crops, labeled={})
    source = gradient(crops)
    labelled = gradient(crops, labeled={}, objectives={"source": None})
    for total, first, second in zip(both, source, labelled, strict=True):
        torch.testing.assert_close(total, first + second, rtol=1e-3, atol=1e-5)


def test_half_of_the_steps_paste_from_labelled_target_crops():
    crops = labelled_batch()
    donors = [draw_donor(Streams(0, iteration).numpy("mix/labeled"), crops) for iteration in range(2000)]
    few = [donor for donor in donors if donor is not crops]
    assert abs(len(few) - 1000) < 100  # four deviations and more
    assert few[0].source_image is crops.labeled_image and few[0].source_classes == crops.labeled_classes
    assert few[0].source_label is crops.labeled_label and few[0].target_image is crops.target_image


def test_what_is_pasted_is_drawn_from_both(monkeypatch):
    """The stream decides between both; whichever it is, the mixed label is of it or of the teacher."""
    method, crops = build(labeled={}, color_jitter_probability=1.0, blur=False), labelled_batch()
    seen = set()
    for iteration in range(6):
        records = run_step(method, monkeypatch, iteration, crops=crops).records
        few = draw_donor(method.context(crops, iteration).streams.numpy("mix/labeled"), crops) is not crops
        donor = crops.labeled_label if few else crops.source_label
        other = crops.source_label if few else crops.labeled_label
        mixed, pseudo = records["mixed_label"], records["pseudo_label"]
        assert ((mixed == donor) | (mixed == pseudo)).all() and not ((mixed == other) | (mixed == pseudo)).all()
        seen.add(few)
    assert seen == {True, False}


def test_labels_do_not_change_what_else_is_drawn(monkeypatch):
    """Masks, classes and jitter of the same iteration, where the source is pasted."""
    crops = labelled_batch()
    iteration = next(i for i in range(20) if draw_donor(Streams(0, i).numpy("mix/labeled"), crops) is crops)
    options = {"mask_mode": "separatetrg", "mask_generator": {"type": "block", "mask_block_size": 16}}
    plain, few = build(**options), build(labeled={}, **options)
    first, second = run_step(plain, monkeypatch, iteration).records, run_step(few, monkeypatch, iteration, crops=crops).records
    for name in ("mixed_image", "masked_image", "pseudo_label"):
        assert torch.equal(first[name], second[name]), name
