"""Texts of configs, their digests, their upgrade, and options of the command line."""

import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mmengine.config import Config

from mmseg.config.config import native_form
from mmseg.config.identity import digest
from mmseg.config.legacy import is_legacy
from mmseg.config.options import parse_options
from mmseg.config.reading.safe import plain_values
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text, read_config_text
from tests.cli import released

NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False)
PLAIN = st.none() | st.booleans() | NUMBERS | st.text(max_size=6) | st.binary(max_size=4)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        | st.sets(st.integers(), max_size=3)
    ),
    max_leaves=8,
)


def shuffled(value: Any, seed: int) -> Any:
    """The same value with the keys of its dictionaries in another order."""
    if isinstance(value, dict):
        keys = random.Random(seed).sample(list(value), len(value))
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(entry, seed) for entry in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("config") / "config.py"


@given(value=VALUES)
def test_a_config_comes_back_from_its_text(file, value):
    """Read by either reader of plain values, and by Python itself."""
    text = config_text(Config({"x": value}))
    written = Config({"x": value}).to_dict()
    file.write_text(text, encoding="utf-8", newline="")
    executed: dict = {}
    exec(text, executed)
    assert read_config_text(text) == plain_values(file) == {"x": executed["x"]} == written


@given(value=VALUES, key=st.sampled_from(["a", "a.b", "model.decode_head.channels", "custom_hooks.1.interval"]))
def test_an_option_is_its_literal(value, key):
    if repr(value).find("inf") < 0:  # which is no literal
        assert parse_options([f"{key}={value!r}"]) == {key: value}


@given(st.text(max_size=40))
@example("x={[]: 1}")
@example("x=" + "(" * 500)
@example("x=" + "-" * 5000 + "1")
def test_any_option_is_read_or_refused_in_one_line(text):
    try:
        (key,) = parse_options([text])
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert text.startswith(f"{key}=") and "=" not in key


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5), st.integers(0, 2**31))
def test_a_digest_is_that_of_the_values(entries, seed):
    """Whatever the order of the keys, and whether a whole number is written as a float; another value is another digest."""
    first, other = (digest(Config({"model": given})) for given in (entries, shuffled(entries, seed)))
    assert first == other
    more = [digest(Config({"model": model})) for model in ({**entries, "another": 1}, {"another": 1.0, **entries})]
    assert more[0] == more[1] != first


@given(st.integers(0, 2**31), st.integers(1, 10**6), st.floats(1e-6, 1.0), st.integers(0, 2**32 - 1))
def test_an_upgrade_has_nothing_left_to_do(order, iterations, rate, seed):
    """And does not depend on the order of the entries."""
    old = released.config(Path("data"))
    old["runner"]["max_iters"], old["optimizer"]["lr"], old["seed"] = iterations, rate, seed
    new = native_form(Config(old), "old.json")
    assert not is_legacy(new) and native_form(new, "old.json") is new
    assert (new.train_cfg.max_iters, new.seed) == (iterations, seed) and math.isclose(new.optim_wrapper.optimizer.lr, rate)
    assert native_form(Config(shuffled(old, order)), "old.json").to_dict() == new.to_dict()
