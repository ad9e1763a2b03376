"""Two processes of a training share the images of a round, and one of them writes what belongs to the round as a whole."""

import json
import sys

import pytest

from mmseg.apis.training.train import train
from tests import annotated, tiny
from tests.cli.study_script import launched
from tests.engine.annotating.test_rounds_in_training import files_of

ANYWHERE = {"acquisition": {"type": "RegionRandom"}}  # picks that do not depend on the network


@pytest.fixture(scope="module")
def shared(tiny_data, tmp_path_factory):
    """The folder of a training of two processes, and how its command ended."""
    folder = tmp_path_factory.mktemp("processes") / "run_with_rounds"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "tools/train.py", tiny.CONFIG]
    return folder, launched([*command, "--work-dir", str(folder), *annotated.options(tiny_data, ANYWHERE)])


def test_rounds_are_those_of_one_process(shared, tiny_data, tmp_path, monkeypatch):
    folder, done = shared
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Round 1: ") == done.stdout.count("Round 2: ") == 1
    monkeypatch.chdir(tiny.ROOT)
    train(annotated.config(tiny_data, ANYWHERE), tmp_path / "run_with_rounds")
    own, other = (files_of(run / "annotations") for run in (folder, tmp_path / "run_with_rounds"))
    for content in (own, other):
        for name in [name for name in content if name.endswith("header.json")]:
            header = json.loads(content[name])  # folders and weights differ
            content[name] = {key: value for key, value in header.items() if key not in ("made_by", "network")}
    assert own == other


def test_processes_that_wait_for_people_end_cleanly(tiny_data, tmp_path):
    folder = tmp_path / "run_that_waits"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "tools/train.py", tiny.CONFIG]
    done = launched([*command, "--work-dir", str(folder), *annotated.options(tiny_data, {"oracle": "people"})])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Round 1 waits for people: 4 of 4 images") == 1
    assert len(list((folder / "annotations/round_1/picks").rglob("*.json"))) == 4
