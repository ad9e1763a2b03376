"""Folders of runs, released checkpoints and exported models: which of their files are read."""

import argparse
import errno
import os
import shutil
from pathlib import Path

import pytest

from mmseg.apis.predicting.model_files import choose_model, model_files
from mmseg.utils.errors import UserError

NAME = "211108_1622_gtaHR2csHR_hrda_s0_7f24c"


def folder_of(tmp_path, *names: str):
    folder = tmp_path / NAME
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("")
    return folder


@pytest.mark.parametrize(
    ("names", "config", "checkpoint"),
    [
        ([f"{NAME}.json", "latest.pth", "20211108_162230.log.json"], f"{NAME}.json", "latest.pth"),
        (["config.py", "result.json", "evaluations.json", "latest.pth", "best.pth"], "config.py", "latest.pth"),
        (["my config.json", "iter_40000.pth"], "my config.json", "iter_40000.pth"),
        (["my config.json", "choice.json", "temperature.json", "iter_40000.pth"], "my config.json", "iter_40000.pth"),
        (["config.json", "model.json", "model.safetensors", "README.md"], "config.json", "model.safetensors"),
        (["a.json", "b.py", "config.json", "c.safetensors", "latest.pth"], "config.json", "latest.pth"),
        (["config.json", "best.pth", ".latest.12.part.pth", "notes.txt"], "config.json", "best.pth"),
    ],
)
def test_the_files_of_a_folder(tmp_path, names, config, checkpoint):
    folder = folder_of(tmp_path, *names)
    assert model_files(folder) == model_files(f"{folder}/") == (folder / config, folder / checkpoint)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["config.py", "a.pth", "b.pth"], "holds several checkpoints: a.pth b.pth. Give a config and a checkpoint"),
        (["a.json", "b.py", "latest.pth"], "holds several configs: a.json b.py. Give a config and a checkpoint"),
        (["result.json", "latest.pth"], "holds no config among its files (latest.pth result.json). Give the folder of a run"),
        (["config.py"], "holds no checkpoint among its files (config.py). Give the folder of a run"),
        ([], "holds no config among its files (none). Give the folder of a run"),
    ],
)
def test_unclear_folders(tmp_path, names, text):
    folder = folder_of(tmp_path, *names)
    with pytest.raises(UserError) as error:
        model_files(folder)
    assert str(error.value).startswith(f"{folder} {text}")


def chosen(config, checkpoint) -> tuple[str, str]:
    args = argparse.Namespace(config=str(config), checkpoint=checkpoint)
    choose_model(args)
    return args.config, args.checkpoint


def test_a_released_folder_that_is_called_model(tmp_path):
    """Its config has the name of the card of an exported model."""
    (tmp_path / "model").mkdir()
    for name in ("model.json", "latest.pth"):
        (tmp_path / "model" / name).write_text("")
    assert model_files(tmp_path / "model") == (tmp_path / "model/model.json", tmp_path / "model/latest.pth")


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    """As the system says it to a user; the administrator may read everything."""
    folder = folder_of(tmp_path, "config.py", "latest.pth")

    def refuse(self):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UserError, match=rf"^The folder {folder} cannot be read: Permission denied\. Give the folder of a run,"):
        model_files(folder)


def test_a_folder_in_a_folder_of_its_name(tmp_path):
    """As archives are often unpacked."""
    folder = folder_of(tmp_path / "outer", "config.py", "latest.pth")
    with pytest.raises(UserError, match=rf"holds no config among its files \(none\)\. .*\. Did you mean {folder}\?$"):
        model_files(tmp_path / "outer")


def test_a_folder_stands_for_its_files(tmp_path, capsys):
    folder = folder_of(tmp_path, "config.py", "latest.pth")
    assert chosen(folder, None) == (f"{folder}/config.py", f"{folder}/latest.pth")
    assert capsys.readouterr().out == f"config {folder}/config.py, checkpoint {folder}/latest.pth\n"
    shutil.move(folder, tmp_path / "two\nlines")
    assert chosen(tmp_path / "two\nlines", None)[0] == f"{tmp_path}/two\nlines/config.py"
    assert capsys.readouterr().out.count("\n") == 1
    assert chosen("a.py", "b.pth") == ("a.py", "b.pth") and capsys.readouterr().out == ""


def test_files_that_are_missing_or_too_many(tmp_path):
    with pytest.raises(UserError, match=r"No checkpoint is given for the config a\.py\. Give the folder of a run"):
        chosen("a.py", None)
    with pytest.raises(UserError, match=r"is a folder, and b\.pth would be its checkpoint\. Give the folder"):
        chosen(folder_of(tmp_path, "config.py", "latest.pth"), "b.pth")
    with pytest.raises(UserError, match=r"nowhere is not a folder\. Give the folder"):
        model_files("nowhere")
