"""The README's commands as a user runs them, on demo data of seconds."""

import json
import re
import shutil
import subprocess
import sys

import cv2
import pytest
from PIL import Image

from mmseg.datasets.classes.names import PALETTE
from tests import tiny


def shell(*command: str, cwd=tiny.ROOT, **environment: str) -> subprocess.CompletedProcess:
    variables = {**tiny.environment(), "PYTHON": sys.executable, "COLUMNS": "160", **environment}
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def launched(tiny_data, tmp_path_factory):
    """A run by ``run_experiments.py --config``: (its output, its folder, the command)."""
    root = tmp_path_factory.mktemp("work_dirs")
    options = tiny.options(tiny_data, work_dir=str(root), **{"custom_hooks.1.interval": 1})
    command = tiny.command("run_experiments.py", "--config", tiny.CONFIG, *options)
    done = shell(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = root.iterdir()
    return done, folder, command


def test_run_experiments_trains_evaluates_and_says_where_everything_is(launched):
    done, folder, _ = launched
    assert re.fullmatch(r"demoHR2demoHR_hrda_s0_[0-9a-f]{8}", folder.name)
    for line in ("│ traffic light", "│ mean of thin", "│ all pixels"):
        assert line in done.stdout
    result = json.loads((folder / "result.json").read_text())
    assert done.stdout.rstrip().endswith(f"mIoU {result['metrics']['mIoU']:.2f}")
    for name in ("checkpoint", "best", "log", "TensorBoard", "pictures"):
        path = re.search(rf"^{name}\s+(\S+)$", done.stdout, re.MULTILINE).group(1)
        assert (tiny.ROOT / path).exists(), name
    events = list(folder.glob("*/vis_data/events.out.tfevents.*"))
    assert events and events[0].stat().st_size > 1000
    picture = cv2.imread(str(folder / "pictures" / "iter_000002.png"))
    assert picture is not None and picture.shape[1] > 800 and picture.std() > 20


def test_a_finished_run_is_not_trained_again(launched):
    _, folder, command = launched
    before = (folder / "latest.pth").stat().st_mtime_ns
    again = shell(*command)
    assert again.returncode == 0 and "is finished" in again.stdout and "mIoU" in again.stdout
    assert (folder / "latest.pth").stat().st_mtime_ns == before


def test_an_interrupted_run_continues(launched, tmp_path):
    """Without result.json a run counts as interrupted; the launcher resumes it."""
    _, folder, command = launched
    shutil.copytree(folder, tmp_path / folder.name)
    (tmp_path / folder.name / "result.json").unlink()
    command = [argument.replace(f"work_dir={str(folder.parent)!r}", f"work_dir={str(tmp_path)!r}") for argument in command]
    done = shell(*command)
    assert done.returncode == 0, done.stderr
    assert "Resumed iteration 2" in done.stdout
    assert tiny.result_of(tmp_path / folder.name) == tiny.result_of(folder)


def test_test_sh_prints_iou_and_writes_palette_predictions(launched):
    """Also under dash, where the published script dies."""
    done, folder, _ = launched
    tested = shell("sh", "test.sh", str(folder))
    assert tested.returncode == 0, tested.stderr
    assert [line for line in done.stdout.splitlines() if "│ mean " in line][-1] in tested.stdout
    predictions = sorted((folder / "preds").rglob("*.png"))
    assert len(predictions) == 2
    with Image.open(predictions[0]) as image:
        assert image.mode == "P" and image.size == (128, 64)
        assert tuple(image.getpalette()[:3]) == tuple(PALETTE[0])


@pytest.mark.parametrize("branch", ["LR", "HR", "ATT"])
def test_hrda_out(launched, branch):
    _, folder, _ = launched
    out = folder / f"preds_{branch}"
    arguments = [str(folder / "config.py"), str(folder / "latest.pth"), "--hrda-out", branch, "--show-dir", str(out)]
    tested = tiny.run("tools/test.py", *arguments)
    assert tested.returncode == 0, tested.stderr
    assert len(list(out.rglob("*.png"))) == 2
    assert ("attention maps" if branch == "ATT" else "│ mean ") in tested.stdout


def test_commands_work_as_modules_and_beside_another_mmseg(tmp_path):
    """The clone wins over an installed package of the same name, from any folder."""
    (tmp_path / "mmseg").mkdir()
    (tmp_path / "mmseg" / "__init__.py").write_text("raise ImportError('the other mmseg')")
    for command in (["tools/train.py"], ["tools/test.py"], ["run_experiments.py"], ["tools/make_demo_data.py"], ["-m", "tools.train"]):
        shown = shell(sys.executable, *command, "--help", PYTHONPATH=str(tmp_path))
        assert shown.returncode == 0 and shown.stdout.startswith("usage"), shown.stderr
    elsewhere = shell(sys.executable, str(tiny.ROOT / "run_experiments.py"), "--help", cwd=tmp_path)
    assert elsewhere.returncode == 0, elsewhere.stderr
