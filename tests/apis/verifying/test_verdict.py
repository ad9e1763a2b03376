"""Which numbers hold, and what is said to be other."""

import math

import pytest

from mmseg.apis.verifying.verdict import check_numbers, differences, is_exact

NOW = {
    "config": "1a2b3c4d",
    "code": {"commit": "a" * 40, "clean": True},
    "weights": {"checkpoint": "b" * 64, "initial": None},
    "versions": {"torch": "2.6.0"},
    "hardware": {"device": "cpu", "threads": 1},
}


@pytest.mark.parametrize(
    ("name", "off", "exact", "holds"),
    [
        ("mIoU", 0.0, True, True),
        ("mIoU", 1e-9, True, False),
        ("mIoU", 0.09, False, True),
        ("mIoU.thin", -0.11, False, False),
        ("IoU.road", 0.4, False, True),
        ("IoU.road", 0.6, False, False),
        ("aAcc", 0.2, False, False),
    ],
)
def test_tolerances(name, off, exact, holds):
    assert check_numbers({name: 50.0}, {name: 50.0 + off}, exact=exact)[0].holds is holds


def test_absent_classes():
    """One that was absent has to be absent still; a metric that nobody measures now does not hold."""
    found = check_numbers({"a": None, "b": None, "c": 3.0, "d": 4.0}, {"a": math.nan, "b": 1.0, "c": math.nan}, exact=False)
    assert [each.holds for each in found] == [True, False, False, False]
    assert [each.measured for each in found] == [True, True, True, False]


def test_when_every_digit_counts():
    assert is_exact(NOW, NOW)
    assert is_exact({**NOW, "code": {"commit": "0" * 40, "clean": False}}, NOW), "other code has to give the same numbers"
    assert not is_exact({**NOW, "versions": {"torch": "2.7.0"}}, NOW)
    assert not is_exact({**NOW, "hardware": {"device": "cpu", "threads": 2}}, NOW)
    assert not is_exact(None, NOW)
    gpu = {**NOW, "hardware": {"device": "NVIDIA H100", "threads": 1}}
    assert not is_exact(gpu, gpu)


def test_what_is_other():
    assert differences(NOW, NOW) == []
    old = {**NOW, "code": {"commit": "0" * 40, "clean": True}, "versions": {}, "weights": {"checkpoint": "c" * 64, "initial": None}}
    lines = [
        "code commit: 000000000000… -> aaaaaaaaaaaa…",
        "weights checkpoint: cccccccccccc… -> bbbbbbbbbbbb…",
        "versions torch: unknown -> 2.6.0",
    ]
    assert differences(old, NOW) == lines
    assert differences(old, NOW, same_file=False) == [lines[0], lines[2]]
    (line,) = differences(None, NOW)
    assert "not recorded" in line
