"""The stretches of a training: as files, in a checkpoint, and that a file of others writes nothing else."""

import pytest
from mmengine.config import Config

from mmseg.config import load_config
from mmseg.engine.resume.history import Stretch, as_values, from_values, write_configs
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from tests import tiny

HISTORY = (
    Stretch(0, 4, "a = 1\n", ("a 1 -> 2 (first)", "b 3 -> 4 (second)")),
    Stretch(4, 10, "a = 2\n", ("a 2 -> 3 (first)",)),
)


def test_files(tmp_path):
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"seed": 3})
    write_configs(tmp_path, cfg, HISTORY)
    assert {path.name for path in tmp_path.iterdir()} == {"config.py", "config_0-4.py", "config_4-10.py"}
    assert (tmp_path / "config_4-10.py").read_text() == "a = 2\n"
    lines = (tmp_path / "config.py").read_text().splitlines()
    assert lines[:5] == [
        "# Iterations 1 to 4 were trained with config_0-4.py. What is other from then on:",
        "#   a 1 -> 2 (first)",
        "#   b 3 -> 4 (second)",
        "# Iterations 5 to 10 were trained with config_4-10.py. What is other from then on:",
        "#   a 2 -> 3 (first)",
    ]
    assert load_config(tmp_path / "config.py").to_dict() == cfg.to_dict()


def test_a_run_with_one_config_has_no_more_than_that(tmp_path):
    cfg = Config({"a": 1})
    write_configs(tmp_path, cfg, ())
    assert [path.name for path in tmp_path.iterdir()] == ["config.py"] and (tmp_path / "config.py").read_text() == config_text(cfg)


def test_a_checkpoint_keeps_it():
    assert from_values(as_values(HISTORY), "a.pth") == HISTORY and from_values([], "a.pth") == ()


@pytest.mark.parametrize(
    "change",
    [
        {"first": "../../x"},
        {"last": 0},
        {"first": -1},
        {"last": 4.0},
        {"config": "import os\n"},
        {"config": None},
        {"changed": None},
        {"changed": [1]},
        {"more": 1},
    ],
    ids=str,
)
def test_other_values_are_refused(change):
    with pytest.raises(UserError, match=r"^Checkpoint a\.pth: meta\.history is no history"):
        from_values([{**as_values(HISTORY)[0], **change}], "a.pth")


def test_a_line_cannot_leave_its_comment(tmp_path):
    (stretch,) = from_values([{**as_values(HISTORY)[0], "changed": ["a\nimport os\r\nb"]}], "a.pth")
    write_configs(tmp_path, Config({"a": 1}), [stretch])
    assert all(line.startswith(("#", "a = ")) for line in (tmp_path / "config.py").read_text().splitlines())
