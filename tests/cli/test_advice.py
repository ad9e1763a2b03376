"""Advice that was tried: what an error says is applied, and the same thing works.

Each case is a mistake, the advice that its error gives, and that advice carried out. Commands run in this process.
"""

import argparse
import ast
import re
import shlex
import shutil
import sys
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
import torch

import run_experiments
from mmseg.apis.predicting.inference import init_model
from mmseg.config import load_config
from mmseg.config.config import apply_options
from mmseg.datasets import CityscapesDataset, FolderDataset, GTADataset, UDADataset
from mmseg.datasets.classes.check import check_class_lists
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.evaluation import IoUMetric
from tests import tiny
from tests.cli.failures import refusal
from tests.datasets.toy import crop, make_cityscapes, make_gta, source_config, target_config
from tools import make_demo_data as demo_tool
from tools import test as test_tool
from tools import train as train_tool
from tools.convert_datasets import gta as gta_tool

# Commands: options that exclude each other, or need another one


@dataclass(frozen=True)
class Line:
    """Arguments that are refused, a part of the error, and what it says to write."""

    given: str
    advice: str
    instead: str


TEST_LINES = [
    Line("--eval mDice", "Use --eval mIoU", "--eval mIoU"),
    Line("--eval mIoU --format-only", "Leave one of them out", "--format-only"),
    Line("--aug-test --hrda-out ATT", "Leave one of them out", "--hrda-out ATT"),
    Line("--preset fast --inference-mode slide", "Leave one of them out", "--preset fast"),
    Line("--opacity 0", "Use a number above 0, at most 1", "--opacity 1"),
    Line("--out preds.png", "Use --out preds.json", "--out preds.json"),
    Line("--format-only --eval-options to_label_ids=True", "Did you mean 'to_label_id'", "--format-only --eval-options to_label_id=True"),
    Line("--targets a.py --test-set", "Leave one of them out", "--targets a.py"),
    Line("--benchmark acdc", "Add --format-only", "--benchmark acdc --format-only"),
    Line("--archive a.zip", "Add --format-only", "--archive a.zip --format-only"),
    Line("--benchmark acdc --format-only --to-label-id", "Leave to_label_id out", "--benchmark acdc --format-only"),
    Line("--archive a.tar --format-only", "Use --archive a.zip", "--archive a.zip --format-only"),
]
LAUNCHER_LINES = [
    Line("--config c.py --only 7", "Give its --exp ID", "--exp 44 --only 7"),
    Line("--config c.py --demo", "Give its --exp ID", "--exp 44 --demo"),
    Line("--list 44 --dry-run", "Leave out --smoke and --dry-run", "--list 44"),
    Line("--config c.py --smoke --dry-run", "Give one of them", "--config c.py --dry-run"),
    Line("--exp 44 --smoke --demo", "Give one of them", "--exp 44 --demo"),
    Line("--exp 44 --smoke --dry-run", "Give one of them", "--exp 44 --dry-run"),
    Line("--config c.py --seed 1 2", "Give one seed", "--config c.py --seed 1"),
    Line("--exp 44 --jobs 0", "Use 1 or more", "--exp 44 --jobs 1"),
    Line("--config c.py --jobs 2", "Leave it out", "--config c.py"),
    Line("--exp 44 --gpus 0", "Use 1 or more", "--exp 44 --gpus 1"),
    Line("--exp 44 --dry-run --gpus 1", "Leave them out", "--exp 44 --dry-run"),
]


def parsed(module, monkeypatch, text: str, before: tuple[str, ...] = ()) -> argparse.Namespace:
    monkeypatch.setattr(sys, "argv", ["command", *before, *shlex.split(text)])
    return module.parse_args()


@pytest.mark.parametrize("line", TEST_LINES, ids=lambda line: line.given)
def test_options_of_an_evaluation(monkeypatch, line):
    files = ("config.py", "latest.pth")
    assert line.advice in refusal(lambda: test_tool.check_args(parsed(test_tool, monkeypatch, line.given, files)))
    test_tool.check_args(parsed(test_tool, monkeypatch, line.instead, files))


@pytest.mark.parametrize("line", LAUNCHER_LINES, ids=lambda line: line.given)
def test_options_of_the_launcher(monkeypatch, line):
    assert line.advice in refusal(lambda: run_experiments.check(parsed(run_experiments, monkeypatch, line.given)))
    run_experiments.check(parsed(run_experiments, monkeypatch, line.instead))


def test_the_nearest_study():
    line = refusal(lambda: run_experiments.find_study(45, "--exp"))
    assert run_experiments.find_study(int(re.search(r"Did you mean (\d+)", line).group(1)), "--exp").tables


