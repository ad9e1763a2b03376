"""Trainings one after another, and what interrupts them."""

import signal
import subprocess
import sys
import threading
import time

import pytest
from mmengine.config import Config

from mmseg.apis.launching import launch
from mmseg.apis.launching.launch import Outcome, launch_all
from mmseg.apis.launching.processes import Start
from mmseg.apis.launching.runs import Run


def test_a_signal_that_another_thread_receives_is_acted_on(monkeypatch, tmp_path):
    """A second signal, which comes before the main thread has woken from the first, is given to a thread that waits for a training."""
    codes = []

    def train(run, children, start, environment):
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        codes.append(children.call([sys.executable, "-c", "import time; time.sleep(30)"], stderr=subprocess.DEVNULL))
        return Outcome(run=run)

    monkeypatch.setattr(launch, "prepare", lambda runs: None)
    monkeypatch.setattr(launch, "_train", train)
    with pytest.raises(KeyboardInterrupt, match="Trainings stopped, their last states are kept"):
        launch_all([Run(cfg=Config({"train_dataloader": {"dataset": {}}}), folder=tmp_path)], 1, Start())
    end = time.monotonic() + 20
    while not codes and time.monotonic() < end:  # the command has ended, and its thread may have no core yet
        time.sleep(0.01)
    assert codes in ([-signal.SIGTERM], [128 + signal.SIGINT])
