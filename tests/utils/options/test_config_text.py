"""A config as text reads back as the same values, and nothing in it is run."""

import math

import pytest
from mmengine.config import Config

from mmseg.config import load_config
from mmseg.utils.options.config_text import config_text, read_config_text
from tests import tiny

VALUES = {
    "numbers": [1, -2, 3.5, -1e-06, float("inf"), -float("inf")],
    "nested": {"type": "A", "b": {"in": 1, 7: (1,), "empty": {}}, "c": [{"d": None}, ()]},
    "words": "it's a \"name\"\nwith 'quotes' and ünïcode",
    "switch": True,
}


def test_what_is_written_comes_back():
    assert read_config_text(config_text(Config(VALUES))) == VALUES
    assert math.isnan(read_config_text(config_text(Config({"a": float("nan")})))["a"])


@pytest.mark.parametrize("path", [tiny.CONFIG, "configs/hrda/gtaHR2csHR_hrda.py", "configs/mic/gtaHR2csHR_mic_hrda.py"])
def test_configs_come_back(path):
    cfg = load_config(tiny.ROOT / path)
    assert read_config_text(config_text(cfg)) == cfg.to_dict()


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "a = open('executed', 'w')",
        "a = dict(b=__import__('os'))",
        "a = float(open('executed', 'w'))",
        "a = [x for x in (1,)]",
        "a.b = 1",
        "a = {[]: 1}",
        "a = dict(1)",
        "a = (",
        "def f(): pass",
    ],
)
def test_anything_else_is_refused_and_not_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError):
        read_config_text(text)
    assert not list(tmp_path.iterdir())
