"""Config files that end the program, raise or run for ever are one line with the file and the place, never a success."""

import os
import signal
import sys
import threading

import pytest

import run_experiments
from mmseg.config.config import load_config, read_config
from mmseg.utils.errors import UserError
from tests import tiny
from tools import print_config
from tools import train as train_tool

BASE = f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\n"
MISBEHAVING = {
    "import sys\n\nsys.exit(0)\n": "it ends the program (line 4 of {file})",
    "exit()\n": "it ends the program (line 2 of {file})",
    "raise SystemExit\n": "it ends the program (line 2 of {file})",
    "1 / 0\n": "division by zero (line 2 of {file})",
    "def size():\n    return {}['height']\ncrop_size = size()\n": "'height' (line 3 of {file})",
    "raise GeneratorExit\n": "GeneratorExit (line 2 of {file})",
    "import no_such_module\n": "No module named 'no_such_module' (line 2 of {file})",
}


@pytest.mark.parametrize("text", MISBEHAVING)
def test_one_line_with_the_place(tmp_path, text):
    file = tmp_path / "own.py"
    file.write_text(BASE + text)
    with pytest.raises(UserError) as caught:
        load_config(file)
    assert str(caught.value) == f"Config {file} cannot be read: {MISBEHAVING[text].replace('{file}', str(file))}. Correct the file."


def test_a_file_that_is_inherited_from(tmp_path):
    base, file = tmp_path / "base.py", tmp_path / "own.py"
    base.write_text("import sys\nsys.exit(0)\n")
    file.write_text("_base_ = ['base.py']\n")
    with pytest.raises(UserError, match=rf"^Config {file} cannot be read: it ends the program \(line 2 of {base}\)\. Correct the file\.$"):
        read_config(file)


def test_a_module_of_ones_own(tmp_path):
    (tmp_path / "ends_the_program.py").write_text("import sys\nsys.exit(0)\n")
    file = tmp_path / "own.py"
    file.write_text(BASE + "custom_imports = dict(imports=['ends_the_program'])\n")
    with pytest.raises(UserError, match=r"own\.py: the module 'ends_the_program' of custom_imports ends the program\. Correct it\.$"):
        load_config(file)


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (run_experiments.main, ["--config"]),
        (run_experiments.main, ["--dry-run", "--config"]),
        (run_experiments.main, ["--smoke", "--config"]),
        (train_tool.main, []),
        (print_config.main, []),
    ],
)
def test_no_command_calls_it_a_success(fails, tmp_path, main, arguments):
    file = tmp_path / "own.py"
    file.write_text("import sys\nsys.exit(0)\n")
    assert fails(main, *arguments, file) == f"Config {file} cannot be read: it ends the program (line 2 of {file}). Correct the file."


def test_a_file_that_runs_for_ever_is_named_when_it_is_interrupted(tmp_path, monkeypatch, capsys):
    file = tmp_path / "own.py"
    file.write_text("number = 0\nwhile True:\n    number += 1\n")
    monkeypatch.setattr(sys, "argv", ["train.py", str(file)])
    interrupt = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(SystemExit) as ended:
        train_tool.main()
    interrupt.join()
    assert ended.value.code == 130
    line = capsys.readouterr().err
    assert line.startswith(f"interrupted. Config {file} was still being read (line ") and line.count("\n") == 1