# Configs


CONFIG_LINES = [
    ("temperature = 3", "call it _temperature", "_temperature = 3"),
    ("optim_wraper = dict(x=1)", "Did you mean 'optim_wrapper'?", "optim_wrapper = dict()"),
    ("train_cfg = dict(max_iter=3)", "Did you mean 'max_iters'?", "train_cfg = dict(max_iters=3)"),
    ("seed = -1", "Use a whole number from 0", "seed = 0"),
    ("compile = 'false'", "Use True or False", "compile = False"),
    ("crop_size = 64", "Use (height, width) in pixels, such as (1024, 1024)", "crop_size = (1024, 1024)"),
]


@pytest.mark.parametrize(("given", "advice", "instead"), CONFIG_LINES, ids=[given for given, _, _ in CONFIG_LINES])
def test_entries_of_a_config(tmp_path, given, advice, instead):
    def load(text: str):
        path = tmp_path / "own.py"
        path.write_text(f'_base_ = ["{tiny.ROOT / tiny.CONFIG}"]\n{text}\n')
        return load_config(path)

    assert advice in refusal(lambda: load(given))
    load(instead)


def test_another_number_of_classes():
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"model.decode_head.num_classes": 3})
    line = refusal(lambda: check_class_lists(cfg))
    key, value = re.search(r"Set (\S+)=(\d+)\.", line).groups()
    apply_options(cfg, {key: int(value)}, tiny.CONFIG)
    check_class_lists(cfg)


def test_parts_of_the_training_data(tmp_path):
    source, target = source_config(make_gta(tmp_path / "gta")), target_config(make_cityscapes(tmp_path / "city"))
    good = {"source": source, "target": target, "source_crop": crop(), "target_crop": crop()}
    for change, advice in (
        ({"target_crop": None}, "Add target_crop="),
        ({"target": None}, "Add target="),
        ({"target_crop": crop(cat_max_ratio=0.5)}, "Set it in source_crop only"),
        ({"source": {**source, "ann_dir": None}}, "Set ann_dir"),
    ):
        assert advice in refusal(lambda change=change: UDADataset(**{**good, **change}))
    assert len(UDADataset(**{**good, "source_crop": crop(cat_max_ratio=0.5)})) == 6


# Labels


def test_label_ids_instead_of_train_ids(tiny_data):
    """The user's own ground truth is never to be deleted."""
    folders = {"data_root": str(tiny_data / "cityscapes"), "img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val"}
    line = refusal(lambda: CityscapesDataset(**folders, seg_map_suffix="_gtFine_labelIds.png")[0])
    assert "elete" not in line
    suffix = re.search(r"set seg_map_suffix='([^']+)'", line).group(1)
    assert CityscapesDataset(**folders, seg_map_suffix=suffix)[0]["label"].max() <= 255
    assert CityscapesDataset(**folders)[0]["label"].max() <= 255  # or leave it out


def test_a_converted_label_with_wrong_values(tiny_data, tmp_path, works):
    root = shutil.copytree(tiny_data / "gta", tmp_path / "gta")
    dataset = GTADataset(data_root=str(root), ann_dir="labels")
    right = dataset.read_label(0)
    cv2.imwrite(str(dataset.label_path(0)), np.full_like(right, 33))
    line = refusal(lambda: dataset.read_label(0))
    command = re.search(r"Create it with: python tools/convert_datasets/gta\.py (\S+)$", line)
    works(gta_tool.main, command.group(1), "--nproc", "1")
    assert np.array_equal(dataset.read_label(0), right)


def test_an_id_that_nothing_explains(own):
    line = refusal(lambda: FolderDataset(**own)[0])
    assert "holds the id 17" in line and "label_map" in line and "ignore=[" not in line
    as_class = FolderDataset(**own, label_map={0: "sky", 1: "grass", 17: "sky"})[0]["label"]
    added = FolderDataset(**own, ignore=[17])[0]["label"]
    assert as_class.unique().tolist() == [0, 1] and added.unique().tolist() == [0, 1, 255]
    assert "holds the ids 1, 17, which" in refusal(lambda: FolderDataset(**own, label_map={0: "sky"})[0])


def test_ignore_is_a_list(own):
    fix = re.search(r"Use a list: ignore=(\[.*\])\.", refusal(lambda: FolderDataset(**own, ignore=17))).group(1)
    FolderDataset(**own, ignore=ast.literal_eval(fix))


def test_a_metric_without_class_names(own):
    metric = IoUMetric()
    line = refusal(lambda: setattr(metric, "dataset_meta", FolderDataset(images=own["images"]).metainfo))
    assert "Add classes=" in line and "to the data set" in line
    metric.dataset_meta = FolderDataset(**own).metainfo
    assert metric.classes == ("sky", "grass")


