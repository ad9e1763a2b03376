"""tools/prepare/temperature.py: what it writes, what takes its file, and whose it is."""

import json
import math

import numpy as np
import pytest
import torch

from mmseg.apis import init_model
from mmseg.apis.predicting.inference import class_probabilities
from mmseg.apis.predicting.temperature import temperature_file, tempered
from tools import test as test_tool
from tools.prepare import temperature as temperature_tool


@pytest.fixture
def fitted_run(run, works):
    """A run with its temperature, and what was printed."""
    return run, works(temperature_tool.main, run / "config.py", run / "latest.pth")


def test_the_command(fitted_run, evaluates):
    run, printed = fitted_run
    content = json.loads((run / "temperature.json").read_text())
    assert 0.05 <= content["temperature"] <= 20 and content["data"] == {"name": "source", "trained_on": True}
    assert content["loss"]["after"] <= content["loss"]["before"] and f"{content['temperature']:.4g}" in printed and "--data FILE" in printed
    assert ("the calibration error gains nothing" in printed) == (content["ECE"]["after"] > content["ECE"]["before"])
    evaluates("--metrics", "trust")
    evaluates("--metrics", "trust", "--temperature")
    plain, warm = (json.loads((run / "eval" / f"latest{end}.json").read_text()) for end in ("", "_temperature"))
    assert warm["confusion"] == plain["confusion"] and warm["trust"] != plain["trust"] and warm["options"]["temperature"] is True
    changed = init_model(str(run / "config.py"), str(run / "latest.pth"), temperature=True)
    image = np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)
    expected = tempered(class_probabilities(init_model(str(run / "config.py"), str(run / "latest.pth")), image), content["temperature"])
    torch.testing.assert_close(class_probabilities(changed, image), expected)


def test_it_belongs_to_one_checkpoint(fitted_run, fails):
    run, _ = fitted_run
    torch.save(torch.load(run / "latest.pth", weights_only=True) | {"other": 1}, run / "other.pth")
    line = fails(test_tool.main, run / "config.py", run / "other.pth", "--metrics", "trust", "--temperature")
    assert "temperature.json is that of " in line and line.endswith("Run python tools/prepare/temperature.py CONFIG CHECKPOINT.")
    line = fails(test_tool.main, run / "config.py", run / "latest.pth", "--weights", "ema_model", "--metrics", "trust", "--temperature")
    assert f"{temperature_file(run / 'latest.pth', 'ema_model')} does not exist" in line


def test_a_file_of_labelled_images(run, works):
    flags = ("--data", f"held={run / 'config.py'}", "--out", run / "warm.json", "--images", "1", "--weights", "ema_model")
    works(temperature_tool.main, run / "config.py", run / "latest.pth", *flags)
    content = json.loads((run / "warm.json").read_text())
    assert content["data"] == {"name": "held", "trained_on": False} and content["images"] == 1
    assert content["checkpoint"]["weights"] == "ema_model" and math.isfinite(content["loss"]["after"])
