"""Advice about the rounds of a training: their options, their labels, and their files."""

import shutil

import pytest

from mmseg.apis.training.train import train
from mmseg.config.config import load_config
from mmseg.datasets.annotating.rounds import RoundFolder, read_current, write_current
from mmseg.datasets.classes.names import CLASSES
from mmseg.engine.annotating.picking import Picker
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.hooks.annotation_rounds import AnnotationRounds
from mmseg.models.uda.acquisition.strategies import PixelImpurity, RegionImpurity
from mmseg.utils.errors import Waiting
from tests import annotated, tiny
from tests.advice.following import Followed, advice, table
from tests.engine.annotating.test_rounds_in_training import stopped_at

OPTIONS = {key: value for key, value in annotated.HOOK.items() if key != "type"}


def check(budget, strategy=None):
    Picker(strategy or RegionImpurity(), budget, 5, 0).check()


@table(
    [
        Followed(
            "AnnotationRounds: budget={} is not one budget. Give budget=dict(ratio=0.022), or budget=dict(pixels=40).",
            lambda: check({"ratio": 0.022, "pixels": 40}),
            lambda given: check({"ratio": 0.022}),
        ),
        Followed(
            "AnnotationRounds: budget={} is not one budget. Give budget=dict(ratio=0.022), or budget=dict(pixels=40).",
            lambda: check({}),
            lambda given: check({"pixels": 40}, PixelImpurity()),
        ),
        Followed(
            "Give budget=dict(ratio=0.022), or pick pixels with acquisition=dict(type='PixelImpurity').",
            lambda: check({"pixels": 40}),
            lambda *given: check({"ratio": 0.022}),
        ),
        Followed(
            "Give budget=dict(ratio=0.022), or pick pixels with acquisition=dict(type='PixelImpurity').",
            lambda: check({"pixels": 40}),
            lambda *given: check({"pixels": 40}, PixelImpurity()),
        ),
        Followed(
            "Give each iteration once, in ascending order.",
            lambda: AnnotationRounds(**{**OPTIONS, "rounds": [3, 1, 3]}),
            lambda *given: AnnotationRounds(**{**OPTIONS, "rounds": sorted({3, 1})}),
        ),
    ]
)
def test_options(row):
    row.follow()


@pytest.fixture
def start(tiny_data, tmp_path, monkeypatch):
    """Trains with changes of the config, in a new folder each time."""
    monkeypatch.chdir(tiny.ROOT)
    count = iter(range(9))

    def run(hook=None, **changes):
        folder = tmp_path / f"run_{next(count)}"
        train(annotated.config(tiny_data, hook, **changes), folder)
        return folder

    return run


SHORT = {"train_cfg.max_iters": 2, "train_cfg.val_interval": 2}
NO_HOOK = {"custom_hooks": [{"type": "ResultHook"}]}


def test_no_target(tiny_data, tmp_path, start):
    """With one, or without the hook."""
    kept = {key: value for key, value in annotated.values(tiny_data, **SHORT).items() if not key.startswith("uda.")}
    targets = ("train_dataloader.dataset.target", "train_dataloader.dataset.crop_pseudo_margins")
    kept = {key: value for key, value in kept.items() if not key.startswith(targets)}
    without = {f"train_dataloader.dataset.{key}": None for key in ("target", "target_crop", "crop_pseudo_margins")}
    without["uda"] = {"_delete_": True, "type": "SourceOnly"}
    advice(
        "AnnotationRounds asks for labels of a target. Give train_dataloader.dataset.target, or leave the hook out.",
        lambda: train(load_config(tiny.CONFIG, kept | without), tmp_path / "run_without_target"),
    )
    train(load_config(tiny.CONFIG, kept | without | NO_HOOK), tmp_path / "run_without_hook")
    start({"rounds": [0]}, **SHORT)


def test_a_round_that_comes_too_late(start):
    advice("Set rounds to earlier iterations, or train_cfg.max_iters to more.", lambda: start({"rounds": [1, 5]}))
    start({"rounds": [1, 4]})
    start({"rounds": [1, 5]}, **{"train_cfg.max_iters": 6, "train_cfg.val_interval": 6})


def test_no_labels_on_disk(start):
    unlabelled = {"train_dataloader.dataset.target.ann_dir": None}
    assert (
        advice(
            "Set {} in train_dataloader.dataset.target, or have people label with oracle='people'.",
            lambda: start({"rounds": [0]}, **SHORT, **unlabelled),
        )[-1]
        == "ann_dir"
    )
    start({"rounds": [0]}, **SHORT)
    with pytest.raises(Waiting):
        start({"rounds": [0], "oracle": "people"}, **SHORT, **unlabelled)


def test_no_teacher(tiny_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny.ROOT)
    kept = {key: value for key, value in annotated.values(tiny_data, {"rounds": [0]}, **SHORT).items() if not key.startswith("uda.")}
    count = iter(range(9))

    def start(network, **uda):
        cfg = load_config(tiny.CONFIG, {**kept, "uda": {"_delete_": True, "type": "RIPU", **uda}})
        cfg.custom_hooks[1].network = network
        train(cfg, tmp_path / f"run_{next(count)}")

    advice("network='teacher', but {} has none. Use network='student', or add uda.teacher=dict(type='Teacher').", lambda: start("teacher"))
    start("student")
    start("teacher", teacher={"type": "Teacher"})


def test_no_rounds(start):
    """A method that learns from labels which nobody asks for."""
    advice(
        "{} needs labels of the target, but the training asks for none. Add dict(type='AnnotationRounds', ",
        lambda: start(**SHORT, **NO_HOOK),
    )
    start({"rounds": [0]}, **SHORT)