def test_missing_demo_data(tmp_path, monkeypatch, works):
    monkeypatch.chdir(tmp_path)
    for options in (
        {"type": GTADataset, "data_root": "data/demo/gta", "ann_dir": "labels"},
        {"type": CityscapesDataset, "data_root": str(tmp_path / "data/demo/cityscapes"), "img_dir": "leftImg8bit/val"},
        {"type": FolderDataset, "images": "data/demo/gta/images"},
    ):
        kind = options.pop("type")
        line = refusal(lambda kind=kind, options=options: kind(**options))
        out = re.search(r"Draw the demo data with: python tools/make_demo_data\.py --out (\S+)$", line).group(1)
        if not (tmp_path / out).exists():
            small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
            works(demo_tool.main, "--out", tmp_path / out, *small)
            monkeypatch.chdir(tmp_path)
        assert len(kind(**options)) == 1
        shutil.rmtree(tmp_path / "data")


# Trainings


def test_resume_by_a_file(run, fails, works, tiny_data):
    longer = tiny.options(tiny_data)
    for given in (["--resume", run / "latest.pth"], ["--resume-from", run / "latest.pth"], [f"--resume={run}/latest.pth"]):
        line = fails(train_tool.main, tiny.CONFIG, *given, *longer)
        advice = shlex.split(re.search(r"Write (--work-dir .* --resume)$", line).group(1))
        assert advice == ["--work-dir", str(run), "--resume"]
    assert advice == shlex.split(re.search(r"Write (.*)$", fails(train_tool.main, tiny.CONFIG, "--resume", run, *longer)).group(1))
    other = fails(train_tool.main, tiny.CONFIG, "--resume-from", "iter_40000.pth")
    assert other.endswith("Write --work-dir . --resume, or start from the networks of this file: --load-from iter_40000.pth")
    assert "Resumed iteration 2" in works(train_tool.main, tiny.CONFIG, *advice, *longer)


def test_what_stands_in_a_run_folder(run, fails, works, folder, tiny_data):
    options = tiny.options(tiny_data)
    both = fails(train_tool.main, tiny.CONFIG, "--work-dir", run, "--resume", "--load-from", "a.pth", *options)
    assert both.endswith("--load-from a.pth starts from others. Leave one of them out.")
    assert "Continue it with --resume" in fails(train_tool.main, tiny.CONFIG, "--work-dir", run, *options)
    seed = fails(train_tool.main, tiny.CONFIG, "--work-dir", run, "--resume", "--seed", "3", *options)
    advice = shlex.split(re.search(r"Resume with (--seed \d+)\.", seed).group(1))
    assert "Resumed iteration 2" in works(train_tool.main, tiny.CONFIG, "--work-dir", run, "--resume", *advice, *options)


def test_weights_without_a_state(run, fails, works, tmp_path, tiny_data):
    state = read_checkpoint(run / "latest.pth")["state_dict"]
    torch.save({"state_dict": state}, run / "latest.pth")
    options = tiny.options(tiny_data)
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", run, "--resume", *options)
    assert line.endswith("Start from it in another folder with --load-from.")
    elsewhere = tmp_path / f"{run.name}_elsewhere"
    assert "Loaded model (student)" in works(
        train_tool.main, tiny.CONFIG, "--work-dir", elsewhere, "--load-from", run / "latest.pth", *options
    )


def test_a_network_of_other_classes(trained):
    """The data decide how many classes there are; the checkpoint's own config knows them."""
    cfg = load_config(trained / "config.py", {"model.decode_head.num_classes": 16})
    line = refusal(lambda: init_model(cfg, trained / "latest.pth"))
    assert line.endswith("was trained with 19 classes, but the config has 16. Use the config it was trained with.")
    assert init_model(trained / "config.py", trained / "latest.pth").model.num_classes == 19


def test_a_learning_rate_that_is_too_high(fails, works, folder, tiny_data):
    """A resume with a lower one could go on with ruined weights; a training in another folder learns."""
    changes = {"train_cfg.max_iters": 6, "train_cfg.val_interval": 6, "default_hooks.guard.patience": 1}
    high = tiny.options(tiny_data, **changes, **{"optim_wrapper.optimizer.lr": 1e30})
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, *high)
    assert "with a lower optim_wrapper.optimizer.lr" in line and "--resume" not in line
    lower = tiny.options(tiny_data, **changes)
    assert "mean" in works(train_tool.main, tiny.CONFIG, "--work-dir", folder.parent / f"{folder.name}_lower", *lower)
