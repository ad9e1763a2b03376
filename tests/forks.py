"""Commands in forks of one process that has imported what they import: a start of Python and torch takes seconds, a fork takes none.

    with Forks(environment) as forks:
        done = forks.run(["tools/train.py", "config.py"], folder)

Each command runs as ``__main__`` and ends as a process of its own does. What is about the start of Python, signals or limits of the system
starts its processes itself.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORTED = ("mmseg.apis", "mmseg.apis.training.train", "mmseg.apis.evaluating.testing")
"""What most commands import in the end."""


class Forks:
    """The process that forks, started with the first command.

    Args:
        environment: of all commands.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self.server: subprocess.Popen | None = None

    def run(self, words: Sequence[str], folder: Path, timeout: float = 300) -> subprocess.CompletedProcess:
        """Runs a Python file with its arguments to the end, or what follows ``-c``, in a folder.

        Raises:
            subprocess.TimeoutExpired: it took longer than ``timeout`` seconds, and was killed.
        """
        if self.server is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
            self.server = subprocess.Popen([sys.executable, "-m", "tests.forks"], cwd=ROOT, env=self.environment, **pipes)
        with tempfile.TemporaryDirectory() as outputs:
            paths = [Path(outputs, name) for name in ("stdout", "stderr")]
            order = {"words": list(words), "folder": str(folder), "outputs": [str(path) for path in paths]}
            self.server.stdin.write(json.dumps(order).encode() + b"\n")
            process = json.loads(self.server.stdout.readline())
            in_time, _, _ = select.select([self.server.stdout], [], [], timeout)
            if not in_time:
                os.kill(process, signal.SIGKILL)
            code = json.loads(self.server.stdout.readline())
            stdout, stderr = (path.read_text() for path in paths)
        if not in_time:
            raise subprocess.TimeoutExpired(words, timeout, stdout, stderr)
        return subprocess.CompletedProcess(words, code, stdout, stderr)

    def close(self) -> None:
        """Ends the process that forks."""
        if self.server is not None:
            self.server.kill()  # it waits for an order, and has nothing to finish
            self.server.communicate()
            self.server = None

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def serve() -> dict | None:
    """Answers each order with the number of a process and, when that has ended, its exit code.

    Returns:
        in a fork its order; in the process that forks None, when there are no more orders.
    """
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        process = os.fork()
        if process == 0:
            return order
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


def become(order: dict) -> None:
    """Runs the command of an order in this process, as Python runs it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    outputs = [os.open(path, os.O_WRONLY | os.O_CREAT) for path in order["outputs"]]
    for target, source in enumerate([nothing, *outputs]):
        os.dup2(source, target)
    os.chdir(order["folder"])
    first, *rest = order["words"]
    if first == "-c":
        code, *rest = rest
        sys.argv, sys.path[0] = [first, *rest], ""
        exec(code, vars(sys.modules["__main__"]))
    else:
        sys.argv, sys.path[0] = [first, *rest], str(Path(first).resolve().parent)
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__" and (order := serve()) is not None:
    become(order)
