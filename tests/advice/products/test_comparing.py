"""Advice about rows and runs that are compared."""

import json

import numpy as np
import pytest

import experiments
from mmseg.apis.comparing.report import compare_sides
from mmseg.apis.comparing.rows import read_side
from mmseg.evaluation.image_counts import of_confusions, read_image_counts
from mmseg.utils.errors import UserError
from tests.advice.following import advice
from tests.apis.fake_study import evaluation, make_study, write_run


def write_folder(folder, seed, *, classes=("road", "car"), labels=9, **result):
    folder.mkdir(parents=True)
    counts = of_confusions([np.array([[labels, 1], [1, 5]])] * 2, classes)
    metrics = {"mIoU": counts.all, **{f"IoU.{name}": 50.0 for name in classes}}
    (folder / "result.json").write_text(json.dumps({"iteration": 1, "metrics": metrics, "seed": seed, **result}))
    counts.write(folder / "images.npz")
    return folder


def side(*folders):
    return read_side(",".join(map(str, folders)), experiments.STUDIES)


def test_forms(tmp_path, monkeypatch):
    for text in (str(tmp_path / "nothing"), ","):
        advice(
            "Give a row such as 44.7.4, the folder of a run, several with commas between them, or a pattern in quotes",
            lambda text=text: side(text),
        )
    first, second = (write_folder(tmp_path / f"run_s{seed}", seed) for seed in (0, 1))
    assert side(first).folders == {0: first}
    assert side(first, second).folders == side(tmp_path / "run_s*").folders == {0: first, 1: second}
    study, runs = make_study(tmp_path, ["only"], seeds=(0,))
    monkeypatch.setitem(experiments.STUDIES, 44, study)
    options = {"work_dir": str(tmp_path / "runs")}
    said = advice("Run it: python run_experiments.py --exp {} --only {}", lambda: read_side("44.7.1", experiments.STUDIES, options=options))
    assert said[:2] == ["44", "7.1"]
    write_run(runs["7.1"][0], [evaluation(1, 40.0)])
    assert read_side("44.7.1", experiments.STUDIES, options=options).values() == {0: 40.0}


def test_a_run_that_has_not_finished(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    advice("does not exist: no training has finished there. Let it finish, or give the folder of another run.", lambda: side(run))
    assert side(write_folder(tmp_path / "finished", 0)).values().keys() == {0}


def test_results(tmp_path):
    without = write_folder(tmp_path / "without", None)
    (without / "result.json").write_text(json.dumps({"iteration": 1, "metrics": {"mIoU": 1.0}}))
    advice("does not say its seed. Compare runs of tools/train.py or run_experiments.py.", lambda: side(without))
    unlabelled = write_folder(tmp_path / "unlabelled", 0, metrics={})
    advice("has no {}. Compare runs that were evaluated with labels.", lambda: side(unlabelled).values())
    first, same = (write_folder(tmp_path / name, 0) for name in ("a", "b"))
    advice("have the same seed {}. Name the runs of one row.", lambda: side(first, same))
    assert compare_sides(side(first), side(same))[0].difference == 0


def test_pairs(tmp_path):
    first, second = (write_folder(tmp_path / name, seed) for seed, name in enumerate("ab"))
    advice("Train a seed that both have.", lambda: compare_sides(side(first), side(second)))
    other = write_folder(tmp_path / "c", 0, classes=("road", "tram"))
    advice("have other classes ({}). Compare runs of one list of classes.", lambda: compare_sides(side(first), side(other)))
    data = write_folder(tmp_path / "d", 0, labels=8)
    pair = side(first), side(data)
    advice("Evaluate both on the same data with tools/test.py, or compare other runs.", lambda: compare_sides(*pair))
    assert compare_sides(side(first), side(write_folder(tmp_path / "e", 0)))[0].images == 2


def test_broken_counts(tmp_path):
    first, second = (write_folder(tmp_path / name, 0) for name in "ab")
    file = first / "images.npz"
    np.savez(file, **{name: np.zeros(2) for name in ("hits", "truth", "guess", "absent")}, header=np.array("{}"))
    advice("holds no {}. Remove it: comparisons are over seeds alone then. Evaluating the checkpoint with", lambda: read_image_counts(file))
    file.write_bytes(b"")
    with pytest.raises(UserError, match=r"cut off.* Remove it: comparisons are over seeds alone then"):
        compare_sides(side(first), side(second))
    (first / "images.npz").unlink()
    assert compare_sides(side(first), side(second))[1] == [first]
    assert read_image_counts(second / "images.npz").classes == ("road", "car")
