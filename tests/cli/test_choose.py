"""tools/choose.py on a run that kept its checkpoints: what it writes, that it reads no label, and whom it refuses."""

import json
import shutil
from pathlib import Path

import pytest

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.evaluation.choice import chosen_iteration
from mmseg.utils.storage.run_folder import kept_states
from tests import tiny
from tools import choose as choose_tool

KEEPING = {"train_cfg.max_iters": 4, "train_cfg.val_interval": 1, "default_hooks.checkpoint.max_keep": 3}


@pytest.fixture(scope="session")
def kept(tiny_data, tmp_path_factory) -> Path:
    """A finished run that was evaluated four times and kept three states."""
    folder = tmp_path_factory.mktemp("kept") / "run_that_keeps"
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), *tiny.options(tiny_data, **KEEPING))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def keeping(kept, folder) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(kept, folder))


def test_the_newest_states_are_kept(kept):
    assert list(kept_states(kept)) == [2, 3, 4]
    states = {number: read_checkpoint(path) for number, path in kept_states(kept).items()}
    assert [state["meta"]["iteration"] for state in states.values()] == [2, 3, 4]
    last = read_checkpoint(kept / "latest.pth")
    assert all((last["state_dict"][key] == value).all() for key, value in states[4]["state_dict"].items())
    assert last["optimizer"]["param_groups"] == states[4]["optimizer"]["param_groups"]


def test_the_table_and_the_file(keeping, works, tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "data", ignore=shutil.ignore_patterns("gtFine", "labels"))
    changes = [f"{key}={value!r}" for key, value in tiny.values(tmp_path / "data").items() if key.endswith("data_root")]
    command = (choose_tool.main, keeping, "--images", "3", "--cfg-options", *changes)
    printed = works(*command)
    assert "Chosen without labels: " in printed and "and for nothing else" in printed and "linear correlation" in printed
    choice = json.loads((keeping / "choice.json").read_text())
    entries = choice["checkpoints"]
    iterations = [entry["iteration"] for entry in entries]
    assert iterations[-3:] == [2, 3, 4] and choice["images"] == 3  # and the best, where that was the first
    assert [entry["scores"]["change"] is None for entry in entries] == [True, *[False] * (len(entries) - 1)]
    assert all(0 <= value <= 100 for entry in entries for value in entry["scores"].values() if value is not None)
    assert all(entry["scores"]["agreement"] is not None for entry in entries)
    curve = {entry["iteration"]: entry["metrics"]["mIoU"] for entry in json.loads((keeping / "evaluations.json").read_text())}
    assert [entry["mIoU"] for entry in entries] == [curve[iteration] for iteration in iterations]
    best = min(entries, key=lambda entry: (entry["rank"], -entry["iteration"]))
    assert choice["chosen"] == best["file"] and f"{best['file']} <" in printed
    assert chosen_iteration(keeping, 4) == best["iteration"] and chosen_iteration(keeping, 5) is None
    works(*command, "default_hooks.logger.interval=7")  # another process, the same numbers
    assert json.loads((keeping / "choice.json").read_text())["checkpoints"] == entries


def test_other_masks_have_other_scores(keeping, works):
    for seed in (0, 1):
        works(choose_tool.main, keeping, "--images", "1", "--seed", seed, "--out", keeping / f"{seed}.json")
    first, second = (json.loads((keeping / f"{seed}.json").read_text())["checkpoints"] for seed in (0, 1))
    assert [entry["scores"]["masked"] for entry in first] != [entry["scores"]["masked"] for entry in second]
    assert [entry["scores"]["flip"] for entry in first] == [entry["scores"]["flip"] for entry in second]


def test_refusals(keeping, fails, tmp_path):
    assert fails(choose_tool.main, tmp_path).endswith("it has no config.py. Give the folder of a training.")
    assert "--images 0 leaves nothing to look at" in fails(choose_tool.main, keeping, "--images", "0")
    assert "--seed -1 is below 0" in fails(choose_tool.main, keeping, "--seed", "-1")
    assert fails(choose_tool.main, keeping, "--out", "a.txt").endswith("Use --out a.json.")
    for path in (*kept_states(keeping).values(), keeping / "best.pth"):
        path.unlink()
    line = fails(choose_tool.main, keeping)
    assert "has checkpoints of 1 iterations" in line and "max_keep=N" in line


def test_a_training_without_a_target(keeping, fails):
    changes = ("train_dataloader.dataset.target=None", "train_dataloader.dataset.target_crop=None")
    assert "the training of the config has no target" in fails(choose_tool.main, keeping, "--cfg-options", *changes)
