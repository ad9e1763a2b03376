"""The tables of a summary, cell by cell."""

from dataclasses import replace

import pytest

from mmseg.apis.reporting.summary import collect
from mmseg.apis.reporting.tables import class_table, difference_cell, markdown, print_study, print_tables, result_table, study_tables
from mmseg.experiments import Published
from tests.apis.fake_study import evaluation, make_study, write_choice, write_run


@pytest.fixture
def study_and_runs(tmp_path):
    """Two seeds finished; one finished and one missing; interrupted; not run."""
    published = [Published(mean=45.0, deviation=0.3), None, Published(mean=50.0, note="test split")]
    study, runs = make_study(tmp_path, ["both", "one | [bold]", "begun", "open"], published=published)
    write_run(runs["7.1"][0], [evaluation(1000, 44.0, {"road": 90.0, "train": 20.0})])
    write_run(runs["7.1"][1], [evaluation(1000, 42.0, {"road": 80.0, "train": None})])
    write_run(runs["7.2"][0], [evaluation(1000, 41.26, {"road": 70.0})])
    write_run(runs["7.3"][1], [evaluation(2000, 9.0)], finished=False)
    return study, runs


def table_of(study, runs):
    return collect(study, runs).tables[0]


def test_every_cell(study_and_runs):
    table = result_table(table_of(*study_and_runs))
    assert table.title == "7: Components"
    assert table.headings == ("", "row", "n", "mIoU", "min", "choice", "best", "published", "difference", "thin classes", "min")
    assert table.rows == (
        ("7.1", "both", "2", "43.0 ± 1.4", "42.0", "-", "43.0 ± 1.4", "45.0 ± 0.3", "-2.0", "-", ""),
        ("7.2", "one | [bold]", "1 of 2", "41.3", "41.3", "-", "41.3", "-", "-", "-", ""),
        ("7.3", "begun", "0 of 2", "interrupted: iteration 2,000", "", "-", "-", "50.0 (test split)", "-", "-", ""),
        ("7.4", "open", "0 of 2", "not run", "", "-", "-", "-", "-", "-", ""),
    )


def test_last_choice_and_best(tmp_path):
    """Seed 0 ends at 40, chooses 50 and has 60 at its best; seed 1 has 30 throughout. A choice of before its end does not count."""
    study, runs = make_study(tmp_path, ["a", "b", "c"])
    for address in ("7.1", "7.2"):
        write_run(runs[address][0], [evaluation(100, 60.0), evaluation(200, 50.0), evaluation(300, 40.0)])
        write_choice(runs[address][0], 200, 300)
        write_run(runs[address][1], [evaluation(300, 30.0)])
    write_choice(runs["7.2"][1], 300, 300)
    write_run(runs["7.3"][0], [evaluation(100, 60.0), evaluation(300, 40.0)])
    write_choice(runs["7.3"][0], 100, 100)
    table = result_table(table_of(study, runs))
    columns = dict(zip(table.headings, zip(*table.rows, strict=True), strict=True))
    assert columns["choice"] == ("50.0 (n=1)", "40.0 ± 14.1", "-") and columns["best"] == ("45.0 ± 21.2", "45.0 ± 21.2", "60.0")
    assert columns["mIoU"][2] == "40.0"
    assert "its labels have chosen" in table.legend and table.legend in markdown(table)


def test_columns_that_nothing_fills_are_left_out(tmp_path):
    study, runs = make_study(tmp_path, ["a"])
    table = result_table(table_of(study, runs))
    assert not {"published", "choice", "best"} & {*table.headings} and table.legend == ""
    study, runs = make_study(tmp_path, ["a"], published=[Published(mean=50.0, note="test split")])
    headings = result_table(table_of(study, runs)).headings
    assert "published" in headings and "difference" not in headings


def test_demo_runs_are_not_set_against_the_paper(tmp_path):
    study, runs = make_study(tmp_path, ["a"], published=[Published(mean=50.0)], base="configs/demo/demoHR2demoHR_hrda.py")
    headings = result_table(table_of(study, runs)).headings
    assert "published, full training" in headings and "difference" not in headings


