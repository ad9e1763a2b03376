"""Commands one after another in a folder like a clone, each in a fork of one process that has imported what they import."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path

from tests import tiny

LINKED = ("mmseg", "tools", "experiments.py", "run_experiments.py", "test.sh")


def make_clone(folder: Path) -> Path:
    """A folder in which the commands of this repository work and write into no folder of it."""
    for name in LINKED:
        (folder / name).symlink_to(tiny.ROOT / name)
    (folder / "configs").mkdir()
    for path in (tiny.ROOT / "configs").iterdir():
        if path.name != "generated":
            (folder / "configs" / path.name).symlink_to(path)
    return folder


class Walker:
    """Runs commands of Python as ``__main__`` without a start of Python for each, all others as they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**tiny.environment(), "PYTHON": sys.executable, "COLUMNS": "160"}
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-m", "tests.docs.walking", str(folder)]
        self.server = subprocess.Popen(command, cwd=tiny.ROOT, env=self.environment, **streams)

    def run(self, words: list[str]) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        if words[0] != "python":
            merged = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 300}
            done = subprocess.run(words, cwd=self.folder, env=self.environment, **merged)
            return done.returncode, done.stdout
        self.server.stdin.write(json.dumps(words[1:]) + "\n")
        self.server.stdin.flush()
        code, printed = json.loads(self.server.stdout.readline())
        return code, printed

    def close(self) -> None:
        self.server.communicate(timeout=60)


def serve(folder: Path) -> None:
    """Answers each line of words with exit code and output of that command."""

    os.chdir(folder)
    for line in sys.stdin:
        log = folder / ".printed"
        process = os.fork()
        if process == 0:
            run_as_main(json.loads(line), log)
        _, status = os.waitpid(process, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), log.read_text()]), flush=True)


def run_as_main(words: list[str], log: Path) -> None:
    """Ends this process as the command ends."""
    code = 1
    with contextlib.suppress(BaseException), log.open("w") as stream:
        for target in (1, 2):
            os.dup2(stream.fileno(), target)
        sys.argv = words
        try:
            runpy.run_path(words[0], run_name="__main__")
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
