"""Values of a config survive ``config.py``, or are refused with their key."""

import os
import subprocess
import sys

import pytest
from mmengine.config import Config

from mmseg.config.config import load_config
from mmseg.config.identity import digest
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text, read_config_text
from tests import tiny

OPTION = "train_dataloader.dataset.source.note"
KEPT = {
    'float("nan")': 'float("nan")',
    'float("inf")': 'float("inf")',
    '[1, -float("inf")]': '[1, float("-inf")]',
    "(1,)": "(1,)",
    "()": "()",
    "{3, 1, 2}": "{1, 2, 3}",
    "set()": "set()",
    "frozenset([2])": "frozenset({2})",
    "frozenset()": "frozenset()",
    '{float("inf"), float("nan")}': '{float("inf"), float("nan")}',
    "{1: 2, 'a': 3, None: 4, (1, 2): 5}": "{(1, 2): 5, 1: 2, None: 4, 'a': 3}",
    "{True: 1, 0: 2}": "{0: 2, True: 1}",
    "b'\\xff'": "b'\\xff'",
    "__import__('pathlib').Path('data') / 'x'": "'data/x'",
    "__import__('numpy').float64(0.5)": "0.5",
    "'\\udc80'": "'\\udc80'",
}
REFUSED = {
    "lambda: 0": "{option} is <function <la",
    "1j": "{option} is 1j,",
    "int": "{option} is <class 'int'>,",
    "[dict(a=(object(),))]": "{option}[0].a[0] is <object obj",
    "{object(): 1}": "A key of {option} is <object obj",
    "__import__('numpy').int64(2)": "{option} is ",
}


def config_with(folder, value: str):
    path = folder / "own.py"
    path.write_text(f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\ntrain_dataloader = dict(dataset=dict(source=dict(note={value})))\n")
    return load_config(path)


@pytest.mark.parametrize("value", KEPT)
def test_a_value_that_is_kept(tmp_path, value):
    cfg = config_with(tmp_path, value)
    text = config_text(cfg)
    assert f"note={KEPT[value]}" in text
    assert config_text(Config(read_config_text(text))) == text  # without running it
    again = tmp_path / "config.py"
    again.write_text(text)
    assert config_text(load_config(again)) == text and digest(load_config(again)) == digest(cfg)


@pytest.mark.parametrize("value", REFUSED)
def test_a_value_that_is_refused_with_its_key(tmp_path, value):
    with pytest.raises(UserError) as caught:
        config_with(tmp_path, value)
    start = f"{tmp_path / 'own.py'}: {REFUSED[value].replace('{option}', OPTION)}"
    assert str(caught.value).startswith(start) and "which no config file can hold. Use None, numbers," in str(caught.value)


def test_a_list_that_holds_itself(tmp_path):
    with pytest.raises(UserError, match=r"own\.py cannot be read: maximum recursion depth exceeded"):
        config_with(tmp_path, "0)))\nnote = []\nnote.append(note)\ntrain_dataloader = dict(dataset=dict(source=dict(note=note")


def test_the_digest_of_a_set_is_that_of_its_values(tmp_path):
    """The order of a set of texts differs from process to process."""
    config_with(tmp_path, "{'a', 'b', 'c', 'd', 'e'}")
    imports = "from mmseg.config.config import load_config; from mmseg.config.identity import digest"
    code = f"{imports}; print(digest(load_config({str(tmp_path / 'own.py')!r})))"
    printed = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], cwd=tiny.ROOT, env=environment, capture_output=True, text=True, check=True)
        printed.add(done.stdout)
    assert len(printed) == 1