def test_differences_have_a_sign():
    assert [difference_cell(value) for value in (0.26, -0.04, -1.25, None)] == ["+0.3", "+0.0", "-1.2", "-"]


def test_returns_for_a_lost_class_are_named(tmp_path):
    study, runs = make_study(tmp_path, ["a"], seeds=(0,))
    write_run(runs["7.1"][0], [evaluation(1000, 44.0, returns=[{"iteration": 900, "lost": ["road"], "back_to": 700}])])
    assert result_table(table_of(study, runs)).notes == ("7.1 a, seed 0: went back to 700 for road, seen on the validation data",)


def test_dead_classes_are_named(tmp_path):
    study, runs = make_study(tmp_path, ["a"], seeds=(0, 1, 2))
    alive = {"train": 43.2, "bus": 60.0, "rider": 0.2}
    write_run(runs["7.1"][0], [evaluation(500, 40.0, alive), evaluation(1000, 41.0, {**alive, "rider": 30.0})])
    write_run(runs["7.1"][1], [evaluation(8000, 40.0, alive), evaluation(9000, 41.0, {**alive, "train": 0.0})])
    write_run(runs["7.1"][2], [evaluation(400, 40.0, {"train": 43.2}), evaluation(499, 9.0, {"train": 0.9})], finished=False)
    assert result_table(table_of(study, runs)).notes == (
        "7.1 a, seed 1: train died (best 43.2 at 8,000); never learned: rider",
        "7.1 a, seed 2: train died (best 43.2 at 400)",
    )


def test_iou_per_class(study_and_runs):
    table = class_table(table_of(*study_and_runs))
    assert table.headings == ("class", "7.1", "7.2")
    assert table.rows == (("road", "85.0", "70.0"), ("train", "20.0", "-"), ("mean", "43.0", "41.3"))


def test_published_classes_stand_beside_the_measured_ones(study_and_runs):
    table = table_of(*study_and_runs)
    rows = [replace(row, row=replace(row.row, also_published={"IoU.road": 88.5})) if row.address == "7.1" else row for row in table.rows]
    table = class_table(replace(table, rows=tuple(rows)))
    assert table.headings == ("class", "7.1", "published 7.1", "7.2")
    assert table.rows == (("road", "85.0", "88.5", "70.0"), ("train", "20.0", "-", "-"), ("mean", "43.0", "45.0", "41.3"))


def test_per_class_on_request_and_where_measured(study_and_runs):
    assert [len(study_tables(collect(*study_and_runs), per_class=asked)) for asked in (False, True)] == [1, 2]
    study, runs = study_and_runs
    assert len(study_tables(collect(study, {"7.4": runs["7.4"]}), per_class=True)) == 1


def test_markdown_is_aligned_and_escaped(study_and_runs):
    text = markdown(result_table(table_of(*study_and_runs)))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 6 and len({len(line) for line in lines}) == 1
    borders = [position for position, character in enumerate(lines[0]) if character == "|"]
    assert all(line[position] == "|" for line in lines for position in borders)
    assert r"one \| \[bold\]" in text and text.startswith("## 7: Components\n\n|")
    rules = lines[1].strip("| ").split(" | ")
    assert [rule.endswith(":") for rule in rules] == [False, False, *[True] * 9] and all(set(rule) <= {"-", ":"} for rule in rules)


def test_printed_text_is_no_markup(study_and_runs, capsys):
    print_study(*study_and_runs)
    printed = capsys.readouterr().out
    for cell in ("7: Components", "43.0 ± 1.4", "one | [bold]", "interrupted: iteration 2,000", "50.0 (test split)", "not run"):
        assert cell in printed


def test_a_study_that_never_ran_prints_its_rows(tmp_path, capsys):
    study, runs = make_study(tmp_path, ["first row", "second row"])
    print_tables(study_tables(collect(study, runs)))
    printed = capsys.readouterr().out
    assert "first row" in printed and "second row" in printed and "not run" in printed
