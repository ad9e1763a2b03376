"""Commands that train nothing import nothing heavy: what they import is tested, their time is not."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmseg.apis.launching.rows import study_runs
from mmseg.utils.errors import UserError
from tests import tiny
from tests.apis.fake_study import evaluation
from tests.cli.failures import one_line
from tools import benchmark
from tools.benchmarks import start

OURS = {"experiments", "mmseg", "tools"}
MAY_HELP = {"numpy"}
"""What others have written and a help text may import: class lists lie beside their tables."""
HEAVY = {
    *("torch", "torchvision", "timm", "mmcv", "cv2", "tensorboard", "safetensors", "kornia_rs"),
    *("onnx", "onnxruntime", "onnxscript", "matplotlib", "pandas", "scipy", "sympy", "yapf"),
}
SUBCOMMANDS = ("train", "infer", "fit", "data", "labels", "self_labelling", "depth", "soak", "picks", "start")
COMMANDS = start.commands(SUBCOMMANDS)
HELP = [text for text in COMMANDS if text.endswith("--help")]
OTHERS = [text for text in COMMANDS if not text.endswith("--help")]


def started(command: list[str], folder: Path) -> tuple[subprocess.CompletedProcess, set[str]]:
    """Runs a command in a folder; returns how it ended, with its own lines on stderr, and the packages that it and its children import."""
    environment = {**tiny.environment(), "PYTHON": sys.executable, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    lines = done.stderr.splitlines()
    tried = {line.rpartition("|")[2].strip().split(".")[0] for line in lines if line.startswith("import time:")} - sys.stdlib_module_names
    done.stderr = "\n".join(line for line in lines if not line.startswith("import time:"))
    return done, {name for name in tried if importlib.util.find_spec(name)}


@pytest.fixture(scope="module")
def anyway(tmp_path_factory) -> set[str]:
    """What this Python imports for any program, such as hooks of its site-packages."""
    return started([sys.executable, "-c", "pass"], tmp_path_factory.mktemp("anyway"))[1]


def test_the_imports_are_seen(tmp_path):
    assert "numpy" in started([sys.executable, "-c", "import numpy"], tmp_path)[1]


def test_every_command_is_covered(tmp_path):
    shown = started(COMMANDS["python tools/benchmark.py --help"], tmp_path)[0].stdout
    assert tuple(re.search(r"\{([\w,]+)\}", shown).group(1).split(",")) == SUBCOMMANDS
    files = {file.stem for file in (tiny.ROOT / "tools").rglob("*.py") if "__main__" in file.read_text()}
    assert files == {file.stem for file in start.tool_files()}


@pytest.mark.parametrize("text", HELP)
def test_a_wrong_option_is_one_line(text, tmp_path):
    *command, _ = COMMANDS[text]
    done, _ = started([*command, "--no-such-option"], tmp_path)
    assert "--no-such-option" in one_line(done.returncode, f"{done.stderr}\n") or "required" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("text", HELP)
def test_a_help_text(text, anyway, tmp_path):
    done, found = started(COMMANDS[text], tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("usage"), done.stderr
    assert found - anyway - OURS <= MAY_HELP


@pytest.mark.parametrize("text", OTHERS)
def test_a_list_a_dry_run_and_a_config(text, tmp_path):
    done, found = started(COMMANDS[text], tmp_path)
    assert done.returncode == 0 and done.stdout, done.stderr
    assert not found & HEAVY or "--dry-run" in text  # which compares options with the constructors of the networks


def test_a_list_with_measured_numbers(tmp_path, monkeypatch):
    """Results of finished and interrupted runs are read without the data sets and the networks."""
    monkeypatch.chdir(tmp_path)
    from experiments import STUDIES

    finished, interrupted = study_runs(STUDIES[44], only=["3.1"], seeds=[0, 1])["3.1"]
    for run, curve in ((finished, [evaluation(40000, 68.25)]), (interrupted, [evaluation(2000, 31.5)])):
        run.folder.mkdir(parents=True)
        (run.folder / "latest.pth").touch()
        (run.folder / "evaluations.json").write_text(json.dumps(curve))
    (finished.folder / "result.json").write_text(json.dumps(evaluation(40000, 68.25)))
    done, found = started(COMMANDS["python run_experiments.py --list 44"], tmp_path)
    assert "1/3 finished, 1 interrupted" in done.stdout and "68.2" in done.stdout, done.stderr
    assert not found & HEAVY


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("run_experiments.py --exp 45", "--exp 45: there is no such study."),
        ("run_experiments.py --exp 44 --only 77", "--only 77: no such row or table."),
        ("run_experiments.py --config nothing.py", "Config nothing.py does not exist."),
        ("tools/train.py nothing.py", "Config nothing.py does not exist."),
        ("tools/test.py nothing.py latest.pth", "Config nothing.py does not exist."),
        ("tools/test.py nothing.py latest.pth --opacity 2", "--opacity 2.0 is not a share."),
        ("tools/predict.py nothing.py latest.pth photo.png --out out --every 0", "--every 0 takes no frame."),
        ("tools/adapt.py nothing.py latest.pth --method tent --rounds 0", "--rounds 0 looks at no image."),
        ("tools/view.py nothing", "nothing is not a folder."),
        ("tools/export.py nothing.py latest.pth --out out", "Config nothing.py does not exist."),
        ("tools/print_config.py nothing.py", "Config nothing.py does not exist."),
        ("tools/check_data.py nothing.py", "Config nothing.py does not exist."),
        ("tools/browse_dataset.py nothing.py --number 0", "--number 0 draws nothing."),
        ("tools/summarize.py 45", "ID 45: there is no such study."),
        ("tools/make_demo_data.py --size 8 8", "--size 8 8 is too small for a street."),
        ("tools/benchmark.py train nothing.py --rounds 0", "--iterations 5 --rounds 0 --warmup 3: nothing to measure."),
        ("tools/benchmark.py train nothing.py --compare ours theirs", "--compare theirs: no such setting."),
        ("tools/benchmark.py start --runs 0", "--runs 0: nothing to measure."),
        ("tools/benchmark.py labels nothing.py --images 0", "--images 0 --rounds 3 --scenes 12: nothing to measure."),
        ("tools/prepare/prototypes.py nothing.py latest.pth --out out.npz", "Config nothing.py does not exist."),
        ("tools/prepare/prototypes.py nothing.py latest.pth --out out.json", "--out out.json: prototypes are written as npz."),
        ("tools/prepare/depth_distribution.py nothing.py --out out.npz", "Config nothing.py does not exist."),
        ("tools/prepare/depth_distribution.py nothing.py --out out.json", "--out out.json: mixtures are written as npz."),
        ("tools/prepare/label_quality.py nothing.py labels", "Config nothing.py does not exist."),
        ("tools/prepare/label_quality.py nothing.py labels --out a.txt", "--out a.txt: figures are written as JSON."),
        ("tools/prepare/pseudo_labels.py nothing.py latest.pth --out out", "Config nothing.py does not exist."),
        ("tools/prepare/pseudo_labels.py nothing.py latest.pth --out out --threshold 2", "--threshold 2.0 is no probability."),
    ],
)
def test_a_mistake(command, line, tmp_path):
    script, *arguments = command.split()
    done, found = started(tiny.command(script, *arguments), tmp_path)
    assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith(f"error: {line}") and "Traceback" not in done.stderr
    assert not found & HEAVY


def test_figures(monkeypatch, capsys, tmp_path):
    """CPU seconds count children, and the command sees an empty folder."""
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(3 * 10**6))'], check=True)"
    child = f"{work}; import os; assert os.listdir() == ['output']"
    monkeypatch.setattr(start, "commands", lambda names: {f"{len(names)} commands": [sys.executable, "-c", child]})
    out = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["benchmark.py", "start", "--runs", "2", "--json", str(out)])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    figures = json.loads(out.read_text())
    assert not ended.value.code and figures["runs"] == 2 and "cpu" in figures["environment"]
    assert figures["commands"]["10 commands"]["cpu"] > 0.03 and figures["commands"]["10 commands"]["peak_memory"] > 5e6
    assert "10 commands" in capsys.readouterr().out


def test_a_command_that_fails():
    with pytest.raises(UserError, match=r"^bad ended with exit code 3: no such thing Start it by hand to see all that it prints\.$"):
        start.measure_starts({"bad": [sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"]}, 1)
