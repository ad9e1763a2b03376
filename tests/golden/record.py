"""The recorded losses of the golden trainings, and the command that records them anew.

A change that moves them says why:

    python -m tests.golden.record --because "the paste mask is drawn before the colours"
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from mmseg.demo.choices import DEMO_FOLDERS, UNSEEN_FOLDERS
from mmseg.engine.provenance.machine import hardware
from tests import tiny
from tests.conftest import TINY
from tests.golden.trainings import ITERATIONS, TRAININGS, Places, losses
from tools.make_demo_data import make_demo_data

FILE = Path(__file__).with_name("losses.json")


def machine() -> dict[str, str]:
    """What the last bits of a sum depend on: machines that are equal in all of it give the same bits."""
    instructions = torch.backends.cpu.get_cpu_capability()
    return {"torch": str(torch.__version__), "cpu": str(hardware("cpu")["cpu"]), "instructions": instructions}


def digest(recorded: dict[str, Any]) -> str:
    """Of the losses, so that none is changed without a line in the history."""
    return hashlib.sha256(json.dumps(recorded, sort_keys=True).encode()).hexdigest()[:16]


def read() -> dict[str, Any]:
    """The content of the file: ``history``, ``machine``, ``losses``."""
    return json.loads(FILE.read_text())


def places(folder: Path) -> Places:
    """Data, teacher and an empty folder, all made here."""
    make_demo_data(out=folder / "demo", parameters=TINY, layouts=[*DEMO_FOLDERS.values(), *UNSEEN_FOLDERS])
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder / "teacher"), *tiny.options(folder / "demo"))
    assert done.returncode == 0, done.stderr
    made = folder / "made"
    made.mkdir()
    return Places(folder / "demo", folder / "teacher", made)


def main() -> None:
    """Runs all trainings and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--because", required=True, help="what moved the losses, in one line")
    because = parser.parse_args().because
    with tempfile.TemporaryDirectory() as folder:
        where = places(Path(folder))
        recorded = {name: losses(name, where, Path(folder) / f"run_{index}") for index, name in enumerate(TRAININGS)}
    history = read()["history"] if FILE.is_file() else []
    moved = [name for name, values in recorded.items() if FILE.is_file() and read()["losses"].get(name) != values]
    history.append({"date": f"{datetime.date.today()}", "because": because, "moved": moved, "digest": digest(recorded)})
    content = {"iterations": ITERATIONS, "history": history, "machine": machine(), "losses": recorded}
    text = json.dumps(content, indent=1)
    FILE.write_text(text + "\n")
    print(f"{len(recorded)} trainings recorded in {FILE}")


if __name__ == "__main__":
    main()
