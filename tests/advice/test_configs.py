"""Advice about configs: files, keys, values, modules of one's own, and the small forms of networks and data."""

import json
import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import OPTIMIZERS

from mmseg.config import load_config
from mmseg.config.config import read_config
from mmseg.config.small.config import demo_folder, required
from mmseg.config.small.network import NetworkSize, shrink_network
from mmseg.registry import MODELS, build_checked, check_component
from mmseg.utils.computing.precision import Precision
from mmseg.utils.options.config_text import config_text
from tests import tiny
from tests.advice.following import Followed, advice, table
from tests.models.networks import plain

# Entries


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


# Options of the command line


def test_options_by_their_path():
    *_, near = advice("{} has no key '{}'. Did you mean '{}'?", lambda: load_config(tiny.ROOT / tiny.CONFIG, {"train_cgf.max_iters": 3}))
    load_config(tiny.ROOT / tiny.CONFIG, {f"{near}.max_iters": 3, f"{near}.val_interval": 3})
    advice("Give the full path of an existing entry.", lambda: load_config(tiny.ROOT / tiny.CONFIG, {"custom_hooks.7.interval": 3}))
    load_config(tiny.ROOT / tiny.CONFIG, {"custom_hooks.1.interval": 3})


# Files


def test_a_file_of_another_name(monkeypatch):
    monkeypatch.chdir(tiny.ROOT)
    (near,) = advice(" Did you mean '{}'?", lambda: load_config("configs/gtaHR2csHR_hrda.py"), file="config/config.py")
    assert load_config(near).model.type == "HRDAEncoderDecoder"


def test_a_file_that_does_not_run(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(f'_base_ = ["{tiny.ROOT / tiny.CONFIG}"]\nx = 1 / 0\n')
    advice("Config {} cannot be read: {}{}. Correct the file.", lambda: load_config(path))
    path.write_text(f'_base_ = ["{tiny.ROOT / tiny.CONFIG}"]\n_x = 1 / 1\n')
    load_config(path)


def test_json_of_something_else(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"iteration": 3}))
    advice("it has no entry 'model'. Give the JSON beside a released checkpoint, or a file below configs/.", lambda: read_config(path))
    path.write_text(json.dumps({"model": {}}))
    assert read_config(path).model == {}
    load_config(tiny.ROOT / tiny.CONFIG)


# Modules of one's own


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Reads a config that imports a module of the name of this test; cleans up."""
    name = f"own_{tmp_path.name}"
    before = list(sys.path)

    def read():
        sys.modules.pop(name, None)
        (tmp_path / "own.py").write_text(f"model = {{}}\ncustom_imports = dict(imports=[{name!r}])\n")
        return read_config(tmp_path / "own.py")

    yield name, read
    sys.path[:] = before
    sys.modules.pop(name, None)


def test_a_module_that_is_not_there(own, tmp_path):
    name, read = own
    *_, file = advice("custom_imports names '{}', which is neither in {} nor installed. Put {}.py beside the config.", read)
    (tmp_path / f"{file}.py").write_text("")
    read()
    assert file == name and name in sys.modules


@pytest.mark.parametrize(("text", "fragment"), [("1 / 0", "fails"), ("raise SystemExit", "ends the program")])
def test_a_module_that_does_not_run(own, tmp_path, text, fragment):
    name, read = own
    (tmp_path / f"{name}.py").write_text(f"{text}\n")
    if fragment == "fails":
        advice("the module '{}' of custom_imports fails: {}: {}. Correct it.", read)
    else:
        advice("of custom_imports ends the program. Correct it.", read)
    (tmp_path / f"{name}.py").write_text("value = 12345\n")
    read()


def test_two_modules_of_one_name(own, tmp_path):
    name, _ = own
    other = tmp_path / "other"
    other.mkdir()
    for folder, text in ((tmp_path, "a = 1\n"), (other, "a = 2\n")):
        (folder / f"{name}.py").write_text(text)
        (folder / "own.py").write_text(f"model = {{}}\ncustom_imports = dict(imports=[{name!r}])\n")
    read_config(tmp_path / "own.py")
    advice("Give one of them another name.", lambda: read_config(other / "own.py"))
    (other / f"{name}.py").rename(other / f"{name}_2.py")
    (other / "own.py").write_text(f"model = {{}}\ncustom_imports = dict(imports=['{name}_2'])\n")
    read_config(other / "own.py")
    assert sys.modules.pop(f"{name}_2").a == 2


# Parts of a config


@table(
    [
        Followed("Write dict(type='…', …).", lambda: MODELS.build(3), lambda: MODELS.build({"type": "mit_b0"})),
        Followed(
            "{} is not a registered {}. Did you mean '{}'?",
            lambda: MODELS.build({"type": "mit_b9"}),
            lambda *said: MODELS.build({"type": said[2]}),
        ),
        Followed(
            "{} got an unexpected option '{}'. Did you mean '{}'?",
            lambda: MODELS.build({"type": "mit_b0", "pretraned": None}),
            lambda *said: MODELS.build({"type": "mit_b0", said[2]: None}),
        ),
        Followed(
            "{} needs the option '{}'. Add {}=… to its dictionary in the config.",
            lambda: build_checked({"type": "FCNHead", "in_channels": 8, "channels": 8, "in_index": 0}, MODELS),
            lambda *said: build_checked({"type": "FCNHead", "in_channels": 8, "channels": 8, "in_index": 0, said[2]: 3}, MODELS),
            "registry.py:_require_options",
        ),
        Followed(
            "{} needs the option '{}'. Add {}=… to its dictionary in the config.",
            lambda: check_component({"type": "AdamW"}, OPTIMIZERS),
            lambda *said: check_component({"type": "AdamW", said[2]: 1e-3}, OPTIMIZERS),
            "registry.py:check_values",
        ),
        Followed(
            "There is no demo domain for the data set type '{}'. Use one of {}.",
            lambda: demo_folder({"type": "FolderDataset"}),
            lambda _, names: [demo_folder({"type": name}) for name in names.split(", ")],
        ),
        Followed(
            "The config has no {}, so it has no small form for --smoke and --demo. Add this entry.",
            lambda: required(Config({}), "train_cfg.max_iters"),
            lambda path: required(Config({"train_cfg": {"max_iters": 3}}), path),
        ),
    ]
)
def test_parts(row):
    row.follow()


def test_an_encoder_without_a_small_form():
    size = NetworkSize(transformer={"embed_dims": [8, 16, 24, 32]}, depth=50, base_channels=8, channels=8, inner_channels=8, base_styles=2)

    def shrink(kind: str) -> None:
        shrink_network({"backbone": {"type": kind}, "decode_head": {"type": "FCNHead", "in_channels": 32, "in_index": 3}}, size)

    _, names = advice("The encoder '{}' has no small form for --smoke and --demo. Use one of {}.", lambda: shrink("Mine"))
    for name in names.split(", "):
        shrink(name)


def test_an_option_that_the_engine_refuses():
    """What torch says of a value that its annotation allows."""
    advice(
        "{}: {}. Correct its options in the config.",
        lambda: build_checked({"type": torch.nn.Conv2d, "in_channels": 3, "out_channels": 4, "kernel_size": 1, "groups": 2}, MODELS),
    )
    build_checked({"type": torch.nn.Conv2d, "in_channels": 4, "out_channels": 4, "kernel_size": 1, "groups": 2}, MODELS)
