"""Advice about chains of runs: what a stage takes from earlier ones, and what a command has made. Nothing is trained."""

import shlex
import shutil
import sys

import pytest
from mmengine.config import Config

import run_experiments
from mmseg.apis.launching import launch
from mmseg.apis.launching.commands import result, run_command
from mmseg.apis.launching.processes import Start
from mmseg.apis.launching.rows import chosen_runs, study_runs
from mmseg.apis.launching.runs import Run
from mmseg.apis.training.train import train
from mmseg.config.references import from_stage, with_paths
from mmseg.utils.storage.files import write_json
from tests import tiny
from tests.advice.following import advice
from tests.apis.chain_study import chain_study, write_config
from tests.apis.launching.test_stages import stages


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
def launched(study, runs, monkeypatch):
    """Launches stages, whose work is to write their product here; returns which were started."""
    started: list[str] = []

    def work(run: Run) -> int:
        started.append(run.name)
        run.product.write_text("{}")
        if not run.command:
            write_json(run.folder / "result.json", {"iteration": 2, "metrics": {"mIoU": 50.0}, "seed": 0})
        return 0

    def call(run: Run, *_: object, **__: object) -> int:
        return run_command(run, lambda: work(run)) if run.command else work(run)

    def launch_stages(*only: str) -> list[str]:
        started.clear()
        launch.launch_all([run for chain in chosen_runs(study, runs, only).values() for run in chain], 1, Start())
        return list(started)

    monkeypatch.setattr(launch, "prepare", lambda runs: None)
    monkeypatch.setattr(launch, "call", call)
    monkeypatch.setattr("mmseg.engine.checkpoints.checkpoint.read_checkpoint", lambda *_, **__: {"meta": {"iteration": 2}})
    return launch_stages


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


def test_a_stage_that_trains_nothing(found, launched, by_hand):
    launched()
    labels = found["c.1@labels"]
    labels.product.unlink()
    (tool,) = advice(
        "This config is of a stage that runs {}: there is nothing to train. Run it with run_experiments.py --config FILE.",
        lambda: train(labels.cfg, labels.folder),
    )
    assert tool == "tools/prepare/pseudo_labels.py"
    said = by_hand(shlex.join(["run_experiments.py", "--config", str(labels.folder / "config.py")]))
    assert said == f"labels: {labels.product}\n" and labels.finished


def test_a_product_that_cannot_be_read(found, launched):
    launched()
    fast = found["c.2@fast"]
    fast.product.write_text("broken")
    advice("Move it elsewhere and run the stage again.", lambda: result(fast), file="apis/launching/commands.py:measures")
    shutil.move(fast.product, fast.folder.parent)
    assert launched("c.2@fast") == ["fast"]
    assert result(fast)["metrics"] == {}


def test_a_stage_outside_its_row(found, launched):
    """In a row it names the run of that stage."""
    student = found["c.1@student"]
    cfg = Config({"load_from": from_stage("source", "checkpoint")})
    (reference,) = advice(
        "{} is known within a row of a study alone. Run it with run_experiments.py --exp ID --only ROW, "
        "or give a path in place of this entry.",
        lambda: with_paths(cfg, student.folder.parent),
    )
    assert reference == "stage:source/checkpoint"
    assert launched("c.1") == ["source", "labels", "student"]
    path = str(found["c.1@source"].folder / "latest.pth")
    assert with_paths(student.cfg, student.folder.parent).load_from == path
    cfg.load_from = path
    assert with_paths(cfg, student.folder.parent).load_from == path


def test_a_run_that_is_gone(found, launched, tmp_path):
    labels, source = found["c.1@labels"], found["c.1@source"]
    folder = labels.folder.parent

    def locate() -> str:
        return with_paths(labels.cfg, folder).command.checkpoint

    def refused() -> list[str]:
        return advice(
            "{}: no folder in {} ends with _{}, the digest of the run that is needed. "
            "Make it with run_experiments.py --exp ID --only ROW, or put the folder there.",
            locate,
        )

    assert refused() == [f"run:{source.digest}/checkpoint", str(folder), source.digest]
    launched("c.1")
    assert locate() == str(source.folder / "latest.pth")
    source.folder.rename(tmp_path / source.folder.name)
    refused()
    (tmp_path / source.folder.name).rename(folder / f"renamed_{source.digest}")
    assert locate() == str(folder / f"renamed_{source.digest}/latest.pth")


def test_a_checkpoint_that_is_gone(found, launched, tmp_path):
    launched("c.1@labels")
    labels, source = found["c.1@labels"], found["c.1@source"]
    checkpoint = source.folder / "latest.pth"

    def locate() -> str:
        return with_paths(labels.cfg, labels.folder.parent).command.checkpoint

    def refused() -> list[str]:
        return advice("{}: {} is gone. Put it back, or move {} elsewhere and train that stage of the row again.", locate)

    checkpoint.rename(tmp_path / "latest.pth")
    assert refused()[1:] == [str(checkpoint), str(source.folder)]
    (tmp_path / "latest.pth").rename(checkpoint)
    assert locate() == str(checkpoint)
    checkpoint.unlink()
    *_, folder = refused()
    shutil.move(folder, tmp_path / "elsewhere")
    assert launched("c.1@source") == ["source"]
    assert locate() == str(checkpoint)


def test_a_product_that_is_gone(found, launched, by_hand):
    launched("c.1")
    labels, student = found["c.1@labels"], found["c.1@student"]

    def locate() -> str:
        return with_paths(student.cfg, student.folder.parent).train_dataloader.dataset.source.ann_dir

    labels.product.unlink()
    *_, command = advice("{}: {} is gone. Make it anew with: {}", locate, file="config/references.py")
    assert by_hand(command) == f"labels: {labels.product}\n"
    assert locate() == str(labels.product)
