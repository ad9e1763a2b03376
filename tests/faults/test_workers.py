"""A loader worker of a training dies: it goes on with the same bits."""

import pytest

from tests.faults.harness import assert_same_run, script, train

ONCE = """
from pathlib import Path
from mmseg.datasets import UDADataset
from mmseg.datasets.base import SegmentationDataset
mark = Path({mark!r})
def fault(self, index):
    if index == {iteration} and not mark.exists():
        mark.touch()
        {{what}}
at({{owner}}, "__getitem__", fault)
"""
OPTIONS = {"train_dataloader.num_workers": 1, "val_dataloader.num_workers": 1}


@pytest.mark.parametrize(("owner", "index"), [("UDADataset", 5), ("SegmentationDataset", 1)])
def test_a_lost_worker(owner, index, whole, tiny_data, tmp_path):
    """In the training, and in its evaluations."""
    moment = ONCE.format(mark=str(tmp_path / "mark"), iteration=index).replace("{owner}", owner)
    folder = tmp_path / "run"
    what = "import torch.utils.data as data; data.get_worker_info() and os.kill(os.getpid(), signal.SIGKILL)"
    done = train(folder, tiny_data, script(tmp_path, moment, what), **OPTIONS)
    assert done.returncode == 0, done.stderr
    assert (
        "was ended by SIGKILL" in done.stdout + done.stderr and "It is started again, with the same samples." in done.stdout + done.stderr
    )
    assert_same_run(whole, folder)
