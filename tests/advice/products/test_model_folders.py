"""Advice about folders that hold a config and weights."""

import argparse
import errno
from pathlib import Path

import pytest
import torch

from mmseg.apis.exporting.folder import export_folder, halved
from mmseg.apis.predicting.model_files import choose_model, model_files
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.models.weights.safe_weights import write_safetensors
from tests.advice.command_lines import parsed
from tests.advice.following import advice
from tools import export as export_tool


@pytest.fixture
def model_folder(tmp_path):
    """Of an exported model, as far as its names go."""
    (tmp_path / "my_model").mkdir()
    for name in ("config.json", "model.json", "model.safetensors"):
        (tmp_path / "my_model" / name).write_text("{}")
    return tmp_path / "my_model"


def test_folders_that_hold_no_model(model_folder, tmp_path, monkeypatch):
    def choose(config, checkpoint=None):
        args = argparse.Namespace(config=str(config), checkpoint=checkpoint)
        choose_model(args)
        return args.config, args.checkpoint

    files = (str(model_folder / "config.json"), str(model_folder / "model.safetensors"))
    advice("{} is not a folder. Give the folder of a run, of a released checkpoint", lambda: model_files(tmp_path / "nowhere"))
    (what, _) = advice("holds no {} among its files ({}). Give the folder of a run, of a released", lambda: model_files(tmp_path))
    assert what == "config"
    advice("is given for the config {}. Give the folder of a run, of a released checkpoint", lambda: choose(files[0]))
    advice("would be its checkpoint. Give the folder of a run, of a released checkpoint", lambda: choose(model_folder, "a.pth"))
    assert choose(model_folder) == choose(*files) == files
    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", lambda _: (_ for _ in ()).throw(PermissionError(errno.EACCES, "Permission denied")))
        advice("The folder {} cannot be read: {}. Give the folder of a run, of a released", lambda: choose(model_folder))
    assert choose(model_folder) == files
    (model_folder / "config.json").rename(model_folder / "a.json")
    (model_folder / "b.json").write_text("{}")
    advice("holds several {}s: {}. Give a config and a checkpoint in the place of the folder.", lambda: choose(model_folder))
    assert choose(model_folder / "a.json", files[1])[1] == files[1]


def test_damaged_safetensors(tmp_path):
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"a": torch.ones(3)}, {})
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    advice("Checkpoint {} is damaged: {}. Copy or download it again, or use another file.", lambda: read_checkpoint(path))
    path.write_bytes(whole)
    assert read_checkpoint(path)["state_dict"]["a"].tolist() == [1, 1, 1]


def test_exports_as_a_folder(small, tmp_path):
    def check(text: str) -> None:
        export_tool.check_args(parsed(export_tool, f"config.py latest.pth --out exported {text}"))

    advice("are about the weights of a folder. Add --format {}.", lambda: check("--half"))
    check("--half --licence Apache-2.0 --format folder")
    advice(
        "Leave it out, and give it to the commands that predict with the folder.",
        lambda: check("--format folder --prior-correction a.json"),
    )
    check("--format folder")
    advice("{} holds {}, more than a float16 can. Leave --half out.", lambda: halved("a", torch.tensor(1e5)))
    small.cfg.val_dataloader.dataset.classes = list("abcde")
    assert len(export_folder(small, tmp_path / "exported", {})) == 3
