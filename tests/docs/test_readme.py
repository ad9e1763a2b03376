"""The README: its two commands, and its numbers, which are those of docs/experiments.md."""

import re

import pytest

from tests.docs.pages import DOCS
from tests.tiny import ROOT

README = (ROOT / "README.md").read_text()
STUDY = (DOCS / "experiments.md").read_text()
COMMANDS = ("python run_experiments.py --config configs/demo/demoHR2demoHR_hrda.py", "python -m pytest")


def rows(text: str) -> dict[str, list[str]]:
    """Rows of tables with a mean and a deviation: first cell -> the others, without emphasis."""
    cells = [[cell.strip("* ") for cell in line.strip("|").split("|")] for line in text.splitlines() if re.match(r"\|.*±", line)]
    return {first: others for first, *others in cells}


@pytest.mark.parametrize("command", COMMANDS)
def test_one_command_installs_and_starts(command):
    assert f"```\npip install -r requirements.txt && {command}\n```" in README


def test_the_measured_numbers_are_those_of_the_study():
    shown, measured = rows(README), rows(STUDY)
    assert len(shown) == 4
    for title, (mean, thin) in shown.items():
        _, study_mean, _, study_thin, _ = measured[title]
        assert (mean, thin) == (study_mean, study_thin)
