"""Advice about CPSL: its prototypes, samples, memory, data and teachers."""

import dataclasses

import pytest
import torch

from mmseg.models.uda.self_labelling.memory import Memory
from tests.advice.following import advice
from tests.models import networks
from tests.models.uda.prototypes_file import prototypes
from tests.models.uda.test_methods import batch, build, run_step


def plain(**decoder) -> dict:
    made = networks.plain()
    return {**made, "decode_head": {**made["decode_head"], "num_classes": 19, **decoder}}


DLV2 = {"type": "EncoderDecoder", "backbone": plain()["backbone"], "decode_head": {"type": "DLV2Head", "in_channels": 8, "num_classes": 19}}
"""Its classifier is a sum of convolutions of the encoder's level."""


def test_more_samples_than_pixels(monkeypatch):
    """The demo's decoder has 8 x 16 features of a whole image of 64 x 128."""
    given, pixels = advice(
        "samples={} are more than the {} pixels of a map of features. Use fewer, or larger crops.",
        lambda: run_step(build("CPSL", samples=256, memory=512), monkeypatch),
    )
    assert (given, pixels) == ("256", "128")
    assert run_step(build("CPSL", samples=128, memory=512), monkeypatch)
    large = dataclasses.replace(batch(), target_whole=torch.randn(2, 3, 128, 256))
    assert run_step(build("CPSL", samples=256, memory=512), monkeypatch, crops=large)


def test_a_memory_for_less_than_an_image(monkeypatch):
    (size, samples) = advice(
        "memory={} holds less than the {} samples of an image. Use a larger memory, or fewer samples.",
        lambda: run_step(build("CPSL", samples=64, memory=32), monkeypatch),
    )
    assert (size, samples) == ("32", "64")
    for samples, memory in ((64, 64), (32, 32)):
        assert run_step(build("CPSL", samples=samples, memory=memory), monkeypatch)


def test_a_memory_of_another_width():
    _, width = advice(
        "A memory of {} values per sample cannot hold samples of {}. Make one of that width.",
        lambda: Memory(size=4, width=2).push(torch.ones(1, 3)),
    )
    memory = Memory(size=4, width=int(width))
    memory.push(torch.ones(1, 3))
    assert memory.pushed == 1


@pytest.mark.parametrize(
    ("method", "name", "option"),
    [
        ("CPSL", "soft", "train_dataloader.dataset.target_soft_labels"),
        ("CPSL", "whole", "train_dataloader.dataset.target_whole"),
        ("CPSL", "strong", "train_dataloader.dataset.strong_view"),
        ("CPSLDistillation", "label", "train_dataloader.dataset.target_labels"),
    ],
)
def test_what_the_training_data_lacks(method, name, option, monkeypatch):
    """That the option gives it is what tests/datasets/sampling/test_target_views.py is about."""
    crops = dataclasses.replace(batch(), **{f"target_{name}": None})
    _, _, said = advice(
        "{} needs {} of the target, which the training data does not give. Give {}.", lambda: run_step(build(method), monkeypatch, 0, crops)
    )
    assert said.startswith(option)
    assert run_step(build(method), monkeypatch)


def test_the_teacher_is_its_own():
    for option, value in {"teacher": {"type": "Teacher"}, "labeling": []}.items():
        advice(
            "CPSL labels with a teacher of its own. Leave uda.teacher and uda.labeling out.",
            lambda option=option, value=value: build("CPSL", **{option: value}),
        )
    assert build("CPSL").teachers


def test_a_decoder_without_a_map_before_its_classifier():
    advice("{}. Use SEASPPHead, or another decoder with one.", lambda: build("CPSL", segmentor=DLV2))
    head = {"type": "SEASPPHead", "in_channels": 8, "num_classes": 19, "channels": 64}
    assert build("CPSL", segmentor={**DLV2, "decode_head": head}, prototypes=prototypes(channels=64))

    def rectified(segmentor: dict):
        return build("DACS", segmentor=segmentor, labeling=[{"type": "PrototypeRectification"}])

    advice(
        "PrototypeRectification compares features, but the decoder has no map before its classifier. Use a decoder such as DAFormerHead, "
        "or leave the stage out.",
        lambda: rectified(DLV2),
    )
    assert rectified(plain()) and build("DACS", segmentor=DLV2, labeling=[])


def test_a_distilled_network_of_other_classes():
    (said,) = advice("{}. Give both the same num_classes.", lambda: build("CPSLDistillation", distilled_model=plain(num_classes=5)))
    assert said == "uda.distilled_model has 5 classes, and the model 19"
    assert build("CPSLDistillation", distilled_model=plain(num_classes=19))


def test_prototypes_that_do_not_learn(monkeypatch):
    def method(*labeling: dict):
        return build("DACS", labeling=list(labeling), objectives={"own": {"type": "SelfLabelling"}})

    advice(
        "Add dict(type='PrototypeRectification', self_labelling=dict()) to uda.labeling.",
        lambda: method({"type": "PrototypeRectification"}).objectives,
    )
    assert method({"type": "PrototypeRectification", "self_labelling": {}}).objectives["own"].start == 1000


def test_misspelt_options():
    _, _, near = advice(
        "{} got an unexpected option '{}'. Did you mean '{}'?", lambda: build("CPSL", samplng="class"), file="registry.py:_resolved"
    )
    assert build("CPSL", **{near: "class"})
    with pytest.raises(ValueError, match=r"PrototypeRectification: self_labelling\.sampels is not known there"):
        build("DACS", pseudo_threshold=None, labeling=[{"type": "PrototypeRectification", "self_labelling": {"sampels": 3}}])
