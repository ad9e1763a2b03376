"""docs/models.md is what its generator writes, and says of every training what its sources say."""

import re
from pathlib import Path

import pytest

from experiments import STUDIES
from mmseg.apis.describing.models import COMMAND, config_files, docstring_fields, licence_of_file, models_page, result_and_cost
from mmseg.config import load_config
from mmseg.models.weights.licences import LICENCES, UNKNOWN
from mmseg.utils.repository import CONFIGS, ROOT

DEMO = {
    "source-only": "demoHR_source_only.py",
    "DAFormer": "demo2demo_daformer.py",
    "**HRDA**": "demoHR2demoHR_hrda.py",
    "target-only": "demoHR_target_only.py",
}
"""Beginnings of the rows of the demo study in docs/experiments.md -> their configs."""
FILES = config_files()


def studies_of(file: Path) -> set[float]:
    """The published numbers of all rows of the studies that a docstring names."""
    keys = re.findall(r"--exp (\d+)", docstring_fields(file).get("Study", ""))
    return {row.published.mean for key in keys for row in STUDIES[int(key)].rows.values() if row.published}


def published_number(file: Path) -> float | None:
    number = re.match(r"\d+\.\d+", result_and_cost(docstring_fields(file).get("Published", ""))[0])
    return float(number[0]) if number else None


PUBLISHED = {file: published_number(file) for file in FILES if published_number(file) and studies_of(file)}
"""Configs whose docstring has a published number and names a study that has some."""


@pytest.fixture(scope="module")
def page():
    return models_page()


def test_the_page_is_up_to_date(page):
    assert (ROOT / "docs" / "models.md").read_text() == page, f"run {COMMAND}"


def test_every_config_is_there_once(page):
    commands = re.findall(r"\| `python run_experiments\.py --config (\S+?)(?: …)?` \|$", page, re.MULTILINE)
    assert commands == [str(file.relative_to(ROOT)) for file in FILES]


def test_what_fits_says_on_what_grounds(page):
    """Nothing but what is cited counts as published; presets of memory are estimates; every headline with a known need has its row."""
    table = page.partition("## What fits")[2].partition("What a training keeps")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")][1:]
    assert {memory for memory, *_ in rows} >= {"8 GB", "12 GB", "16 GB", "24 GB"}
    for _, training, grounds in rows:
        assert grounds.startswith(("published: ", "measured: ", "estimated, not tried", "neither published nor measured"))
        assert grounds.startswith("estimated") == ("g.py`" in training or "configs/mic" in training)
        if grounds.startswith("measured"):
            assert re.search(r"\(\w+\.md\)\)$", grounds)
    for folder in ("hrda", "mic", "daformer", "demo", "streets"):
        assert f"`configs/{folder}`" in table


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: str(file.relative_to(CONFIGS)))
def test_a_published_number_is_that_of_a_row(file):
    assert PUBLISHED[file] in studies_of(file)


def test_nearly_all_published_numbers_are_compared():
    assert len(PUBLISHED) > 30


@pytest.mark.parametrize("start", DEMO)
def test_a_measured_number_is_that_of_the_demo_study(start):
    lines = (ROOT / "docs" / "experiments.md").read_text().splitlines()
    (row,) = (line for line in lines if line.startswith(f"| {start}") and "±" in line)
    number = row.split(" | ")[2].strip("*")
    assert docstring_fields(CONFIGS / "demo" / DEMO[start])["Measured"].startswith(f"{number} mIoU over 3 seeds")


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("73.8 ± 0.3 mIoU over 3 seeds; 32 hours on a 24 GB card. Not trained.", ("73.8 ± 0.3 over 3 seeds", "32 hours on a 24 GB card")),
        ("68.0 mIoU on a split (ours; other); 16 hours (stated for GTA). Not.", ("68.0 on a split", "16 hours (stated for GTA)")),
        ("46.9 mIoU; with the correction 48.8: sh test.sh RUN Not trained by us yet.", ("46.9", "")),
        ("nothing (HRDA alone: 73.8). Not trained by us yet.", ("", "")),
        ("not yet (docs/real_photographs.md)", ("", "")),
        ("", ("", "")),
    ],
)
def test_fields_in_cells(text, cells):
    assert result_and_cost(text) == cells


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("pretrained/mit_b5.pth", LICENCES["MixVisionTransformer"]),
        ("pretrained/resnet101.pth", LICENCES["ResNet"]),
        ("pretrained/efficientnet_lite0.pth", "Apache-2.0, as the package and timm state it"),
        ("pretrained/r101_1x_sk0.pth", UNKNOWN),
    ],
)
def test_a_licence_is_that_of_the_file(name, licence):
    """A file of another origin that fits the same encoder has another one."""
    assert licence_of_file(name, load_config(CONFIGS / "hrda" / "gtaHR2csHR_hrda.py")) == licence


def test_the_script_prints_the_same_licence():
    script = (ROOT / "tools" / "download_checkpoints.sh").read_text()
    assert all(f'"{licence_of_file(f"{name}.pth", None)}"' in script for name in ("mit_b5", "resnet101", "efficientnet_lite0"))
