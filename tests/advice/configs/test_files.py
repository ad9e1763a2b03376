"""Advice about files of configs, about overrides, and about modules of one's own."""

import argparse
import json
import sys

import pytest

from mmseg.apis.describing import models
from mmseg.config import load_config
from mmseg.config.config import read_config
from mmseg.config.options import add_trust_options
from tests import tiny
from tests.advice.following import advice

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


def test_a_file_of_others(tmp_path):
    path = tmp_path / "config.py"
    (tmp_path / "latest.pth").touch()
    path.write_text("import os\nmodel = {}\n")
    advice("{}. Add --trust-config to have it run, if you trust whoever made it.", lambda: read_config(path))
    assert read_config(path, trust=trust_of("--trust-config")).model == {}
    path.write_text("model = {\n")
    advice("{}. Correct the file, or download it again.", lambda: read_config(path, trust=trust_of("--safe-config")))
    path.write_text("model = {}\n")
    assert read_config(path, trust=trust_of("--safe-config")).model == {}


def trust_of(option: str) -> bool | None:
    """What an option of the command line says."""
    parser = argparse.ArgumentParser()
    add_trust_options(parser)
    return parser.parse_args([option]).trust


# Modules of one's own


@pytest.fixture
def own(tmp_path):
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


# The page of models


def test_a_config_that_the_page_cannot_show(tmp_path, monkeypatch):
    for name, place in (("ROOT", tmp_path), ("CONFIGS", tmp_path / "configs")):
        monkeypatch.setattr(models, name, place)
    (tmp_path / "configs/mine").mkdir(parents=True)
    file = tmp_path / "configs/mine/a.py"
    file.write_text("model = {}\n")
    _, folders = advice("{} is in no section of docs/models.md. Put it into one of {}.", models.config_files)
    (tmp_path / "configs/mine").rename(tmp_path / "configs" / folders.split(", ")[0])
    file = next((tmp_path / "configs").rglob("a.py"))
    _, line = advice("The docstring of {} does not say how to train it. Add a line '{}'.", models.config_files)
    file.write_text(f'"""A training.\n\n{line}\n"""\nmodel = dict()\n')
    assert models.config_files() == [file]
