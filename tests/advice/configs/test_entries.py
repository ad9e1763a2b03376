"""Advice about the entries of a config and their values."""

import re

import pytest

from mmseg.config import load_config
from mmseg.config.config import read_config
from mmseg.registry import MODELS
from mmseg.utils.computing.precision import Precision
from mmseg.utils.options.config_text import config_text
from tests import tiny
from tests.advice.following import Followed, advice, table
from tests.models.networks import plain


@pytest.fixture
def load(tmp_path):
    """Loads the demo config with some lines more."""

    def run(text: str):
        path = tmp_path / "own.py"
        path.write_text(f'_base_ = ["{tiny.ROOT / tiny.CONFIG}"]\n{text}\n')
        return load_config(path)

    return run


@table(
    [
        Followed(
            "unknown key '{}'. Remove it; if the file only uses it for other entries, call it _{}.",
            "temperature = 3",
            "_{1} = 3",
        ),
        Followed("unknown key '{}'. Did you mean '{}'?", "optim_wraper = dict(x=1)", "{1} = dict()"),
        Followed("train_cfg has no option '{}'. Did you mean '{}'?", "train_cfg = dict(max_iter=3)", "train_cfg = dict({1}=3)"),
        Followed(
            "default_hooks has no entry '{}'. Did you mean '{}'?", "default_hooks = dict(loger=None)", "default_hooks = dict({1}=dict())"
        ),
        Followed("{}: {} is {}. Use True or False.", "compile = 'false'", "{1} = False"),
        Followed(
            "{} is {}. Use a whole number of at least {}.",
            "train_dataloader = dict(batch_size=1.5)",
            "train_dataloader = dict(batch_size={2})",
        ),
        Followed(
            "so the training would end without an evaluation. Use {} or less.",
            "train_cfg = dict(val_begin=9999)",
            "train_cfg = dict(val_begin={0})",
        ),
        Followed("The seed {} is none. Use a whole number from 0 to {}.", "seed = -1", "seed = {1}"),
        Followed("Use a number above 0, such as 1 or 0.5.", "scale = 0", "scale = 0.5"),
        Followed("Use (height, width) in pixels, such as (1024, 1024).", "crop_size = 64", "crop_size = (1024, 1024)"),
        Followed(
            "{}.batch_sampler is not read here. Leave it out, and set {}.batch_size.",
            "val_dataloader = dict(batch_sampler=dict(type='A'))",
            "val_dataloader = dict(batch_size=2)",
        ),
        Followed(
            "{}.sampler is {}, which {}. Use dict({}).",
            "val_dataloader = dict(sampler=dict(type='InfiniteSampler'))",
            "val_dataloader = dict(sampler=dict(_delete_=True, {3}))",
        ),
        Followed(
            "{}.sampler is {}, which {}. Use dict({}).",
            "train_dataloader = dict(sampler=dict(type='DefaultSampler'))",
            "train_dataloader = dict(sampler=dict(_delete_=True, {3}))",
        ),
        Followed(
            "Use a multiple of micro_batches as batch_size.",
            "micro_batches = 4",
            "micro_batches = 4\ntrain_dataloader = dict(batch_size=8)",
        ),
        Followed("precision={} is not known. Did you mean '{}'?", "precision = 'fp61'", "precision = '{1}'"),
        Followed(
            "custom_imports is {}. Write custom_imports=dict(imports=['my_module']).",
            "custom_imports = 'json'",
            "custom_imports = dict(imports=['json'])",
        ),
        Followed(
            "custom_imports names {}. Write custom_imports=dict(imports=['my_module']).",
            "custom_imports = dict(imports=3)",
            "custom_imports = dict(imports=['json'])",
        ),
        Followed(
            "is missing. Add it.",
            "val_evaluator = dict(_delete_=True)",
            "val_evaluator = dict(type='IoUMetric')",
        ),
    ]
)
def test_entries_of_a_config(load, row):
    load(row.instead.format(*advice(row.fragment, lambda: load(row.given), file=row.file)))


def test_a_precision(load):
    _, names = advice("precision={} is not known. Use one of {}.", lambda: Precision("float"))
    for name in names.split(", "):
        assert Precision(name).name == name


def test_an_option_of_a_layer():
    advice("is not known there. Correct it, or leave it out.", lambda: MODELS.build(norm(zzz=1)))
    MODELS.build(norm(eps=1e-3))
    MODELS.build(norm())


def norm(**more) -> dict:
    """A network whose decoder normalises, with options of the normalisation."""
    model = plain()
    model["decode_head"] = {**model["decode_head"], "norm_cfg": {"type": "BN", **more}}
    return model


def test_sections_and_values(load):
    """What a value should be, as its range says it."""
    advice("{}: {}{}", lambda: load("param_scheduler = 3"), file="config/sections.py")
    load("param_scheduler = [dict(type='PolyLR')]")
    data = "val_dataloader = dict(dataset=dict(full_size={}))"
    advice("full_size{}", lambda: load(data.format(3)))
    load(data.format((2048, 1024)))
    _, _, wish = advice("{}: {}{}", lambda: MODELS.build({"type": "CrossEntropyLoss", "reduction": "x"}), file="registry.py")
    for value in re.findall(r"'(\w+)'", wish.partition("should")[2]):
        MODELS.build({"type": "CrossEntropyLoss", "reduction": value})


def test_options_of_a_training(load):
    _, names = advice("train_cfg has no option '{}'. Use {}.", lambda: load("train_cfg = dict(zzz=3)"))
    values = {"type": "'AdaptationTrainLoop'", "val_begin": 1}
    for name in names.split(", "):
        load(f"train_cfg = dict({name}={values.get(name, 1)})")


def test_values_that_no_file_can_hold(load):
    *_, kinds = advice("which no config file can hold. Use {}.", lambda: load("uda = dict(alpha=1j)"))
    assert "numbers" in kinds
    load("uda = dict(alpha=1)")


def test_parts_that_are_missing(tmp_path):
    def load(text: str):
        (tmp_path / "own.py").write_text(text)
        return load_config(tmp_path / "own.py")

    base = read_config(tiny.ROOT / tiny.CONFIG)
    base.pop("param_scheduler")
    whole = config_text(base)
    *_, key = advice("the key '{}' is missing. Add it, or inherit it from a file in configs/_base_/.", lambda: load(whole))
    assert key == "param_scheduler"
    load(f"{whole}\nparam_scheduler = [dict(type='PolyLR')]\n")
    schedule = next((tiny.ROOT / "configs/_base_/schedules").glob("*.py"))
    load(f"_base_ = [{str(schedule)!r}]\n{whole}")
