"""What the soak says of a training: figures of processes, and lines through them, against closed forms."""

import subprocess
import sys

import numpy as np
import pytest

from tools.benchmarks.soak import growth, soak_table, taken

STEPS = 600


def test_a_line_is_found():
    """5 a look, 600 looks, of 3,000 iterations: 1 per iteration."""
    found = growth([40 + 5.0 * look for look in range(STEPS)], iterations=3000)
    assert found["slope"] == pytest.approx(1000) and not found["flat"]
    assert found["level"] == pytest.approx(40 + 5 * np.arange(120, STEPS).mean())


def test_what_is_made_once_and_what_comes_and_goes_is_no_growth():
    """A fifth of the training settles; then a saw of 30 looks, as of evaluations, about a constant."""
    values = [look * 100.0 for look in range(STEPS // 5)] + [7000.0 + look % 30 for look in range(STEPS - STEPS // 5)]
    found = growth(values, iterations=3000)
    assert found["flat"] and abs(found["slope"]) <= found["error"] < 3 and found["level"] == pytest.approx(7014.5, abs=1)
    assert growth([3] * STEPS, 3000) == {"level": 3, "slope": 0, "error": 0, "flat": True}


def test_what_is_taken_away_for_a_while_is_no_growth():
    """A sixth of the memory is gone for an eighth of the looks of a block; what grows is 1 in 200 looks."""
    values = np.arange(STEPS) / 200 + 600
    values[290:298] -= 100
    found = growth(values, iterations=STEPS)
    assert found["slope"] == pytest.approx(1000 / 200, rel=0.1) and not found["flat"]


def test_a_process_counts_with_its_children():
    code = "import subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid, flush=True); sys.stdin.read(); c.kill()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        child = int(process.stdout.readline())
        both, alone = taken(process.pid), taken(child)
        assert both["threads"] == 2 and alone["threads"] == 1
        assert both["memory"] > alone["memory"] > 0 and both["files"] > alone["files"] > 0
    process.wait()
    assert taken(process.pid) is None


FORKS = """
import os, signal, sys
block = bytearray(os.urandom(2**26))
child = os.fork()
while not child:
    signal.pause()
print(child, flush=True)
sys.stdin.readline()
for place in range(0, 2**25, 4096):
    block[place] = 0
print(child, flush=True)
sys.stdin.readline()
os.kill(child, signal.SIGKILL)
"""


def test_a_page_that_is_shared_no_more_is_no_growth_of_a_process():
    """Two processes share 64 MiB, and one writes to half of it."""
    with subprocess.Popen([sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        before = taken(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        after = taken(process.pid)
        process.stdin.write("\n")
    assert after["memory"] - before["memory"] == pytest.approx(2**25, abs=2**20)
    assert abs(after["resident"] - before["resident"]) < 2**20 and before["resident"] - before["memory"] > 2**26


def test_table():
    figure = {"level": 3 * 2**20, "slope": -(2**20), "error": 2**19, "flat": False}
    table = soak_table({"growth": {"memory": figure, "threads": {"level": 4, "slope": 0, "error": 0, "flat": True}}})
    assert [list(column.cells) for column in table.columns] == [
        ["memory, shared pages once, MiB", "threads"],
        ["3.00", "4.00"],
        ["-1.00 ± 0.50", "0.00 ± 0.00"],
        ["no", "yes"],
    ]
