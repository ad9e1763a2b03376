"""Random mistakes in valid configs: a training could start, or one line says what is wrong.

More than CI tries, for a night: python -m pytest -n 0 tests/config/test_mutations.py --mutations 5000
"""

import json
import logging
import shutil

import pytest
import torch
from mmengine.config import Config

from mmseg.config.config import load_config
from mmseg.datasets.collate import collate_samples
from mmseg.engine import parts
from mmseg.utils.errors import UserError
from tests.config.legacy.published_form import published
from tests.config.mutation_bases import legacy_base, native_bases, write_folders
from tests.config.mutations import mutated
from tests.config.ranges_of import range_at

STEPS = 25
"""One in so many configs that could be trained makes a step."""


@pytest.fixture(scope="module")
def bases(tiny_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutations")
    data = folder / "demo"
    shutil.copytree(tiny_data, data)
    (folder / "texts").mkdir()
    return {**native_bases(data, write_folders(folder / "own")), "legacy": legacy_base(data, folder / "texts")}


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Each network is built, and its parts compared, once; what a config says wrongly about a path is looked for in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    build, compare, built, compared = parts.build_method, parts.dry_pass, {}, set()

    def build_once(cfg):
        key = json.dumps([cfg.uda, cfg.model, cfg.seed, cfg.get("precision")], default=repr)
        built[key] = built.get(key) or build(cfg)
        return built[key]

    def compare_once(method, batch, size):
        if (id(method), batch, size) not in compared:
            compare(method, batch, size)
            compared.add((id(method), batch, size))

    monkeypatch.setattr(parts, "build_method", build_once)
    monkeypatch.setattr(parts, "dry_pass", compare_once)


def start(config, folder) -> Config:
    """Does what a training does before it writes anything."""
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    cfg = load_config(file)
    parts.training_parts(cfg)
    return cfg


def make_step(cfg) -> None:
    """The first iteration that has every objective."""
    made = parts.training_parts(cfg)
    method, loader = made["model"], made["train_dataloader"]
    samples = [loader["dataset"][index] for index in range(loader["batch_size"])]
    method.init_weights()
    iteration = max(objective.start for objective in method.objectives.values())
    logs = method.train().train_step({**collate_samples(samples), "iteration": iteration}, made["optim_wrapper"])
    assert all(isinstance(value, torch.Tensor) for value in logs.values())


def outcomes(config, numbers, attempt):
    """Numbers of the mutations that passed, with their configs, and of those that were refused; any other exception names its number."""
    passed, refused = {}, []
    for number in numbers:
        changed, path, value = mutated(config, number)
        try:
            passed[number] = attempt(changed), path
        except UserError as error:
            assert "\n" not in str(error) and len(str(error)) > 10
            refused.append(number)
        except Exception as error:
            raise AssertionError(f"mutation {number}, {path}={value!r}") from error
    return passed, refused


@pytest.mark.parametrize("name", ["hrda", "plain", "legacy"])
def test_the_unchanged_config_makes_a_step(bases, quick, tmp_path, name):
    make_step(start(bases[name], tmp_path))


@pytest.mark.parametrize("name", ["hrda", "plain", "legacy"])
def test_a_training_or_one_line(bases, quick, tmp_path, pytestconfig, name):
    count = pytestconfig.getoption("mutations") // (1 if name == "legacy" else 2)  # two native configs
    passed, refused = outcomes(bases[name], range(count), lambda changed: start(changed, tmp_path))
    assert len(passed) > count // 20 and len(refused) > count // 4, "mistakes are too small or too large to test anything"
    for number in list(passed)[::STEPS]:
        cfg, path = passed[number]
        try:
            make_step(cfg)
        except UserError as error:
            assert "\n" not in str(error)
        except Exception as error:
            raise AssertionError(f"the step of mutation {number}, {path}") from error


SIZES = ("crop_size", "full_size")
"""Numbers of a config that no signature declares: they decide the sizes of others."""


@pytest.mark.parametrize("name", ["hrda", "plain"])
def test_every_number_has_a_declared_range(bases, name):
    silent = [path for path in paths_of_numbers(bases[name]) if range_at(bases[name], path) is None and not set(SIZES) & set(path)]
    assert not silent


@pytest.mark.parametrize("name", ["hrda", "plain"])
def test_a_number_that_passes_is_in_its_range(bases, quick, tmp_path, pytestconfig, name):
    """Numbers of all options, one after the other, are replaced by others; the range is that of the signature."""
    outside, tried = [], 0
    for path, config in numbers_replaced(bases[name], pytestconfig.getoption("mutations") // 4):
        wrong = range_at(config, path)
        tried += bool(wrong)
        try:
            start(config, tmp_path)
        except UserError:
            continue
        if wrong:
            outside.append((path, wrong))
    assert not outside and tried > 20


def numbers_replaced(config, count):
    """(path, config) with one number replaced."""
    numbers = list(paths_of_numbers(config))
    for index in range(count):
        path = numbers[index * 7919 % len(numbers)]
        yield path, replaced(config, path, (-1, -0.5, 1.5, 1e4, float("nan"), float("inf"))[index % 6])


def paths_of_numbers(part, path=()):
    entries = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, entry in entries:
        if isinstance(entry, (int, float)) and not isinstance(entry, bool):
            yield (*path, key)
        yield from paths_of_numbers(entry, (*path, key))


def replaced(part, path, value):
    key, *rest = path
    changed = dict(part) if isinstance(part, dict) else list(part)
    changed[key] = replaced(part[key], rest, value) if rest else value
    return changed


PUBLISHED = published()


@pytest.mark.skipif(not PUBLISHED, reason="the recorded configs of the published experiments are not there (MMSEG_REFERENCE)")
def test_published_configs_are_understood_or_one_line(tmp_path, pytestconfig):
    """Values alone: their networks are large and their data elsewhere."""

    def load(config):
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config))
        cfg = load_config(file)
        parts.check_config(cfg)

    for number in range(pytestconfig.getoption("mutations") // 5):
        outcomes(PUBLISHED[number % len(PUBLISHED)][1], [number], load)
