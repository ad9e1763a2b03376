"""The process that forks: a command in it ends and prints as in a process of its own."""

import subprocess
import sys

import pytest

from tests import tiny
from tests.forks import Forks

SCRIPT = """
import sys
assert __name__ == "__main__" and sys.stdin.read() == "" and sys.argv[1:] == ["a b"]
print(open("here").read(), "torch" in sys.modules)
print("also", file=sys.stderr)
"""
ENDS = {"": 0, "sys.exit(2)": 2, "sys.exit('no')": 1, "1 / 0": 1, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)": -15}


@pytest.fixture(scope="module")
def forks():
    with Forks(tiny.environment()) as made:
        yield made


@pytest.mark.parametrize("end", ENDS)
def test_a_command_ends_as_in_a_process_of_its_own(end, forks, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT + end)
    (tmp_path / "here").write_text("here")
    forked = forks.run(["script.py", "a b"], tmp_path)
    words = [sys.executable, "script.py", "a b"]
    alone = subprocess.run(words, cwd=tmp_path, env=forks.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert forked.returncode == alone.returncode == ENDS[end]
    if ENDS[end] != -15:  # with what was buffered
        assert forked.stdout == alone.stdout.replace("False", "True") == "here True\n"
    assert forked.stderr.splitlines()[-1:] == alone.stderr.splitlines()[-1:]


def test_one_that_does_not_end_is_killed(forks, tmp_path):
    (tmp_path / "script.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(60)")
    with pytest.raises(subprocess.TimeoutExpired) as ended:
        forks.run(["script.py"], tmp_path, timeout=3)
    assert ended.value.stdout == "begun\n"
    (tmp_path / "script.py").write_text("print('next')")
    assert forks.run(["script.py"], tmp_path).stdout == "next\n"


def test_code_in_place_of_a_file(forks, tmp_path):
    code = "import sys\nprint(__name__, sys.argv[1:], sys.path[0] == '')"
    assert forks.run(["-c", code, "x"], tmp_path).stdout == "__main__ ['x'] True\n"
