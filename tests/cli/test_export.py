"""python tools/export.py: files, their description, and one line for each mistake."""

import hashlib
import json
import sys

import pytest
import torch

from mmseg.apis import init_model
from mmseg.config import load_config
from tests import tiny
from tools import export


@pytest.fixture(scope="module")
def cfg_options(tiny_data) -> list[str]:
    return tiny.options(tiny_data)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Initial weights of the demo HRDA network as student and as teacher; they do not depend on the crop."""
    state = init_model(load_config(tiny.ROOT / tiny.CONFIG)).model.state_dict()
    path = tmp_path_factory.mktemp("export") / "latest.pth"
    torch.save({"state_dict": {f"{name}.{key}": value for name in ("model", "ema_model") for key, value in state.items()}}, path)
    return path


def test_files_and_their_description(checkpoint, cfg_options, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tiny.ROOT)
    options = ["--weights", "ema_model", "--size", "64", "96", "--format", "exported_program", *cfg_options]
    monkeypatch.setattr(sys, "argv", ["export", tiny.CONFIG, str(checkpoint), "--out", str(tmp_path / "out"), *options])
    with pytest.raises(SystemExit) as ended:
        export.main()
    printed = capsys.readouterr()
    assert not ended.value.code and printed.err == ""
    base = tmp_path / "out" / "latest_ema_model_64x96"
    assert sorted(path.name for path in base.parent.iterdir()) == [f"{base.name}.json", f"{base.name}.pt2"]
    assert printed.out.splitlines()[-1].startswith(f"{base}.pt2: ")

    told = json.loads(base.with_name(f"{base.name}.json").read_text())
    written = told["files"]["exported_program"]
    assert written["name"] == f"{base.name}.pt2" and 0 <= written["difference"] <= 1e-4
    assert written["sha256"] == hashlib.sha256(base.with_name(written["name"]).read_bytes()).hexdigest()
    assert told["checkpoint"]["sha256"] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert (told["window"], told["stride"], told["test_scale"]) == ([64, 96], [32, 48], [128, 64])
    assert told["environment"]["torch"] == str(torch.__version__)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "60", "64"], "HRDAEncoderDecoder: the 60x64 image is not divisible by 8"),
        (["--batch", "0"], "0 windows of 64x64 pixels hold no pixel"),
    ],
)
def test_refused_options(fails, checkpoint, cfg_options, tmp_path, options, message):
    line = fails(export.main, tiny.CONFIG, checkpoint, "--out", tmp_path / "out", *options, *cfg_options)
    assert line.startswith(message) and not (tmp_path / "out").exists()


def test_a_missing_checkpoint(fails, tmp_path):
    line = fails(export.main, tiny.CONFIG, tmp_path / "absent.pth", "--out", tmp_path / "out")
    assert line.startswith(f"Checkpoint {tmp_path}/absent.pth does not exist.") and not (tmp_path / "out").exists()


def test_an_unwritable_folder(fails, checkpoint, tmp_path):
    (tmp_path / "file").touch()
    line = fails(export.main, tiny.CONFIG, checkpoint, "--out", tmp_path / "file" / "out")
    assert line.startswith(f"Cannot write to {tmp_path}/file/out")


def test_an_unknown_format(checkpoint, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["export", tiny.CONFIG, str(checkpoint), "--out", "out", "--format", "onx"])
    with pytest.raises(SystemExit) as ended:
        export.main()
    assert ended.value.code == 2 and "invalid choice: 'onx'" in capsys.readouterr().err
