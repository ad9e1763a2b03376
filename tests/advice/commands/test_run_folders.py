"""Advice about run folders, and about what the runs of a study need."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from mmengine.config import Config

import run_experiments
from experiments import STUDIES
from mmseg.apis.launching.launch import launch_one
from mmseg.apis.launching.needs import check_data
from mmseg.apis.launching.processes import Start
from mmseg.apis.launching.rows import study_runs
from mmseg.apis.launching.runs import Run
from mmseg.datasets.reading import folders
from mmseg.engine.checkpoints import disk_space
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from mmseg.utils.storage import run_folder
from mmseg.utils.storage.files import check_writable, write_json
from mmseg.utils.storage.locks import locked
from tests import tiny
from tests.advice.following import advice
from tools import make_demo_data as demo_tool
from tools.convert_datasets import gta as gta_tool

# Run folders


@pytest.fixture
def taken(tmp_path):
    """A file where a folder is to be made."""
    path = tmp_path / "taken"
    path.write_text("")
    return path


def test_a_folder_that_cannot_be_written(taken, tmp_path):
    advice("Choose another folder that is writable.", lambda: check_writable(taken / "run"), file="storage/files.py")
    check_writable(tmp_path / "other")

    def lock(folder: Path) -> bool:
        with locked(folder):
            return True

    advice("Choose another folder that is writable.", lambda: lock(taken / "run"), file="storage/locks.py")
    assert lock(tmp_path / "other")
    line = refused(lambda: write_json(taken / "a.json", 1))
    advice("Cannot write {}: {}. Free some space or choose a writable folder.", line, file="storage/space.py")
    write_json(tmp_path / "a.json", 1)


def refused(action) -> str:
    """The line of an error that another function has put together."""
    with pytest.raises(UserError) as raised:
        action()
    return str(raised.value)


def test_a_name_that_is_too_long(tmp_path):
    advice("Choose a shorter name or another folder", refused(lambda: write_json(tmp_path / ("n" * 300), 1)))
    write_json(tmp_path / "n", 1)


def test_a_disk_with_an_error(tmp_path, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", mock.Mock(side_effect=OSError(errno.EIO, "Input/output error")))
        line = refused(lambda: write_json(tmp_path / "a", 1))
    advice("Check this disk, or choose another folder", line)
    write_json(tmp_path / "a", 1)


def test_a_run_folder_that_was_moved(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.py").touch()
    (tmp_path / "run").rename(tmp_path / "away")
    advice(
        "Move it back or mount the disk, and continue with --resume.",
        lambda: run_folder.check_still_there(tmp_path / "run"),
        file="storage/run_folder.py",
    )
    (tmp_path / "away").rename(tmp_path / "run")
    run_folder.check_still_there(tmp_path / "run")


def test_a_data_folder_that_was_moved(tmp_path):
    (tmp_path / "images").mkdir()
    advice(
        "Move it back or mount the disk, and continue with --resume.",
        lambda: folders.check_still_there([tmp_path / "images"]),
        file="reading/folders.py",
    )
    (tmp_path / "images/a.png").touch()
    folders.check_still_there([tmp_path / "images"])


def test_a_disk_that_is_too_small(tmp_path, monkeypatch):
    sizes = {tmp_path / "small": 10**6, tmp_path / "large": 10**10}
    monkeypatch.setattr(disk_space, "free_space", sizes.get)
    advice("Free some space, or choose another folder with --work-dir.", disk_space.space_note(tmp_path / "small", 10**9))
    assert disk_space.space_note(tmp_path / "large", 10**9) is None


def test_a_folder_where_a_file_is_to_be_written(tmp_path):
    path = tmp_path / "a.json"
    path.mkdir()
    advice("Move this folder elsewhere.", lambda: write_json(path, 1))
    path.rename(tmp_path / "elsewhere")
    write_json(path, 1)
    assert path.is_file()


def test_a_folder_in_use(tmp_path):
    program = "import sys; from pathlib import Path; from mmseg.utils.storage.locks import locked\n"
    program += "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": tiny.ROOT}
    other = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "run")], **pipes)
    assert other.stdout.readline() == b"held\n"
    run = Run(cfg=Config({}), folder=tmp_path / "run")
    advice("Wait until that has ended, or choose another folder.", lambda: launch_one(run, Start()))
    with locked(tmp_path / "another"):
        pass
    other.communicate()
    with locked(run.folder):
        pass


# Runs of a study


def test_a_config_that_was_changed(tmp_path):
    ((run,),) = study_runs(STUDIES[44], only=["7.6"], seeds=[0], options={"work_dir": str(tmp_path)}).values()
    run.folder.mkdir()
    text = config_text(run.cfg)
    file = run.folder / "config.py"
    file.write_text(text.replace("lambda=0.005", "lambda=0.5"))
    advice("Restore the file, or, where the training went on with another config, move the folder away", run.check_config)
    file.write_text(text)
    run.check_config()
    run.folder.rename(tmp_path / "elsewhere")
    run.check_config()


def test_an_option_that_the_demo_would_replace(call, tmp_path, monkeypatch, capsys):
    command = ["--exp", "50", "--only", "shade.1", "--seed", "0", "--demo", "--dry-run"]
    monkeypatch.setattr(tiny, "ROOT", tmp_path)  # where the commands of this test run
    option = "optim_wrapper.optimizer.lr=0.01"
    advice(
        "Leave it out, or give it with --config to a config that --demo --dry-run writes.",
        lambda: call(run_experiments.main, *command, "--cfg-options", option),
    )
    assert call(run_experiments.main, *command) == 0
    (written,) = (tmp_path / "configs/generated/50").glob("*.py")
    assert call(run_experiments.main, "--config", written, "--dry-run", "--cfg-options", option) == 0


def test_data_that_are_missing(tmp_path, tiny_data, works):
    root = tmp_path / "gta"
    dataset = {"type": "GTADataset", "data_root": str(root), "ann_dir": "labels"}
    advice("{} needs the folder {}, which does not exist. {}", lambda: check_data(dataset, None))
    _, command = advice(
        "Put the data there as section 'Data' of README.md describes, and convert it with: {} {}", lambda: check_data(dataset, None)
    )
    for name in ("images", "labels"):
        shutil.copytree(tiny_data / "gta" / name, root / name)
    for path in root.glob("labels/*_labelTrainIds.png"):
        path.unlink()
    works(gta_tool.main, command.split()[1], "--nproc", "1")
    check_data(dataset, {"class_temp": 0.01, "min_pixels": 2})


def test_demo_data_that_break_while_they_are_drawn(tmp_path, call):
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1", "--out", tmp_path / "demo")
    call(demo_tool.main, *small)
    manifest = tmp_path / "demo/demo_manifest.json"
    manifest.write_text(manifest.read_text().replace('"complete": true', '"complete": false'))
    (label,) = [path for path in (tmp_path / "demo/gta/labels").glob("*.png") if "TrainIds" not in path.name]
    for path in (tmp_path / "demo/gta").rglob("*TrainIds.png"):
        path.unlink()
    label.write_bytes(b"")
    advice("Draw it again with --force.", lambda: call(demo_tool.main, *small))
    call(demo_tool.main, *small, "--force")
