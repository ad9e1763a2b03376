"""docs/options.md is what its generator writes, and names every part and option."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pytest

from mmseg.apis.describing.options import COMMAND, REGISTRIES, described, options_page
from mmseg.apis.describing.types import in_words
from mmseg.models.layer_options import ActivationConfig
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import GreyLevel, NonNegative, Pair, Positive, PositiveOrInfinite, Share, ShareBelowOne, Some, Three
from mmseg.utils.repository import ROOT


@pytest.fixture(scope="module")
def page():
    return options_page()


def test_the_page_is_up_to_date(page):
    assert (ROOT / "docs" / "options.md").read_text() == page, f"run {COMMAND}"


def test_every_part_is_there(page):
    named = {name for line in page.splitlines() if line.startswith("### ") for name in line[4:].split(", ")}
    for registry in (MODELS, *REGISTRIES.values()):
        registry.import_from_location()
        ours = {name for name, part in registry.module_dict.items() if part.__module__.startswith("mmseg.")}
        assert ours and ours <= named


def test_every_option_is_described(page):
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 300
    assert [row for row in rows if row.endswith("|  |") or "`inspect" in row or "typing." in row] == []


def test_a_row():
    described_options = described(MODELS.get("DACS"))
    assert described_options["alpha"] == "largest share of the old teacher in an update"  # of its base


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Share, "number from 0 to 1"),
        (ShareBelowOne | None, "number from 0 below 1 or None"),
        (Positive[int], "whole number above 0"),
        (PositiveOrInfinite, "number above 0 may be infinite"),
        (Pair[NonNegative[int]], "2 values (whole number from 0 each)"),
        (Three[GreyLevel[float]], "3 values (number from 0 to 255 each)"),
        (Some[int] | int, "list of 1 or more (whole number each) or whole number"),
        (Sequence[str], "list (text each)"),
        (list[Positive[int]] | tuple[Positive[int], ...], "list (whole number above 0 each)"),
        (Mapping[str, Share], "dictionary (number from 0 to 1 each)"),
        (Literal["mean", "sum"], "'mean' or 'sum'"),
        (ActivationConfig | None, "dictionary (`type`, `inplace`, `negative_slope`) or None"),
        (dict | Mapping, "dictionary"),
        (Any, "anything"),
        (Callable[..., int], "function"),
    ],
)
def test_types_in_words(annotation, words):
    assert in_words(annotation) == words


def test_links_lead_here():
    assert "(docs/options.md)" in (ROOT / "README.md").read_text()
    assert re.search(r"\(options\.md\)", (ROOT / "docs" / "training.md").read_text())
