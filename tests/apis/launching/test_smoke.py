"""Rows of studies for two small iterations."""

import re
import tempfile

import pytest

from experiments import STUDIES
from mmseg.apis.launching import smoke
from mmseg.experiments import ConfigFile, Row
from tests import tiny


@pytest.fixture
def data(tiny_data, monkeypatch):
    """The demo domains that are drawn already, and one thread."""
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(smoke, "DATA", tiny_data)


def broken(folder) -> Row:
    path = folder / "broken.py"
    path.write_text(f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\nuda = dict(alfa=0.9)\n")
    return Row(title="broken", setup=ConfigFile(path=str(path)))


def test_each_distinct_row_is_trained_and_a_failure_stops_none(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "runs"))
    (tmp_path / "runs").mkdir()
    rows = STUDIES[44].rows
    code = smoke.smoke({"a.1": broken(tmp_path), "7.6": rows["7.6"], "5.3": rows["5.3"]}, 0, {})
    printed = capsys.readouterr()
    assert code == 1
    assert re.search(r"^failed  a\.1 +[\d.]+ s  broken$", printed.out, re.MULTILINE)
    assert re.search(r"^works   7\.6 +[\d.]+ s  \+ detail loss$", printed.out, re.MULTILINE)
    assert printed.out.endswith("1 of 2 trainings work; 1 rows repeat one.\n")
    assert printed.err == "        DACS got an unexpected option 'alfa'. Did you mean 'alpha'?\n"
    assert not list((tmp_path / "runs").iterdir())


def test_a_bug_shows_its_traceback(data, capsys, monkeypatch):
    monkeypatch.setattr(smoke, "train", lambda *_: 1 / 0)
    assert smoke.smoke({"7.6": STUDIES[44].rows["7.6"]}, 0, {}) == 1
    assert capsys.readouterr().err.endswith("ZeroDivisionError: division by zero\n")


def test_all_works(data, capsys):
    assert smoke.smoke({"7.2": STUDIES[44].rows["7.2"]}, 1, {"uda.blur": False}) == 0
    assert "1 of 1 trainings work; 0 rows repeat one." in capsys.readouterr().out
