"""Advice about methods: their objectives, teachers, pseudo-labels and masks."""

import ast

import pytest

from mmseg.config import load_config
from mmseg.engine.parts import build_method
from mmseg.models.losses.adversarial import domain_loss
from mmseg.models.uda.augmentation.masking import build_mask_generator
from mmseg.models.uda.objectives.consistency.masked import find_mask_mode
from mmseg.models.uda.preset import changed
from mmseg.models.uda.pseudo_labels.prediction import level_weights
from mmseg.models.uda.pseudo_labels.shorthand import labeling_configs
from tests import tiny
from tests.advice.following import Followed, advice, table
from tests.advice.networks.parts import MASK
from tests.models.encoders.families import make_tiny
from tests.models.uda.test_methods import build

PRESET = {"source": {"type": "SourceSupervision"}, "mixed": {"type": "MixedSupervision", "start": 3}}


def options_of(text: str) -> dict:
    """``uda.teacher=dict(type='Teacher')``, as an error writes it, as an option of a method."""
    key, _, value = text.removeprefix("uda.").partition("=")
    return {key: eval(value, {"dict": dict})}


# Names and values


@table(
    [
        Followed(
            "uda.augment replaces {}, which are given as well. Leave them out.",
            lambda: build(augment={"color_jitter": (0.2, 0.2, 0.2, 0.2), "jitter_probability": 0.8}, blur=False),
            lambda _: build(augment={"color_jitter": (0.2, 0.2, 0.2, 0.2), "jitter_probability": 0.8}),
        ),
        Followed(
            "{}={} is not known. Did you mean '{}'?",
            lambda: domain_loss("Vanila", "discriminator_type"),
            lambda option, _, near: domain_loss(near, option),
            "losses/adversarial.py",
        ),
        Followed(
            "{}={} is not known. Use one of {}.",
            lambda: domain_loss("GAN", "discriminator_type"),
            lambda option, _, names: [domain_loss(name, option) for name in names.split(", ")],
            "losses/adversarial.py",
        ),
        Followed(
            "has no known type. Did you mean '{}'?",
            lambda: build_mask_generator({**MASK, "type": "blok"}),
            lambda near: build_mask_generator({**MASK, "type": near}),
        ),
        Followed(
            "has no known type. Use dict(type='block', mask_ratio=0.7, mask_block_size=64).",
            lambda: build_mask_generator(None),
            lambda: build_mask_generator(MASK),
        ),
        Followed(
            "mask_mode={} is not known. Did you mean '{}'?", lambda: find_mask_mode("separatetgr"), lambda _, near: find_mask_mode(near)
        ),
        Followed(
            "mask_mode={} is not known. Use one of {}.",
            lambda: find_mask_mode("all"),
            lambda _, names: [find_mask_mode(name) for name in names.split(", ")],
        ),
        Followed(
            "{} has no level '{}'. Did you mean '{}'?",
            lambda: level_weights("lambda_ent", {"mian": 1}),
            lambda option, _, near: level_weights(option, {near: 1}),
        ),
        Followed(
            "{} has no level '{}'. Use main and aux.",
            lambda: level_weights("lambda_ent", {"zzz": 1}),
            lambda option, _: level_weights(option, {"main": 1, "aux": 1}),
        ),
        Followed(
            "has no weight for the main prediction. Give {}=dict(main=0.001, aux=0.0002).",
            lambda: level_weights("lambda_ent", {"aux": 1}),
            lambda option: level_weights(option, {"main": 0.001, "aux": 0.0002}),
        ),
        Followed(
            "uda.objectives.{} is {}. Use None to leave it out, or a dictionary with its options.",
            lambda: changed(PRESET, {"mixed": 3}),
            lambda name, _: [changed(PRESET, {name: None}), changed(PRESET, {name: {"start": 5}})],
        ),
        Followed(
            "uda.objectives.{} is no objective of this method. Did you mean '{}'?",
            lambda: changed(PRESET, {"mixd": {"start": 5}}),
            lambda _, near: changed(PRESET, {near: {"start": 5}}),
        ),
        Followed(
            "Give it a type, or change one of {}.",
            lambda: changed(PRESET, {"zzz": {"start": 5}}),
            lambda names: [
                changed(PRESET, {"zzz": {"type": "MinimizeEntropy"}}),
                *(changed(PRESET, {name: {"start": 5}}) for name in names.split(", ")),
            ],
        ),
        Followed(
            "Use a list such as [dict(type='ConfidenceShare', threshold=0.968)].",
            lambda: labeling_configs("ConfidenceShare", threshold=None, top=0, bottom=0),
            lambda: labeling_configs([{"type": "ConfidenceShare", "threshold": 0.968}], threshold=None, top=0, bottom=0),
        ),
    ]
)
def test_names_and_values(row):
    row.follow()


