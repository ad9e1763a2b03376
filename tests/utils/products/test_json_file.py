"""One typed reader of JSON: a result, or one line with file, entry and fix."""

import json
import os
from typing import Annotated, Literal

import pytest
from annotated_types import MinLen
from typing_extensions import NotRequired, TypedDict

from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Count, FileName, Measure, Percent, read_product

FIX = "Make it again."


class Entry(TypedDict):
    """A made-up product."""

    __pydantic_config__ = PRODUCT

    version: NotRequired[Literal[1]]
    iteration: Count
    metrics: dict[str, Measure | None]
    share: NotRequired[Percent]


GOOD = {"version": 1, "iteration": 2, "metrics": {"mIoU": 4.5, "IoU.a-b": None, "IoU.c": 3}, "share": 100.0}


def refused(path, form) -> str:
    """What the reader says of a file, without its name and the fix."""
    with pytest.raises(UserError) as caught:
        read_product(path, form, FIX)
    line = str(caught.value)
    assert line.startswith(f"{path} ") and line.endswith(f" {FIX}") and "\n" not in line
    return line[len(str(path)) + 1 : -len(FIX) - 1]


def test_a_whole_file(tmp_path):
    path = tmp_path / "a.json"
    for content in (GOOD, {key: GOOD[key] for key in ("iteration", "metrics")}, {**GOOD, "of a hook": [1]}):
        path.write_text(json.dumps(content))
        assert read_product(path, Entry, FIX) == content


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"iteration": None}, "holds ['iteration'] = None, which should be a whole number."),
        ({"iteration": 1.5}, "holds ['iteration'] = 1.5, which should be a whole number."),
        ({"iteration": True}, "holds ['iteration'] = True, which should be a whole number."),
        ({"iteration": "7"}, "holds ['iteration'] = '7', which should be a whole number."),
        ({"iteration": -1}, "holds ['iteration'] = -1, which should be greater than or equal to 0."),
        ({"iteration": 2**60}, f"holds ['iteration'] = {2**60}, which should be less than or equal to {2**53}."),
        ({"metrics": None}, "holds ['metrics'] = None, which should be a dictionary."),
        ({"metrics": {"IoU.a-b": "x"}}, "holds ['metrics']['IoU.a-b'] = 'x', which should be a number."),
        ({"metrics": {"a": float("nan")}}, "holds ['metrics']['a'] = nan, which should be a finite number."),
        ({"metrics": {"a": float("inf")}}, "holds ['metrics']['a'] = inf, which should be a finite number."),
        ({"metrics": {"a": 1e300}}, "holds ['metrics']['a'] = 1e+300, which should be less than or equal to 1000000000000000."),
        ({"share": 101}, "holds ['share'] = 101, which should be less than or equal to 100."),
        ({"version": 2}, "has the version 2, which this program does not know."),
        ({"version": 2, "iteration": "renamed"}, "has the version 2, which this program does not know."),
        ({"version": "x" * 500}, "has the version 'xxxxxxxxxxxx...xxxxxxxxxxxxx', which this program does not know."),
    ],
)
def test_an_entry_is_named(tmp_path, change, text):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**GOOD, **change}))
    assert refused(path, Entry) == text


@pytest.mark.parametrize(
    ("content", "form", "text"),
    [
        (None, Entry, "should be a dictionary."),
        ([], Entry, "should be a dictionary."),
        (3, list[Entry], "should be a list."),
        ([GOOD, {"metrics": {}}], list[Entry], "has no entry [1]['iteration']."),
        ({}, Entry, "has no entry ['iteration']."),
        ([GOOD, 4], list[Entry], "holds [1] = 4, which should be a dictionary."),
        ({"a": 4}, dict[str, FileName], "holds ['a'] = 4, which should be a text."),
        ([], Annotated[list[int], MinLen(1)], "should have at least 1 item."),
    ],
)
def test_another_shape(tmp_path, content, form, text):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    assert refused(path, form) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty."),
        (b" \n", "is empty."),
        (b'{"iteration": 10', "is not valid JSON (Expecting"),
        (b"\xff\xfe\x00", "is not a text file."),
        ("{}".encode("utf-16"), "is not a text file."),
        (b"[" * 200_000, "is not valid JSON ("),
        (b"1" * 5000, "is not valid JSON ("),
    ],
)
def test_what_is_no_json(tmp_path, data, text):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    assert refused(path, Entry).startswith(text)


def test_a_file_of_an_editor_of_windows(tmp_path):
    """UTF-8 with a byte order mark, and lines that end with two letters."""
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf[1,\r\n 2]\r\n")
    assert read_product(tmp_path / "a.json", list[int], "Make it anew.") == [1, 2]


def test_what_is_no_file(tmp_path):
    assert refused(tmp_path, Entry) == f"cannot be read: {tmp_path} is no file."
    assert refused(tmp_path / "a.json", Entry) == "does not exist."


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_must_not_be_read(tmp_path):
    path = tmp_path / "a.json"
    path.touch(mode=0)
    assert refused(path, Entry) == "cannot be read: Permission denied."


def test_names_of_files_that_are_not_utf8(tmp_path):
    path, name = tmp_path / "a.json", os.fsdecode(b"stra\xdfe.png")
    path.write_text(json.dumps({name: name}))
    assert read_product(path, dict[FileName, FileName], FIX) == {name: name}
