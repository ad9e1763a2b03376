"""The tutorials: the method of one is tested and trained as it stands there; the commands of another are those of docs/own_data.md."""

import json
import re
import subprocess
import sys

import pytest

from experiments import STUDIES
from tests import tiny
from tests.docs.pages import DOCS, blocks

METHOD = (DOCS / "tutorials" / "own_method.md").read_text()
FILES = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", METHOD, re.DOTALL))
RUN = """
import json, sys
from pathlib import Path
from mmseg.apis.training.train import train
from mmseg.config import load_config
from mmseg.engine.parts import build_model
from mmseg.utils.errors import UserError
config, work_dir, options = json.load(sys.stdin)
cfg = load_config(config, options)
train(cfg, work_dir)
sys.path.insert(0, ".")
import test_plain
test_plain.test_sure_pixels_count_fully()
try:
    build_model(load_config(config, {**options, "uda.powr": 2.0}))
except UserError as error:
    print(error)
"""
LINES = 40


@pytest.fixture(scope="module")
def trained(tiny_data, tmp_path_factory):
    """The run folder of the method of the page, and what its test and a wrong option print."""
    clone = tmp_path_factory.mktemp("clone")
    (clone / "configs").symlink_to(tiny.ROOT / "configs")
    folder = clone / "projects" / "mine"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    given = json.dumps(["plain_demo.py", str(clone / "run"), tiny.values(tiny_data)])
    environment = {**tiny.environment(), "PYTHONPATH": str(tiny.ROOT)}
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(command, cwd=folder, env=environment, input=given, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return clone / "run", done.stdout


def test_the_method_has_40_lines():
    assert list(FILES) == ["plain_self_training.py", "plain_demo.py", "test_plain.py"]
    assert sum(len(text.strip().splitlines()) for text in FILES.values()) <= LINES


def test_the_method_trains(trained):
    run, _ = trained
    assert json.loads((run / "result.json").read_text())["iteration"] == 2
    assert "plain.decode.loss_seg" in "".join(path.read_text() for path in run.rglob("*.json"))
    assert (run / "plain_self_training.py").read_text() == FILES["plain_self_training.py"]


def test_a_wrong_option_is_answered_as_the_page_says(trained):
    assert "Did you mean 'power'?" in trained[1] and "*Did you mean 'power'?*" in METHOD


def test_own_data_has_the_commands_that_are_tested():
    """tests/cli/test_own_data.py runs all of docs/own_data.md."""
    short, long = ("".join(blocks(DOCS / page, "sh")).splitlines() for page in ("tutorials/own_data.md", "own_data.md"))
    assert short and set(short) <= set(long)


def test_the_row_of_the_paper():
    row = STUDIES[44].rows["7.6"]
    assert list(STUDIES[44].select(["7"])).index("7.6") == 5
    assert row.published.mean == 73.8 and len(STUDIES[44].seeds) == 3
