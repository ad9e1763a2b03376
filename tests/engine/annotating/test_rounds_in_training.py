"""Rounds of annotating in a training: what they leave on disk, that their labels count at once, and that a resume changes no bit."""

import json
import os
import shutil
import signal
import time

import numpy as np
import pytest
import torch

from mmseg.apis.training.train import train
from mmseg.datasets.annotating import fresh
from mmseg.datasets.reading.image_files import ImageFiles, read_image, read_label_ids
from mmseg.engine.annotating import making
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.hooks.annotation_rounds import AnnotationRounds
from mmseg.engine.parts import build_loader_config
from mmseg.models.uda.acquisition.selection import squares
from mmseg.utils.computing.background_work import BackgroundWork
from mmseg.utils.signals import Stopped
from tests import annotated, tiny
from tests.engine.test_resume import assert_equal

PARTS = ("state_dict", "optimizer", "param_schedulers")


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory):
    """The folder of an uninterrupted training."""
    folder = tmp_path_factory.mktemp("annotated") / "run_with_rounds"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tiny.ROOT)
        train(annotated.config(tiny_data), folder)
    return folder


def files_of(folder):
    """The content of all files of annotations, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def names(data):
    root = data / "cityscapes/leftImg8bit/train"
    return [str(path.relative_to(root).with_suffix("")) for path in sorted(root.rglob("*.png"))]


def test_what_rounds_leave(whole, tiny_data):
    """Labels are those of the data set inside of the picked squares and 255 elsewhere, and grow; the ledger counts them."""
    root, budget = whole / "annotations", json.loads((whole / "annotations/budget.json").read_text())
    assert json.loads((root / "current.json").read_text())["round"] == 2
    assert [entry["round"] for entry in budget["rounds"]] == [1, 2] and [entry["iteration"] for entry in budget["rounds"]] == [1, 3]
    for name in names(tiny_data):
        truth = read_label_ids(tiny_data / "cityscapes/gtFine/train" / (name.replace("leftImg8bit", "gtFine_labelTrainIds") + ".png"))
        asked = np.zeros(truth.shape, bool)
        for number, entry in enumerate(budget["rounds"], 1):
            picks = json.loads((root / f"round_{number}/picks/{name}.json").read_text())
            new = squares(torch.tensor(picks["picks"]), 1, truth.shape).numpy()
            assert len(picks["picks"]) == 23 and not (new & asked).any()  # ceil(64 * 128 * 0.025 / 9)
            asked |= new
            label = read_label_ids(root / f"round_{number}/labels/{name}.png")
            np.testing.assert_array_equal(label, np.where(asked, truth, 255))
            counted = entry["images"][name]
            assert counted["asked"] == new.sum() == counted["given"] + counted["ignored"] and counted["unspent"] == 0
            assert counted["given"] == (truth[new] != 255).sum()
    assert budget["total"]["asked"] == sum(entry["asked"] for entry in budget["rounds"]) <= budget["allowed"]
    assert (
        budget["total"]["percent"] == pytest.approx(100 * budget["total"]["asked"] / (4 * 64 * 128))
        and 4 < budget["total"]["percent"] < 5.1
    )


def test_a_picture_of_each_round(whole):
    """Of the first image: 23 picks, which the second round has not made again."""
    pictures = [read_image(whole / f"pictures/round_{number}.png") for number in (1, 2)]
    assert pictures[0].shape == pictures[1].shape and (pictures[0] != pictures[1]).any()


@pytest.mark.parametrize("workers", [0, 2])
def test_labels_count_from_the_next_batch_on(tiny_data, tmp_path, monkeypatch, workers):
    """Each batch has the labels of all rounds so far, although workers have read ahead; and the method learns from them."""
    seen, read_anew = [], []
    refresh = fresh.refresh

    def note(dataset, batch, number):
        read_anew.append(refresh(dataset, batch, number))
        for place, index in enumerate(batch["index"].tolist()):
            seen.append((number, torch.equal(batch["target"]["annotation"][place], dataset.annotation(index, 0, number))))
            seen.append((number, bool((batch["target"]["annotation"][place] != 255).any()) or number == 0))
        return read_anew[-1]

    monkeypatch.setattr("mmseg.engine.hooks.annotation_rounds.refresh", note)
    monkeypatch.chdir(tiny.ROOT)
    anywhere = {"acquisition": {"type": "RegionRandom"}}  # so that every crop has some
    train(annotated.config(tiny_data, anywhere, **{"train_dataloader.num_workers": workers}), tmp_path / f"run_seen_{workers}")
    assert [number for number, _ in seen[::4]] == [0, 1, 1, 2, 2] and all(right for _, right in seen)
    assert read_anew[1] == read_anew[3] == 2  # the batches of rounds were read before them


WHOLE = {"img_scale": (64, 64), "crop_size": (64, 64), "keep_ratio": False, "interpolation": "bicubic"}
PADDED = {"img_scale": (80, 40), "crop_size": (64, 64), "pad": True}
CROPS = {
    "cut": {},
    "Pillow": {f"train_dataloader.dataset.{name}": WHOLE for name in ("source_crop", "target_crop")},
    "padded": {f"train_dataloader.dataset.{name}": PADDED for name in ("source_crop", "target_crop")},
    "cut twice": {"train_dataloader.dataset.sync_crop_size": (40, 48)},
    "bad ones skipped": {"train_dataloader.dataset.on_bad_sample": "skip"},
}


@pytest.mark.parametrize("kind", CROPS)
def test_the_loader_gives_what_a_fresh_reading_gives(whole, tiny_data, tmp_path, kind):
    """Crops, flips and padding of labels are those of the image: read by the loader, or anew."""
    data = tmp_path / "data"
    shutil.copytree(tiny_data, data)
    cfg = annotated.config(data, **CROPS[kind])
    cfg.work_dir = str(whole)
    dataset = build_loader_config(cfg.train_dataloader, seed=0)["dataset"]
    AnnotationRounds(**{key: value for key, value in annotated.HOOK.items() if key != "type"}).attach(cfg, dataset)
    if "skipped" in kind:
        dataset.target.path(1).write_text("no image")
    skipped = 0
    for index in range(8):
        sample = dataset[index]
        target, draw = sample["target"], sample.get("skipped", 0)
        assert target["round"] == 2 and target["annotation"].dtype == torch.uint8
        assert target["annotation"].shape == target["image"].shape[1:]
        assert torch.equal(target["annotation"], dataset.annotation(index, draw, 2))
        assert torch.equal(dataset.annotation(index, draw, 0), torch.full_like(target["annotation"], 255))
        height, width = target["size"].tolist()
        assert (target["annotation"][height:] == 255).all() and (target["annotation"][:, width:] == 255).all()
        skipped += draw
    assert (skipped > 0) == ("skipped" in kind)


def test_labels_lie_on_their_pixels(whole, tiny_data):
    """An image whose pixels say what its label says, through the same crop."""
    cfg = annotated.config(tiny_data)
    cfg.work_dir = str(whole)
    dataset = build_loader_config(cfg.train_dataloader, seed=0)["dataset"]
    AnnotationRounds(**{key: value for key, value in annotated.HOOK.items() if key != "type"}).attach(cfg, dataset)
    read = ImageFiles.read

    def as_image(self, index):
        return dataset.annotations.label(index, 2)[..., None].repeat(3, axis=2) if self is dataset.target else read(self, index)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageFiles, "read", as_image)  # at the native size, so that bilinear resizing changes nothing
        for index in range(4):
            target = dataset[index]["target"]
            assert torch.equal(target["annotation"], target["image"][0])


KILLED = """
import os, signal, sys
from mmseg.{module} import {name} as original
count = 0

