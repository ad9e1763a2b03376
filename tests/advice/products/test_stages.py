"""Advice about chains of runs: what a stage takes from earlier ones, and what a command has made. Nothing is trained."""

import shlex
import shutil
import sys

import pytest
from mmengine.config import Config

import run_experiments
from mmseg.apis.launching.commands import result
from mmseg.apis.launching.rows import study_runs
from mmseg.apis.launching.runs import Run
from mmseg.apis.launching.train import train
from mmseg.config.references import from_stage, with_paths
from tests import tiny
from tests.advice.following import advice
from tests.apis.chain_study import chain_study, write_config
from tests.apis.launching.test_stages import launched, stages  # noqa: F401


@pytest.fixture
def study(tmp_path, tiny_data):
    """In a folder that a shell would take for two."""
    (tmp_path / "two words").mkdir()
    return chain_study(write_config(tmp_path / "two words", tiny_data), tiny_data)


@pytest.fixture
def runs(study) -> dict[str, list[Run]]:
    return study_runs(study)


@pytest.fixture
def found(runs) -> dict[str, Run]:
    """The runs of all stages by 'row@stage'."""
    return stages(runs)


@pytest.fixture
def by_hand(monkeypatch, capsys):
    """Runs ``run_experiments.py`` with a command line, without what prints its errors; returns what it prints."""

    def run(command: str) -> str:
        words = shlex.split(command)
        monkeypatch.setattr(sys, "argv", words[words.index("run_experiments.py") :])
        monkeypatch.chdir(tiny.ROOT)
        capsys.readouterr()
        assert run_experiments.main.__wrapped__() == 0
        return capsys.readouterr().out

    return run


def test_a_stage_that_trains_nothing(study, runs, found, launched, by_hand):  # noqa: F811
    launched(study, runs)
    labels = found["c.1@labels"]
    labels.product.unlink()
    (tool,) = advice(
        "This config is of a stage that runs {}: there is nothing to train. Run it with run_experiments.py --config FILE.",
        lambda: train(labels.cfg, labels.folder),
    )
    assert tool == "tools/prepare/pseudo_labels.py"
    said = by_hand(shlex.join(["run_experiments.py", "--config", str(labels.folder / "config.py")]))
    assert said == f"labels: {labels.product}\n" and labels.finished


def test_a_product_that_cannot_be_read(study, runs, found, launched):  # noqa: F811
    launched(study, runs)
    fast = found["c.2@fast"]
    fast.product.write_text("broken")
    advice("Move it elsewhere and run the stage again.", lambda: result(fast), file="apis/launching/commands.py:measures")
    shutil.move(fast.product, fast.folder.parent)
    assert launched(study, runs, only=["c.2@fast"])[1] == ["fast"]
    assert result(fast)["metrics"] == {}


def test_a_stage_outside_its_row(study, runs, found, launched):  # noqa: F811
    """In a row it names the run of that stage."""
    student = found["c.1@student"]
    cfg = Config({"load_from": from_stage("source", "checkpoint")})
    (reference,) = advice(
        "{} is known within a row of a study alone. Run it with run_experiments.py --exp ID --only ROW, "
        "or give a path in place of this entry.",
        lambda: with_paths(cfg, student.folder.parent),
    )
    assert reference == "stage:source/checkpoint"
    assert launched(study, runs, only=["c.1"])[1] == ["source", "labels", "student"]
    path = str(found["c.1@source"].folder / "latest.pth")
    assert with_paths(student.cfg, student.folder.parent).load_from == path
    cfg.load_from = path
    assert with_paths(cfg, student.folder.parent).load_from == path


def test_a_run_that_is_gone(study, runs, found, launched, tmp_path):  # noqa: F811
    labels, source = found["c.1@labels"], found["c.1@source"]
    folder = labels.folder.parent

    def locate() -> str:
        return with_paths(labels.cfg, folder).command.checkpoint

    text = (
        "{}: no folder in {} ends with _{}, the digest of the run that is needed. "
        "Make it with run_experiments.py --exp ID --only ROW, or put the folder there."
    )
    assert advice(text, locate) == [f"run:{source.digest}/checkpoint", str(folder), source.digest]
    launched(study, runs, only=["c.1"])
    assert locate() == str(source.folder / "latest.pth")
    source.folder.rename(tmp_path / source.folder.name)
    advice(text, locate)
    (tmp_path / source.folder.name).rename(folder / f"renamed_{source.digest}")
    assert locate() == str(folder / f"renamed_{source.digest}/latest.pth")


def test_a_checkpoint_that_is_gone(study, runs, found, launched, tmp_path):  # noqa: F811
    launched(study, runs, only=["c.1@labels"])
    labels, source = found["c.1@labels"], found["c.1@source"]
    checkpoint = source.folder / "latest.pth"

    def locate() -> str:
        return with_paths(labels.cfg, labels.folder.parent).command.checkpoint

    text = "{}: {} is gone. Put it back, or move {} elsewhere and train that stage of the row again."
    checkpoint.rename(tmp_path / "latest.pth")
    assert advice(text, locate)[1:] == [str(checkpoint), str(source.folder)]
    (tmp_path / "latest.pth").rename(checkpoint)
    assert locate() == str(checkpoint)
    checkpoint.unlink()
    *_, folder = advice(text, locate)
    shutil.move(folder, tmp_path / "elsewhere")
    assert launched(study, runs, only=["c.1@source"])[1] == ["source"]
    assert locate() == str(checkpoint)


def test_a_product_that_is_gone(study, runs, found, launched, by_hand):  # noqa: F811
    launched(study, runs, only=["c.1"])
    labels, student = found["c.1@labels"], found["c.1@student"]

    def locate() -> str:
        return with_paths(student.cfg, student.folder.parent).train_dataloader.dataset.source.ann_dir

    labels.product.unlink()
    *_, command = advice("{}: {} is gone. Make it anew with: {}", locate, file="config/references.py")
    assert by_hand(command) == f"labels: {labels.product}\n"
    assert locate() == str(labels.product)
