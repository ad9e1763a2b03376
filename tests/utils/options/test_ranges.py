"""Values of options against their types and ranges."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pytest

from mmseg.utils.options.ranges import Four, NonNegative, Pair, Positive, PositiveOrInfinite, Share, ShareBelowOne, mismatch

INFINITE, NO_NUMBER = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        *[(Share, 0), (Share, 1), (Share, 0.5), (ShareBelowOne, 0.0), (Positive[int], 1), (NonNegative[float], 0)],
        *[(PositiveOrInfinite, INFINITE), (PositiveOrInfinite, 0.01), (float, -3), (bool, False), (str, ""), (dict, {"a": object()})],
        *[(Pair[Positive[int]], [1, 2]), (Pair[Positive[int]], (1, 2)), (Four[NonNegative[int]] | None, None), (Share | str, "same")],
        *[(Mapping[str, NonNegative[float]], {"main": 1}), (Sequence[Mapping] | None, [{}]), (Literal[False], False)],
    ],
)
def test_fitting(annotation, value):
    assert mismatch(annotation, value) is None


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (Share, 1.5, " is 1.5. It should be less than or equal to 1."),
        (Share, NO_NUMBER, " is nan. It should be a finite number."),
        (Share, True, " is True. It should be a number."),
        (ShareBelowOne, 1, " is 1. It should be less than 1."),
        (Positive[int], 0, " is 0. It should be greater than 0."),
        (Positive[int], 1.5, " is 1.5. It should be a whole number."),
        (Positive[float], INFINITE, " is inf. It should be a finite number."),
        (PositiveOrInfinite, NO_NUMBER, " is nan. It should be greater than 0."),
        (bool, "false", " is 'false'. It should be True or False."),
        (str, 3, " is 3. It should be a text."),
        (Sequence[NonNegative[float]] | None, [1.0, -2.0], "[1] is -2.0. It should be greater than or equal to 0."),
        (Pair[Positive[int]], [1, 2, 3], " is [1, 2, 3]. It should have at most 2 items."),
        (Pair[Positive[int]], 64, " is 64. It should be a list."),
        (Mapping[str, NonNegative[float]], {"main": "a"}, ".main is 'a'. It should be a number."),
        (Share | str, -1, " is -1. It should be greater than or equal to 0 or be a text."),
        (Literal[False], True, " is True. It should be False."),
    ],
)
def test_what_is_wrong(annotation, value, words):
    assert mismatch(annotation, value) == words