def die(*arguments, **options):
    global count
    result = original(*arguments, **options)
    count += 1
    if count == {times}:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

import mmseg.engine.annotating.making as making
import mmseg.engine.hooks.annotation_rounds as rounds
for place in (making, rounds):
    if hasattr(place, "{name}"):
        setattr(place, "{name}", die)
from tools.train import main
main()
"""
"""tools/train.py, killed after a call of a function."""
DEATHS = {
    "amid the picks of the second round": ("engine.annotating.making", "pick_image", 4 + 2),
    "after the first label of the first round": ("engine.annotating.making", "label_image", 1),
    "after the second round, before its labels are used": ("engine.annotating.making", "finish", 2),
}


@pytest.mark.parametrize("death", DEATHS)
def test_killed_and_resumed_equals_uninterrupted(whole, tiny_data, tmp_path, death):
    folder = tmp_path / "run_with_rounds"
    arguments = [tiny.CONFIG, "--work-dir", str(folder), *annotated.options(tiny_data, **{"train_dataloader.num_workers": 1})]
    module, name, times = DEATHS[death]
    script = KILLED.format(module=module, name=name, times=times)
    killed = tiny.run("-c", script, *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = tiny.run("tools/train.py", *arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    first, second = (read_checkpoint(run / "latest.pth") for run in (whole, folder))
    for part in PARTS:
        assert_equal(first[part], second[part], part)
    own, other = (files_of(run / "annotations") for run in (whole, folder))
    for content in (own, other):
        for key in [key for key in content if key.endswith("header.json")]:
            content.pop(key)  # names the folder of the run
    assert own == other


@pytest.mark.parametrize(("name", "times", "left"), [("pick_image", 4 + 1, "round_2/picks"), ("label_image", 1, "round_1/labels")])
def test_a_signal_ends_a_round(whole, tiny_data, tmp_path, monkeypatch, name, times, left):
    """Between two images, and not after all of them: at the published size they take longer than a scheduler waits."""
    monkeypatch.chdir(tiny.ROOT)
    folder, act, calls = tmp_path / f"run_{name}", getattr(making, name), []

    def asked(*arguments):
        calls.append(name)
        if len(calls) == times:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.1)  # the handler runs in another thread, which has to come to it
        return act(*arguments)

    with monkeypatch.context() as patch, pytest.raises(Stopped) as stopped:
        patch.setattr(making, name, asked)
        patch.setattr(making, "background", lambda: BackgroundWork(threads=1, waiting=0))
        train(annotated.config(tiny_data), folder)
    done = int(left[6])
    assert stopped.value.number == signal.SIGTERM and stopped.value.iteration == annotated.ROUNDS[done - 1]
    assert read_checkpoint(folder / "latest.pth")["meta"]["iteration"] == annotated.ROUNDS[done - 1]
    written = [path for path in (folder / "annotations" / left).rglob("*.*") if path.is_file()]
    assert 1 <= len(written) < len(names(tiny_data)) and not list(folder.rglob("*.part*"))
    train(annotated.config(tiny_data), folder, resume=True)
    first, second = (read_checkpoint(run / "latest.pth") for run in (whole, folder))
    for part in PARTS:
        assert_equal(first[part], second[part], part)


def stopped_at(iteration):
    """A training that is interrupted before an iteration."""

    def stop(self, runner, batch_idx, data_batch=None, act=AnnotationRounds.before_train_iter):
        act(self, runner, batch_idx, data_batch)
        if runner.iter == iteration:
            raise KeyboardInterrupt

    return stop


def test_resumed_from_before_a_round_that_exists(whole, tiny_data, tmp_path, monkeypatch):
    """The round is looked at again where another network asks; the same picks are taken as they are, others are refused."""
    monkeypatch.chdir(tiny.ROOT)
    folder = tmp_path / "run_with_rounds"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(AnnotationRounds, "before_train_iter", stopped_at(2))
        train(annotated.config(tiny_data), folder)
    assert read_checkpoint(folder / "latest.pth")["meta"]["iteration"] == 1  # saved before the first round
    shutil.copytree(whole / "annotations/round_2", folder / "annotations/round_2")
    before = files_of(folder / "annotations/round_2")
    train(annotated.config(tiny_data), folder, resume=True)
    first, second = (read_checkpoint(run / "latest.pth") for run in (whole, folder))
    for part in PARTS:
        assert_equal(first[part], second[part], part)
    assert files_of(folder / "annotations/round_2") == before
    assert files_of(folder / "annotations")["budget.json"] == files_of(whole / "annotations")["budget.json"]
