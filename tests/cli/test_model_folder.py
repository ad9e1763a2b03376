"""A released folder is exported as a folder of our own, which predicts and is evaluated like the one it came from."""

import json
import shlex

import cv2
import numpy as np
import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests.cli.released import NAME, make_released
from tools import export as export_tool
from tools import predict as predict_tool
from tools import test as test_tool
from tools import train as train_tool


@pytest.fixture(scope="module")
def released(tiny_data, tmp_path_factory):
    return make_released(tmp_path_factory.mktemp("released"), tiny_data)


@pytest.fixture
def exported(released, tmp_path, works):
    printed = works(export_tool.main, released, "--format", "folder", "--out", tmp_path / "model", "--licence", "CC0-1.0")
    assert printed.startswith(f"config {released}/{NAME}.json, checkpoint {released}/latest.pth\n")
    assert [line.partition(":")[0] for line in printed.splitlines()[-3:]] == [
        str(tmp_path / "model" / name) for name in ("model.safetensors", "config.json", "model.json")
    ]
    return tmp_path / "model"


def test_predictions_are_the_same_files(released, exported, tmp_path, works):
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8))
    written = {}
    for folder in (released, exported):
        out = tmp_path / f"predictions of {folder.name}"
        works(predict_tool.main, folder, photo, "--device", "cpu", "--save", "palette", "confidence", "--out", out)
        written[folder] = {path.relative_to(out): path.read_bytes() for path in out.rglob("*.png")}
    assert len(written[released]) == 2 and written[exported] == written[released]


def test_evaluations_are_the_same(released, exported, works):
    metrics = []
    for folder, name in ((released, "latest"), (exported, "model")):
        works(test_tool.main, "--device", "cpu", folder)
        metrics.append(json.loads((folder / "eval" / f"{name}.json").read_text())["metrics"])
    assert metrics[0] == metrics[1] and 0 < metrics[0]["mIoU"] < 100


def test_what_its_card_says(exported):
    card = json.loads((exported / "model.json").read_text())
    assert card["licence"] == "CC0-1.0" and card["checkpoint"]["weights"] == "model" and len(card["classes"]) == 19


SCRATCH = ("model.pretrained=None", "uda.imnet_feature_dist_lambda=0")
"""The file of ImageNet weights that the released config names is not there."""


def trained(works, work_dir, command: list[str], *options: str) -> str:
    """Two iterations; returns what is printed."""
    common = [*SCRATCH, "train_cfg.max_iters=2", "train_cfg.val_interval=2"]
    printed = works(train_tool.main, *command, "--work-dir", work_dir, "--cfg-options", *common, *options)
    assert json.loads((work_dir / "result.json").read_text())["iteration"] == 2
    return printed


def test_a_training_starts_from_its_weights(released, exported, folder, works):
    """``--load-from`` takes safetensors; without a learning rate all that statistics leave alone stays as it was."""
    weights = exported / "model.safetensors"
    log = trained(works, folder, [released / f"{NAME}.json", "--load-from", weights], "optim_wrapper.optimizer.lr=0.0")
    assert f"Loaded model (student) of {weights}: all " in log
    given, kept = (read_checkpoint(path)["state_dict"] for path in (weights, folder / "latest.pth"))
    fixed = [key for key in given if not key.endswith(("running_mean", "running_var", "num_batches_tracked"))]
    assert len(fixed) > 100 and all(torch.equal(given[key], kept[key]) for key in fixed)


def test_the_command_of_its_card_trains(exported, folder, works):
    words = shlex.split(json.loads((exported / "model.json").read_text())["training"])
    assert words == ["python", "tools/train.py", "config.json", "--work-dir", "DIR"]
    trained(works, folder, [exported / words[2]])


def test_predicting_writes_into_the_current_folder_by_default(exported, tmp_path, monkeypatch, capsys):
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((64, 128, 3), np.uint8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["predict.py", "model", "photo.png", "--device", "cpu"])
    with pytest.raises(SystemExit) as ended:
        predict_tool.main()
    assert not ended.value.code, capsys.readouterr().err
    assert sorted(path.as_posix() for path in tmp_path.glob("predictions/*/*")) == [
        f"{tmp_path}/predictions/overlay/photo.png",
        f"{tmp_path}/predictions/palette/photo.png",
    ]


@pytest.mark.parametrize(
    ("arguments", "text"), [(["model"], "the following arguments are required: INPUT"), (["a.py", "a.pth"], "the following")]
)
def test_nothing_to_predict(fails, exported, arguments, text):
    assert fails(predict_tool.main, *(exported if name == "model" else name for name in arguments)).startswith(text)


def test_an_option_between_the_files(released, tmp_path, fails):
    """As before folders could be given: the checkpoint need not follow the config at once."""
    line = fails(test_tool.main, released / f"{NAME}.json", "--eval", "mIoU", "--device", "cpu", tmp_path / "absent.pth")
    assert line.startswith(f"Checkpoint {tmp_path}/absent.pth does not exist.")
