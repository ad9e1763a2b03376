"""What a summary makes of results: closed forms, on runs that were never trained."""

import math

import pytest

from mmseg.apis.reporting.summary import Spread, collect, deviation_curve, mean_curve
from mmseg.experiments import Published
from mmseg.utils.errors import UserError
from tests.apis.fake_study import evaluation, make_study, write_run


def summarised(study, runs):
    (table,) = collect(study, runs).tables
    return table.rows


def test_spread_of_known_numbers():
    spread = Spread.of([70.0, 71.0, 75.0])
    assert (spread.mean, spread.minimum, spread.count) == (72.0, 70.0, 3)
    assert spread.deviation == pytest.approx(math.sqrt(7))  # (4 + 1 + 9) / (3 - 1)


def test_one_seed_has_no_deviation_and_none_has_no_spread():
    assert Spread.of([70.0]) == Spread(mean=70.0, deviation=None, minimum=70.0, count=1)
    assert Spread.of([]) is None


def test_rows_take_finished_runs_alone(tmp_path):
    study, runs = make_study(tmp_path, ["a", "b"], seeds=(0, 1, 2))
    write_run(runs["7.1"][0], [evaluation(500, 10.0), evaluation(1000, 40.0)])
    write_run(runs["7.1"][1], [evaluation(1000, 50.0)])
    write_run(runs["7.1"][2], [evaluation(500, 99.0)], finished=False)
    first, second = summarised(study, runs)
    assert first.values("mIoU") == [40.0, 50.0] and first.spread("mIoU").mean == 45.0
    assert [run.state for run in first.runs] == ["finished", "finished", "interrupted"]
    assert [run.iteration for run in first.runs] == [1000, 1000, 500]
    assert second.values("mIoU") == [] and {run.state for run in second.runs} == {"open"}


def test_difference_to_what_can_be_compared(tmp_path):
    published = [Published(mean=40.0), Published(mean=40.0, note="test split"), None]
    study, runs = make_study(tmp_path, ["a", "b", "c"], published=published, seeds=(0,))
    for (run,) in runs.values():
        write_run(run, [evaluation(1000, 41.5)])
    assert [row.difference("mIoU") for row in summarised(study, runs)] == [1.5, None, None]


def test_demo_runs_are_not_compared(tmp_path):
    demo = "configs/demo/demoHR2demoHR_hrda.py"
    study, runs = make_study(tmp_path, ["a"], published=[Published(mean=40.0)], seeds=(0,), base=demo)
    write_run(runs["7.1"][0], [evaluation(1000, 41.5)])
    (row,) = summarised(study, runs)
    assert collect(study, runs).origin == "Paper, Table 7, on the demo domains"
    assert row.demo and row.spread("mIoU").mean == 41.5 and row.difference("mIoU") is None


def test_a_subset_that_an_old_result_lacks_comes_from_its_classes(tmp_path):
    study, runs = make_study(tmp_path, ["whole", "absent", "given", "unknown"], seeds=(0,))
    classes = {"pole": 10.0, "train": 30.0, "road": 90.0}
    write_run(runs["7.1"][0], [evaluation(1000, 50.0, classes)])
    write_run(runs["7.2"][0], [evaluation(1000, 50.0, {**classes, "train": None})])
    write_run(runs["7.3"][0], [evaluation(1000, 50.0, {**classes, "extra": 1.0})])
    write_run(runs["7.4"][0], [evaluation(1000, 50.0, {"pole": 10.0})])
    rows = summarised(study, runs)
    assert [row.runs[0].value("mIoU.thin") for row in rows] == [20.0, 10.0, 20.0, None]
    assert rows[0].runs[0].value("mIoU.16") is None and rows[0].runs[0].value("fwIoU") is None


def test_a_measured_subset_is_not_computed(tmp_path):
    study, runs = make_study(tmp_path, ["a"], seeds=(0,))
    entry = evaluation(1000, 50.0, {"pole": 10.0, "train": 30.0})
    entry["metrics"]["mIoU.thin"] = 77.0
    write_run(runs["7.1"][0], [entry])
    assert summarised(study, runs)[0].values("mIoU.thin") == [77.0]


def test_a_run_without_its_curve_is_judged_by_its_result(tmp_path):
    study, runs = make_study(tmp_path, ["a"], seeds=(0,))
    run = runs["7.1"][0]
    write_run(run, [evaluation(500, 1.0), evaluation(1000, 50.0, {"train": 0.0})])
    (run.folder / "evaluations.json").unlink()
    (found,) = summarised(study, runs)[0].runs
    assert found.points("mIoU") == ((1000, 50.0),) and [death.name for death in found.deaths] == ["train"]


def test_mean_curve_at_shared_iterations():
    assert mean_curve([((1, 2.0), (2, 4.0), (3, 9.0)), ((2, 6.0), (3, 1.0)), ()]) == ((2, 5.0), (3, 5.0))
    assert mean_curve([(), ()]) == () == mean_curve([])


def test_deviation_at_shared_iterations():
    assert deviation_curve([((1, 2.0), (2, 4.0)), ((2, 6.0), (3, 1.0)), ()]) == ((2, 2**0.5),)
    assert deviation_curve([((1, 2.0),), ()]) == ()


def test_curves_follow_finished_runs_else_all(tmp_path):
    study, runs = make_study(tmp_path, ["a", "b"])
    for address, finished in (("7.1", True), ("7.2", False)):
        write_run(runs[address][0], [evaluation(1000, 40.0)], finished=finished)
        write_run(runs[address][1], [evaluation(500, 20.0)], finished=False)
    first, second = summarised(study, runs)
    assert [run.seed for run in first.followed] == [0] and [run.seed for run in second.followed] == [0, 1]


@pytest.mark.parametrize("name", ["result.json", "evaluations.json"])
@pytest.mark.parametrize(
    "content", [b'{"iteration": 10', b"[1]", b'{"iteration": 1}', b"\xff\xfe\x00", b'{"iteration": 1, "metrics": {"mIoU": "x"}}']
)
def test_a_broken_file_is_named_with_the_fix(tmp_path, name, content):
    study, runs = make_study(tmp_path, ["a"], seeds=(0,))
    run = runs["7.1"][0]
    write_run(run, [evaluation(1000, 40.0)])
    (run.folder / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        collect(study, runs)
    line = str(error.value)
    assert line.startswith(str(run.folder / name)) and "Move it elsewhere" in line and "\n" not in line


def test_only_the_rows_that_were_asked_for(tmp_path):
    study, runs = make_study(tmp_path, ["a", "b"])
    summary = collect(study, {"7.2": runs["7.2"]})
    assert [row.address for row in summary.tables[0].rows] == ["7.2"]
    assert collect(study, {}).tables == ()