def test_two_hooks(start):
    """Both would write the round 1."""
    one, other = ({**annotated.HOOK, "rounds": [after]} for after in (0, 1))
    advice(
        "custom_hooks has two AnnotationRounds, which would share a folder. Keep one, with all rounds.",
        lambda: start(**SHORT, custom_hooks=[one, other]),
    )
    start(**SHORT, custom_hooks=[{**one, "rounds": [0, 1]}])


def test_labels_of_other_classes(start, tiny_data):
    """An id of the target would be another class of the source."""
    names = list(annotated.config(tiny_data).train_dataloader.dataset.source.get("classes") or CLASSES)
    other = {"train_dataloader.dataset.target.classes": names[1:]}
    (count, key, *_) = advice(
        "train_dataloader.dataset.source has {} classes and {} {}: {}. Set classes of both to one list.",
        lambda: start({"rounds": [0]}, **SHORT, **other),
    )
    assert (count, key) == ("19", "train_dataloader.dataset.target")
    start({"rounds": [0]}, **SHORT, **{"train_dataloader.dataset.target.classes": names})


def test_labels_that_nothing_looks_at(start):
    """A note in the log."""

    def notes(annotated):
        (log,) = start({"rounds": [0]}, **SHORT, **{"uda.annotated": annotated}).glob("*/*.log")
        return [line for line in log.read_text().splitlines() if "no term of" in line]

    (line,) = notes(None)
    advice("AnnotationRounds asks for labels that no term of {} looks at. Add annotated=dict() to uda.", line)
    assert not notes({})


@pytest.fixture
def stopped(start, monkeypatch):
    """The folder of a training that was interrupted after its first round; its state is from before it."""
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(AnnotationRounds, "before_train_iter", stopped_at(2))
        start()


def resume(data, folder, hook=None):
    train(annotated.config(data, hook), folder, resume=True, override=True)


def test_a_round_of_other_options(stopped, tiny_data, tmp_path):
    other = {"acquisition": {"type": "RegionEntropy"}}
    advice(
        "Move it and the rounds after it elsewhere, or resume with what it was made with.",
        lambda: resume(tiny_data, tmp_path / "run_0", other),
    )
    shutil.copytree(tmp_path / "run_0", tmp_path / "run_copy")
    resume(tiny_data, tmp_path / "run_0")
    shutil.move(tmp_path / "run_copy/annotations/round_1", tmp_path / "moved")
    resume(tiny_data, tmp_path / "run_copy", other)


def test_a_round_of_other_picks(stopped, tiny_data, tmp_path):
    """The round of another network, which had come to other picks."""
    root = tmp_path / "run_0/annotations"
    folder = RoundFolder(root, 1, ())
    folder.write_header({**folder.header(), "network": "0" * 16})
    file = sorted((root / "round_1/picks").rglob("*.json"))[0]
    file.write_text(file.read_text().replace('"picks": [[', '"picks": [[0, 0], ['))
    shutil.copytree(tmp_path / "run_0", tmp_path / "run_copy")
    *_, place = advice(
        "{} {}. Move {} and the rounds after it elsewhere to ask anew, or train in another folder.",
        lambda: resume(tiny_data, tmp_path / "run_0"),
    )
    shutil.move(place, tmp_path / "moved")
    resume(tiny_data, tmp_path / "run_0")
    train(annotated.config(tiny_data), tmp_path / "run_elsewhere")


def test_a_round_that_is_gone(start, stopped, tiny_data, tmp_path, monkeypatch):
    """Restored, or the training is made anew in another folder."""
    folder = tmp_path / "run_0"
    resume(tiny_data, folder)  # to the end, so that the state is from after both rounds
    assert read_checkpoint(folder / "latest.pth")["meta"]["iteration"] == 5
    kept = shutil.move(folder / "annotations/round_1", tmp_path / "kept")
    longer = {"train_cfg.max_iters": 6, "train_cfg.val_interval": 6}

    def go_on():
        train(annotated.config(tiny_data, **longer), folder, resume=True, override=True)

    *_, fix = advice("{} is not complete, and iteration {} needs its labels. {}", go_on)
    advice("Restore it, or move {} elsewhere and train anew in another folder.", fix, file="rounds.py")
    shutil.move(kept, folder / "annotations/round_1")
    go_on()
    shutil.move(folder / "annotations", tmp_path / "moved")
    start()


def test_no_current_round(tmp_path):
    """A file that is broken says nothing: it is written again where it is missing."""
    write_current(tmp_path, 2)
    (tmp_path / "current.json").write_text("[]")
    advice("Move {} elsewhere.", lambda: read_current(tmp_path), file="rounds.py:read_current")
    (tmp_path / "current.json").rename(tmp_path / "moved.json")
    assert read_current(tmp_path) == 0


def test_a_round_of_another_training(start, tiny_data, tmp_path):
    """The folder of a training with other classes, for rounds that lie behind: its labels would have other meanings."""
    folder = start({"rounds": [0]}, **SHORT)
    header = folder / "annotations/round_1/header.json"
    kept = header.read_text()
    header.write_text(kept.replace('"road"', '"lane"'))
    longer = {"train_cfg.max_iters": 3, "train_cfg.val_interval": 3}

    def go_on():
        train(annotated.config(tiny_data, {"rounds": [0]}, **longer), folder, resume=True, override=True)

    *_, fix = advice("{} was made with {} {}, and this training has {}. {}", go_on)
    advice("Restore it, or move {} elsewhere and train anew in another folder.", fix, file="rounds.py")
    header.write_text(kept)
    go_on()
