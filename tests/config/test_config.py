"""Reading, overriding, checking and naming configs."""

import argparse
from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg.config.checks import check_keys
from mmseg.config.config import apply_options, load_config
from mmseg.config.identity import digest, run_name
from mmseg.config.options import OptionAction
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from tests import tiny

CONFIG = str(tiny.ROOT / tiny.CONFIG)


def parsed(*texts: str) -> dict:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={})
    return parser.parse_args(["--cfg-options", *texts]).cfg_options


@pytest.mark.parametrize("path", sorted(path.relative_to(tiny.ROOT) for path in tiny.ROOT.glob("configs/[!_]*/*.py")), ids=str)
def test_every_complete_config_loads(path):
    assert load_config(tiny.ROOT / path).seed == 0


def test_options_are_literals_or_strings():
    texts = ["a.b=1", "c=(1, 2)", "d=None", "e=data/gta", "f=x=y"]
    assert parsed(*texts) == {"a.b": 1, "c": (1, 2), "d": None, "e": "data/gta", "f": "x=y"}


@pytest.mark.parametrize("value", ["{[]: 1}", "(" * 500, "-" * 5000 + "1"], ids=["key", "brackets", "signs"])
def test_options_that_python_cannot_read_are_texts(value):
    assert parsed(f"a={value}") == {"a": value}


@pytest.mark.parametrize("text", ["nonsense", "=1"])
def test_options_without_a_key_or_value(text):
    with pytest.raises(UserError, match="not of the form key=value"):
        parsed(text)


def test_options_overwrite_entries_of_dictionaries_and_lists():
    cfg = load_config(CONFIG, {"model.hr_crop_size": (64, 64), "param_scheduler.1.power": 0.9, "seed": 3})
    assert cfg.model.hr_crop_size == (64, 64) and cfg.param_scheduler[1].power == 0.9
    assert cfg.model.type == "HRDAEncoderDecoder" and cfg.seed == 3


def test_the_seed_of_the_command_line_wins():
    assert load_config(CONFIG, {"seed": 3}, seed=4).seed == 4


@pytest.mark.parametrize("key", ["param_scheduler.7.end", "modl.type", "model.type.name"])
def test_options_name_the_entry_that_does_not_exist(key):
    cfg = load_config(CONFIG)
    with pytest.raises(UserError, match=f"^--cfg-options {key}: "):
        apply_options(cfg, {"seed": 1, key: 1}, CONFIG)


DIVIDE = "but has to divide train_dataloader.batch_size=2, the batch of a process. Use a multiple of micro_batches as batch_size."


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"optim_wraper": {}}, "unknown key 'optim_wraper'. Did you mean 'optim_wrapper'?"),
        ({"train_cfg": {"max_iter": 3}}, "train_cfg has no option 'max_iter'. Did you mean 'max_iters'?"),
        ({"default_hooks": {"loger": None}}, "default_hooks has no entry 'loger'. Did you mean 'logger'?"),
        ({"val_dataloader": {"num_workers": -1}}, "val_dataloader.num_workers is -1. Use a whole number of at least 0."),
        ({"test_dataloader": {"batch_size": 1}}, "test_dataloader.num_workers is None. Use a whole number of at least 0."),
        ({"train_cfg": {"max_iters": True}}, "train_cfg.max_iters is True. Use a whole number of at least 1."),
        ({"compile": "false"}, "compile is 'false'. Use True or False."),
        ({"micro_batches": 0}, f"micro_batches is 0, {DIVIDE}"),
        ({"micro_batches": 1.0}, f"micro_batches is 1.0, {DIVIDE}"),
        ({"micro_batches": 3}, f"micro_batches is 3, {DIVIDE}"),
        ({"sync_batchnorm": 1}, "sync_batchnorm is 1. Use True or False."),
    ],
)
def test_keys_and_counts(changes, text):
    cfg = load_config(CONFIG)
    cfg.merge_from_dict(changes)
    with pytest.raises(UserError) as caught:
        check_keys(cfg, "x.py")
    assert str(caught.value) == f"x.py: {text}"


def test_a_missing_part_is_named():
    cfg = load_config(CONFIG)
    cfg.pop("uda")
    with pytest.raises(UserError, match="the key 'uda' is missing"):
        check_keys(cfg, "x.py")