def test_both_forms_of_a_labeling():
    """What the error says is written, and what it switches off."""
    stages, off = advice("Write {} into the list, and {} beside it.", lambda: build(labeling=[], pseudo_threshold=0.5))
    method = build(labeling=ast.literal_eval(stages), **eval(f"dict({off})"))
    assert [type(stage).__name__ for stage in method.teachers[0].stages] == ["ConfidenceShare"]


# Parts


def test_a_labeling_without_a_teacher():
    labeling = [{"type": "ConfidenceShare", "threshold": 0.968}]
    _, part = advice("{}. Add {}, or leave it out.", lambda: build("SourceOnly", labeling=labeling))
    assert build("SourceOnly", labeling=labeling, **options_of(part)).teachers and not build("SourceOnly").teachers


NEEDS = {"MixedSupervision": "teacher", "MaskedConsistency": "mask", "FeatureDistillation": "reference"}


@pytest.mark.parametrize(("objective", "part"), NEEDS.items())
def test_parts_that_an_objective_needs(objective, part, monkeypatch):
    make_tiny(monkeypatch)
    more = {"MaskedConsistency": {"mode": "separatesrc"}, "FeatureDistillation": {"domain": "source"}}.get(objective, {})
    objectives = {"own": {"type": objective, **more}}
    _, missing, _, fix = advice(
        "{} needs a {}, which {} does not have. Add {}.", lambda: build("SourceOnly", objectives=objectives).objectives
    )
    assert missing == part
    options = options_of(fix)
    if part == "reference":
        options["feature_distillation"].pop("pretrained")  # which has to be there
    assert "own" in build("SourceOnly", objectives=objectives, **options).objectives


def test_a_mode_that_needs_a_teacher():
    objectives = {"own": {"type": "MaskedConsistency", "mode": "separatetrg"}}
    options = {"objectives": objectives, "mask_generator": MASK}
    advice(
        "needs a teacher that labels the target. Add uda.teacher=dict(type='Teacher').", lambda: build("SourceOnly", **options).objectives
    )
    assert build("SourceOnly", **options, teacher={"type": "Teacher"}).objectives["own"].teacher


def test_a_teacher_of_its_own():
    advice(
        "is no number. Use 'same' for the method's own, or a number from 0 to 1.",
        lambda: build(mask_generator=MASK, mask_mode="separatetrg", mask_alpha="own"),
    )
    assert len(build(mask_generator=MASK, mask_mode="separatetrg", mask_alpha="same").teachers) == 1
    assert len(build(mask_generator=MASK, mask_mode="separatetrg", mask_alpha=0.9).teachers) == 2


def test_a_method_without_objectives():
    def method(objectives: dict):
        return build_method(load_config(tiny.ROOT / tiny.CONFIG, {"uda.objectives": objectives}))

    advice("so nothing would be trained. Keep one of them.", lambda: method({"source": None, "mixed": None}))
    assert list(method({"mixed": None}).objectives) == ["source"]


def test_a_network_larger_than_any_memory():
    def method(width: int):
        return build_method(load_config(tiny.ROOT / tiny.CONFIG, {"model.decode_head.channels": width}))

    advice("{}: {}. Correct the widths in model.", lambda: method(10**18))
    assert method(8)
