"""One training in two processes: its files, the end of one process, and what may resume it."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tests.cli.study_script import launched
from tests.engine.test_resume import assert_equal
from tools import train as train_tool

OPTIONS = {"train_cfg.max_iters": 4, "model.decode_head.dropout_ratio": 0.2}
DYING = """
import os, signal
from mmseg.engine.loops import AdaptationTrainLoop
from tools.train import main

def run_iter(self, data_batch, run_iter=AdaptationTrainLoop.run_iter):
    if self._iter == 3 and os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    run_iter(self, data_batch)

AdaptationTrainLoop.run_iter = run_iter
main()
"""


def torchrun(processes: int, *command: str):
    return launched([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), *command])


ASKED = DYING.replace("signal.SIGKILL)", "signal.SIGTERM)").replace("_iter == 3", "_iter == 1")
"""One of two processes is asked to end before the second iteration."""


def in_two(script: str, folder: Path, data: Path, *flags: str):
    return torchrun(2, script, tiny.CONFIG, "--work-dir", str(folder), *flags, *tiny.options(data, **OPTIONS))


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory) -> Path:
    """An uninterrupted run of two processes, started without further options."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = in_two("tools/train.py", folder, tiny_data)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("│ all pixels") == 1
    return folder


def test_one_process_writes(whole):
    names = {path.name for path in whole.iterdir() if path.is_file()}
    assert names == {"config.py", "latest.pth", "best.pth", "evaluations.json", "images.npz", "result.json"}
    assert len(list(whole.glob("*/*.log"))) == len(list(whole.glob("*/vis_data/events.*"))) == 1
    assert read_checkpoint(whole / "latest.pth")["meta"]["processes"] == 2


def test_a_process_dies_and_the_run_goes_on(whole, tiny_data, tmp_path):
    folder, script = tmp_path / "run", tmp_path / "dying.py"
    script.write_text(DYING)
    died = in_two(str(script), folder, tiny_data)
    assert died.returncode == 1 and "exitcode: -9" in died.stderr
    assert "[rank0]: Traceback" not in died.stderr
    assert read_checkpoint(folder / "latest.pth")["meta"]["iteration"] == 2 and not (folder / "result.json").exists()
    goes_on(whole, folder, tiny_data)


def test_both_end_after_the_same_iteration_when_one_is_asked_to(whole, tiny_data, tmp_path):
    """What one has noted before an iteration, both know at its end."""
    folder, script = tmp_path / "run", tmp_path / "asked.py"
    script.write_text(ASKED)
    ended = in_two(str(script), folder, tiny_data)
    assert ended.returncode == 1 and ended.stderr.count("stopped by SIGTERM. Go on with: ") == 1, ended.stderr
    assert "[rank0]: Traceback" not in ended.stderr and "exitcode  : 143" in ended.stderr
    assert read_checkpoint(folder / "latest.pth")["meta"]["iteration"] == 2 and not (folder / ".lock").exists()
    goes_on(whole, folder, tiny_data)


def goes_on(whole, folder, tiny_data):
    """A resumed run ends with the bits of the uninterrupted one."""
    resumed = in_two("tools/train.py", folder, tiny_data, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    states = [read_checkpoint(path / "latest.pth") for path in (whole, folder)]
    for state in states:
        state["meta"].pop("config")  # it names the folder
        state["logged"] = {name: values for name, values in state["logged"].items() if "time" not in name}
    assert_equal(*states)
    assert tiny.result_of(folder) == tiny.result_of(whole)


def test_an_evaluation_in_three_processes(whole, tmp_path):
    """The data have two images, so that one process repeats the first."""
    outputs = ["--out", str(tmp_path / "three.json"), "--show-dir", str(tmp_path / "shown")]
    done = torchrun(3, "tools/test.py", str(whole / "config.py"), str(whole / "latest.pth"), *outputs)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("│ all pixels") == 1 and len(list((tmp_path / "shown").rglob("*.png"))) == 2
    measured = json.loads((tmp_path / "three.json").read_text())
    assert measured["images"] == 2 and measured["metrics"] == json.loads((whole / "result.json").read_text())["metrics"]


def test_another_number_of_processes_is_refused(whole, fails, tiny_data, tmp_path):
    folder = Path(shutil.copytree(whole, tmp_path / "two_processes"))
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--resume", *tiny.options(tiny_data, **OPTIONS))
    assert line.startswith(f"Checkpoint {folder / 'latest.pth'} was trained by 2 processes, and 1 would see other samples.")
    assert line.endswith("Resume with torchrun --nproc_per_node 2, or start from its networks in another folder with --load-from.")
    assert json.loads((folder / "result.json").read_text())["iteration"] == 4


def test_batch_norm_is_synchronised_on_gpus_alone(fails, folder, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--launcher", "pytorch", "--cfg-options", "sync_batchnorm=True")
    assert line == "sync_batchnorm=True needs GPUs: torch has no synchronised BatchNorm for CPUs. Leave it out."
    assert not folder.exists()