def test_the_digest_covers_what_is_learned_and_nothing_else():
    base = digest(load_config(CONFIG))
    assert digest(load_config(CONFIG, {"work_dir": "elsewhere", "default_hooks.logger.interval": 7})) == base
    others = [digest(load_config(CONFIG, options)) for options in ({"seed": 1}, {"uda.alpha": 0.5}, {"train_cfg.max_iters": 7})]
    assert len({base, *others}) == 4


def test_the_digest_does_not_depend_on_spelling_or_on_the_speed_of_loading():
    base = digest(load_config(CONFIG, {"optim_wrapper.optimizer.weight_decay": 0.0, "train_dataloader.num_workers": 0}))
    same = digest(load_config(CONFIG, {"optim_wrapper.optimizer.weight_decay": 0, "train_dataloader.num_workers": 3}))
    assert same == base and len(base) == 8


def test_a_resolved_config_has_the_digest_of_its_source(tmp_path):
    cfg = load_config(CONFIG, seed=2)
    resolved = tmp_path / "resolved.py"
    resolved.write_text(cfg.pretty_text)
    assert run_name("a", load_config(resolved)) == run_name("a", cfg) == f"a_s2_{digest(cfg)}"


def test_infinite_values_are_written_as_python(tmp_path):
    values = {"lowest": float("-inf"), "entries": [float("inf"), {"note": "é inf", "value": float("inf")}], "infinite": "inf"}
    path = tmp_path / "written.py"
    path.write_text(config_text(Config(values)))
    assert Config.fromfile(path).to_dict() == values


def test_written_configs_read_back_and_stay_readable(tmp_path):
    """Types come first, what is long is broken, and keys that are no names stay keys."""
    values = {
        "model": {
            "classes": tuple(f"class {number}" for number in range(30)),
            "type": "Long",
            "one": (1,),
            "none": None,
            "empty": [{}, ()],
        },
        "lambda_": {"lambda": 1, "a.b": "it's", 3: [1.0, 1e-06]},
        "deep": [[{"a": list(range(60)), "type": "Inner"}]],
    }
    text = config_text(Config(values))
    path = tmp_path / "written.py"
    path.write_text(text)
    assert Config.fromfile(path).to_dict() == values
    assert max(map(len, text.splitlines())) <= 120
    assert "model = dict(\n    type='Long',\n    classes=(\n        'class 0',\n" in text
    assert """lambda_ = {3: [1.0, 1e-06], 'a.b': "it's", 'lambda': 1}\n""" in text


def test_a_missing_config_suggests_its_neighbour(monkeypatch):
    monkeypatch.chdir(tiny.ROOT)
    with pytest.raises(UserError, match=rf"does not exist\. Did you mean '{tiny.CONFIG}'\?$"):
        load_config(Path("configs/demo/demoHR2demoHR_hrd.py"))
    with pytest.raises(UserError, match=rf"does not exist\. Did you mean '{tiny.CONFIG}'\?$"):
        load_config(Path("demoHR2demoHR_hrda.py"))
    with pytest.raises(UserError, match=r"^Config configs/nope\.py does not exist\. The configs are below configs/\.$"):
        load_config(Path("configs/nope.py"))


def test_the_config_of_a_folder_is_named(tmp_path):
    """Whoever has a released checkpoint, a run or an exported model knows its folder, and not what its config is called."""
    for name in ("211108_hrda.json", "20211108.log.json", "result.json", "evaluations.json", "latest.pth"):
        (tmp_path / name).touch()
    for given, what in ((tmp_path, "is a folder"), (tmp_path / "CONFIG.json", "does not exist")):
        with pytest.raises(UserError, match=rf"^Config {given} {what}\. Did you mean '{tmp_path}/211108_hrda\.json'\?$"):
            load_config(given)
    (tmp_path / "model.json").touch()
    with pytest.raises(UserError, match=r"is a folder\. The configs are below configs/\.$"):
        load_config(tmp_path)
    (tmp_path / "config.json").touch()
    with pytest.raises(UserError, match=rf"is a folder\. Did you mean '{tmp_path}/config\.json'\?$"):
        load_config(tmp_path)


@pytest.mark.parametrize("seed", [-1, 2**32, "0", 1.5, True, None])
def test_seeds_are_whole_numbers_from_0(seed):
    with pytest.raises(UserError) as caught:
        load_config(CONFIG, {"seed": seed})
    assert str(caught.value) == f"The seed {seed!r} is none. Use a whole number from 0 to 4294967295."
    assert load_config(CONFIG, seed=2**32 - 1).seed == 2**32 - 1
