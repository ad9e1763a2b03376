"""python tools/summarize.py: what it prints, writes and refuses."""

import re
import sys

import pytest

import experiments
from mmseg.experiments import Published
from tests.apis.fake_study import evaluation, make_study, write_run
from tools import summarize


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Study 7, of one finished and one open row; the runs lie where the options of ``command`` say."""
    study, runs = make_study(tmp_path, ["begun", "open"], published=[Published(mean=45.0)], seeds=(0,))
    write_run(runs["7.1"][0], [evaluation(1000, 46.5, {"road": 90.0, "train": 0.5})])
    monkeypatch.setitem(experiments.STUDIES, 7, study)
    return runs


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs the tool on runs below ``tmp_path``; returns what it prints."""

    def run(*arguments):
        options = ("--cfg-options", f"work_dir={str(tmp_path / 'runs')!r}")
        monkeypatch.setattr(sys, "argv", ["summarize", *map(str, arguments), *options])
        with pytest.raises(SystemExit) as ended:
            summarize.main()
        output = capsys.readouterr()
        assert not ended.value.code and output.err == "", output.err
        return output.out

    return run


def test_prints_the_table_and_writes_the_files(study, command, tmp_path):
    printed = command(7, "--out", tmp_path / "out")
    for text in ("7: Components", "46.5", "45.0", "+1.5", "not run", "never learned: train"):
        assert text in printed
    assert "IoU per class" not in printed
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"summary.md", "summary.csv", "summary.html"}
    assert str(tmp_path / "out" / "summary.html") in printed


def test_files_for_a_paper(study, command, tmp_path):
    printed = command(7, "--latex", "--curves", "--out", tmp_path / "out")
    for name in ("summary.tex", "7_curves.pdf", "7_classes.pdf"):
        assert (tmp_path / "out" / name).is_file() and name in printed


def test_per_class_rows_and_seeds(study, command, tmp_path):
    printed = command(7, "--per-class", "--only", "7.1", "--seed", 0, 3, "--out", tmp_path / "out")
    assert "IoU per class" in printed and "1 of 2" in printed and not re.search(r"\bopen\b", printed)


def test_files_go_below_work_dirs(study, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command(7, "--seed", 5)
    assert (tmp_path / "work_dirs" / "summary_7" / "summary.md").is_file()


def test_unknown_ids(fails):
    assert fails(summarize.main, "40x").startswith("ID 40x: there is no such study. Known: 0, 1, 2,")
    assert fails(summarize.main, "HRDA").startswith("ID HRDA: there is no such study. Known: 0, 1, 2,")
    assert fails(summarize.main, "45").endswith(f" Did you mean 44 ({experiments.STUDIES[44].title})?")


def test_an_unknown_row(study, fails):
    assert fails(summarize.main, 7, "--only", "7.9").startswith("--only 7.9: no such row or table.")


def test_a_broken_result(study, fails, tmp_path):
    (study["7.1"][0].folder / "result.json").write_text("{")
    line = fails(summarize.main, 7, "--out", tmp_path / "out", "--cfg-options", f"work_dir={str(tmp_path / 'runs')!r}")
    assert line.startswith(str(study["7.1"][0].folder / "result.json")) and "Move it elsewhere" in line
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(study, fails, tmp_path):
    (tmp_path / "file").touch()
    line = fails(summarize.main, 7, "--out", tmp_path / "file")
    assert line.startswith(f"Cannot write {tmp_path / 'file' / 'summary.md'}")
