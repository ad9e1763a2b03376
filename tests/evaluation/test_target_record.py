"""Evaluations on several targets: read from the folder of a run, and shown beside the published numbers."""

import json
import os
from dataclasses import replace

import pytest

from experiments import STUDIES
from mmseg.apis.reporting.summary import collect
from mmseg.apis.reporting.tables import result_table
from mmseg.evaluation.target_record import target_metrics
from mmseg.utils.errors import UserError
from tests.apis.fake_study import evaluation, make_study, write_run

PLAIN = {"weights": "model", "inference_mode": "same", "preset": "paper", "hrda_out": None, "aug_test": False, "test_set": False}
METRICS = (("mIoU", "A"), ("mIoU@B", "B"), ("mIoU@A+B", "mean"))


def write(folder, name: str, age: int, options: dict | None = None, **means: float | None) -> None:
    """A record as ``tools/test.py --targets`` leaves it."""
    file = folder / "eval" / f"{name}.json"
    file.parent.mkdir(exist_ok=True, parents=True)
    targets = {target: {"metrics": {"mIoU": mean, "IoU.road": 90.0}, "images": 3} for target, mean in means.items()}
    file.write_text(json.dumps({"targets": targets, "mean": {}, "options": {**PLAIN, "cfg_options": {}, **(options or {})}}))
    os.utime(file, (1e9 - age, 1e9 - age))


def test_the_newest_evaluation_with_the_published_options_counts(tmp_path):
    assert target_metrics(tmp_path) == {}
    write(tmp_path, "latest_A_B", age=9, A=40.0, B=50.0)
    write(tmp_path, "latest_B_C", age=5, B=51.0, C=None)
    write(tmp_path, "latest_fast_A", age=1, options={"preset": "fast"}, A=1.0)
    write(tmp_path, "latest_A_1a2b3", age=1, options={"cfg_options": {"model.x": 1}}, A=2.0)
    write(tmp_path, "best_A", age=1, A=3.0)
    (tmp_path / "eval" / "latest_one.json").write_text(json.dumps({"metrics": {"mIoU": 4.0}, "options": PLAIN}))
    assert target_metrics(tmp_path) == {"mIoU@A": 40.0, "mIoU@B": 51.0, "mIoU@C": None}


def test_a_broken_file_is_one_line(tmp_path):
    write(tmp_path, "latest_A", age=1, A=40.0)
    (tmp_path / "eval" / "latest_A.json").write_text('{"targets": {"A": {"metrics": {"mIoU": "much"}}}}')
    with pytest.raises(UserError, match=r"latest_A\.json.*mIoU.*Move it elsewhere and evaluate the run again: python tools/test.py"):
        target_metrics(tmp_path)


def test_columns_of_targets(tmp_path):
    study, runs = make_study(tmp_path, ["a", "b"])
    row = replace(study.tables[0].rows[0], also_published={"mIoU@B": 47.89, "mIoU@A+B": 50.0})
    study = replace(study, tables=(replace(study.tables[0], metrics=METRICS, rows=(row, study.tables[0].rows[1])),))
    for run, mean in zip(runs["7.1"], (42.0, 44.0), strict=True):
        write_run(run, [evaluation(1000, 60.0)])
        write(run.folder, "latest_A_B", age=1, A=60.0, B=mean)
    write_run(runs["7.2"][0], [evaluation(1000, 30.0)])
    table = result_table(collect(study, runs).tables[0])
    assert table.headings == ("", "row", "n", "A", "min", "choice", "best", "B", "min", "published", "mean", "min", "published")
    assert table.rows[0][3:] == ("60.0 ± 0.0", "60.0", "-", "60.0 ± 0.0", "43.0 ± 1.4", "42.0", "47.89", "51.5 ± 0.7", "51.0", "50.0")
    assert table.rows[1][3:] == ("30.0", "30.0", "-", "30.0", "-", "", "-", "-", "", "-")


def test_the_published_means_are_those_of_the_targets():
    for row in STUDIES[50].tables[0].rows:
        numbers = [row.published.mean, *list(row.also_published.values())[:2]]
        assert row.also_published["mIoU@Cityscapes+BDD100K+Mapillary"] == pytest.approx(sum(numbers) / 3, abs=0.011)
