"""A disk that takes no more, at every command that writes: one line, exit code 2, nothing half written; with space, it works."""

import importlib
import re
from contextlib import contextmanager

import pytest

from mmseg.config.reading.code import run_config
from mmseg.utils.errors import UserError
from tests import tiny

resource = pytest.importorskip("resource")
CONFIG, STATE, OUT, DATA = "{run}/config.py", "{run}/latest.pth", "{out}", "{data}"
PHOTOS = f"{DATA}/cityscapes/leftImg8bit/val"
SMALL = ("--size", "128", "64", "--source", "2", "--target", "2", "--val", "1")
PICTURES = 100_000
"""Bytes that a file may have: a picture of several samples has more."""
COMMANDS = {
    "export": ("export", CONFIG, STATE, "--out", OUT, "--format", "exported_program"),
    "predict": ("predict", CONFIG, STATE, PHOTOS, "--out", OUT, "--save", "palette", "confidence"),
    "test, predictions": ("test", CONFIG, STATE, "--show-dir", OUT),
    "test, result": ("test", CONFIG, STATE, "--out", f"{OUT}/result.json"),
    "test, server": ("test", CONFIG, STATE, "--format-only", "--imgfile-prefix", OUT),
    "priors": ("prepare.priors", CONFIG, STATE, "--out", f"{OUT}/priors.json"),
    "prototypes": ("prepare.prototypes", CONFIG, STATE, "--out", f"{OUT}/prototypes.npz"),
    "pseudo-labels": ("prepare.pseudo_labels", CONFIG, STATE, "--out", OUT),
    "soft pseudo-labels": ("prepare.pseudo_labels", CONFIG, STATE, "--out", OUT, "--soft", "--stride", "8"),
    "browse": ("browse_dataset", CONFIG, "--out", OUT, "--number", "1"),
    "check": ("check_data", CONFIG, "--out", OUT),
    "demo": ("make_demo_data", "--out", OUT, *SMALL, "--nproc", "1"),
    "demo, two processes": ("make_demo_data", "--out", OUT, *SMALL, "--nproc", "2", "--force"),
    "converter": ("convert_datasets.gta", f"{DATA}/gta", "--out-dir", OUT, "--nproc", "1"),
    "converter, two processes": ("convert_datasets.cityscapes", f"{DATA}/cityscapes", "--out-dir", OUT, "--nproc", "2"),
    "summary": ("summarize", "8", "--demo", "--out", OUT),
}
LIMITS = {"browse": PICTURES, "check": PICTURES}
ONCE = ("export",)
"""Commands of several seconds."""


@contextmanager
def at_most(size):
    """Files of more bytes cannot be written by this process and its children: what libraries write themselves included."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", COMMANDS)
def test_one_line_and_nothing_half_written(name, fails, works, run, tiny_data, tmp_path):
    out, limit = tmp_path / "out", LIMITS.get(name, 60)
    tool, *words = (word.format(run=run, out=out, data=tiny_data) for word in COMMANDS[name])
    main = importlib.import_module(f"tools.{tool}").main
    with at_most(limit):
        line = fails(main, *words)
    assert re.match(rf"Cannot write ({out}|{run})/.*: File too large\. Free some space or choose a writable folder\.", line)
    left = [path for folder in (out, run) for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in left if ".part" in path.name or not path.stat().st_size]
    assert all(path.stat().st_size <= limit for path in out.rglob("*") if path.is_file())
    if name not in ONCE:
        works(main, *words)
        assert any(path.stat().st_size > limit for path in out.rglob("*") if path.is_file())


def test_a_config_whose_copy_cannot_be_written(tmp_path):
    """The engine runs a copy of a config that computes something; that is no mistake in it."""
    path = tmp_path / "long.py"
    path.write_text(f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\nwork_dir = str(3)\n# {'a' * 1000}\n")
    with at_most(500), pytest.raises(UserError, match=r"^Cannot write .*/long\.py: File too large\. Free some space"):
        run_config(path)
    assert run_config(path).model.type == "HRDAEncoderDecoder"
