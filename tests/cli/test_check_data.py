"""tools/check_data.py as a user runs it: what it prints and writes, and how it ends."""

import json
import shutil
import sys
from pathlib import Path

import cv2
import pytest

from tests import tiny
from tools import check_data as check_tool


@pytest.fixture
def layouts(tiny_layouts, tmp_path) -> Path:
    """A copy of the demo domains that a test may break."""
    return Path(shutil.copytree(tiny_layouts, tmp_path / "layouts"))


@pytest.fixture
def check(monkeypatch, capsys, tmp_path):
    """Runs the command in this process on some data; returns the exit code, what it printed, and its JSON."""

    def run(data: Path, *flags: str) -> tuple[int, str, dict]:
        monkeypatch.chdir(tiny.ROOT)
        out = tmp_path / "out"
        arguments = [tiny.CONFIG, "--nproc", "1", "--out", str(out), *flags, *tiny.options(data)]
        monkeypatch.setattr(sys, "argv", ["check_data.py", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            check_tool.main()
        return ended.value.code, capsys.readouterr().out, json.loads((out / "check_data.json").read_text())

    return run


def test_whole_data(check, tiny_layouts, tmp_path):
    code, text, content = check(tiny_layouts)
    assert code == 0 and "A training can read these data" in text
    assert content["config"] == tiny.CONFIG and content["training_would_fail"] is False
    assert [(split["name"], split["files"]) for split in content["splits"]] == [("source", 6), ("target", 4), ("val", 2)]
    assert content["splits"][0]["image_sizes"] == {"128x64": 6} and content["splits"][2]["class_pixels"]["road"] > 0
    sheet = cv2.imread(str(tmp_path / "out/contact_sheet.png"))
    assert sheet.shape[0] > 5 * 200 and sheet.shape[1] > 900


def test_broken_data(check, layouts, tmp_path):
    broken = [layouts / f"gta/images/0000{number}.png" for number in range(1, 6)]
    for path in broken:
        path.write_bytes(path.read_bytes()[:-30])
    code, text, content = check(layouts)
    assert code == 1 and "A training would fail: 5 fatal findings (source broken image)" in text
    assert "FATAL  source: broken image (5)" in text and f"{broken[0]} is cut off" in text and "2 more" in text
    listed = [finding for finding in content["findings"] if finding["fatal"]]
    assert [finding["path"] for finding in listed] == [str(path) for path in broken]
    assert set(listed[0]) == {"split", "kind", "fatal", "path", "text"}
    assert (tmp_path / "out/contact_sheet.png").is_file()


def test_parts(check, layouts):
    (layouts / "gta/images/00001.png").write_bytes(b"")
    code, _, content = check(layouts, "--split", "val", "--limit", "1")
    assert code == 0 and [(split["name"], split["read"]) for split in content["splits"]] == [("val", 1)]


def test_nothing_to_open(check, tmp_path):
    code, text, content = check(tmp_path / "nowhere")
    assert code == 1 and content["splits"] == [] and len(content["findings"]) == 3
    assert "FATAL  target: cannot be opened" in text


@pytest.mark.parametrize("flags", [("--nproc", "0"), ("--limit", "-3"), ("--cfg-options", "nonsense.entry=1")])
def test_mistakes_in_the_command(fails, flags, tmp_path):
    line = fails(check_tool.main, tiny.CONFIG, "--out", tmp_path / "out", *flags)
    assert flags[0] in line and not (tmp_path / "out").exists()


def test_a_config_that_does_not_exist(fails):
    assert "does not exist" in fails(check_tool.main, "configs/nothing.py")


def test_a_config_without_a_source(fails, tmp_path):
    line = fails(check_tool.main, tiny.CONFIG, "--out", tmp_path / "out", "--cfg-options", "train_dataloader.dataset.source=None")
    assert "train_dataloader.dataset.source" in line and not (tmp_path / "out").exists()
