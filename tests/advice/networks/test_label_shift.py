"""Advice about the networks and methods of label shift adaptation."""

import dataclasses

from mmseg.registry import MODELS
from tests.advice.following import advice
from tests.models.networks import plain
from tests.models.uda.test_fada import PRIORS, with_classes
from tests.models.uda.test_methods import batch, build, run_step


def test_parts_that_are_trained_again():
    def rectification(*trained: str):
        network = with_classes(plain(), 19)
        return MODELS.build({"type": "ClassifierRectification", "segmentor": network, "priors": PRIORS, "trained": trained})

    for name in ("decode_head.classifier", "decode_head.dropout"):
        said = advice(
            "uda.trained names '{}', which is no part of the network with weights. Use decode_head.", lambda name=name: rectification(name)
        )
        assert said == [name]
    assert rectification("decode_head").trained == ("decode_head",)


def test_a_discriminator_of_classes(monkeypatch):
    objectives = {"own": {"type": "AlignClasses"}}
    (said,) = advice("{}. Use uda.type='FADA'.", lambda: run_step(build("SourceOnly", objectives=objectives), monkeypatch))
    assert "AlignClasses" in said
    assert run_step(build("FADA", objectives=objectives), monkeypatch)


def test_crops_that_are_mixed(monkeypatch):
    small = dataclasses.replace(batch(), target_image=batch().target_image[..., :32])
    (sizes,) = advice(
        "MixedSupervision mixes the crops of both domains, which are {} pixels. Give both one crop_size.",
        lambda: run_step(build(), monkeypatch, crops=small),
    )
    assert sizes == "64x64 and 64x32" and run_step(build(), monkeypatch)


def test_when_logits_are_enlarged():
    def network(mode: str):
        windows = {"crop_size": (64, 64), "stride": (32, 32)}
        return MODELS.build(plain(test_cfg={"mode": mode, "enlarge_once": True, **windows}))

    advice("enlarge_once=True is for whole images, but windows are averaged first. Use mode='whole'.", lambda: network("slide"))
    assert network("whole").test_cfg["enlarge_once"]
