"""The curves of log files."""

import itertools
import json

from mmseg.apis.viewing.curves import MOST, read_curves, thinned


def log(run, start: str, *lines: object) -> None:
    folder = run / start / "vis_data"
    folder.mkdir(parents=True)
    (folder / "scalars.json").write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))


def test_a_resumed_training_goes_on_where_it_was_resumed(tmp_path):
    log(tmp_path, "20260102", {"loss": 0.5, "iter": 20, "step": 20}, {"loss": 0.25, "iter": 30, "step": 30})
    log(tmp_path, "20260101", {"loss": 1.0, "iter": 10, "step": 10}, {"loss": 9.0, "iter": 20, "step": 20})
    assert read_curves(tmp_path) == {"loss": [(10, 1.0), (20, 0.5), (30, 0.25)]}


def test_what_is_no_value_is_left_out(tmp_path):
    evaluation = {"mIoU": 12, "IoU.train": float("nan"), "time": 3.0, "data_time": 2.0, "step": 20}
    broken = ('{"loss": 1', "[1]", "{}", '{"loss": 1, "step": -1}', '{"loss": 1, "step": "a"}', '{"loss": 1e999, "step": 3}', "[" * 10**5)
    training = {"time": 0.5, "name": "x", "big": 10**400, "iter": 10, "step": 10}
    log(tmp_path, "20260101", training, evaluation, *broken)
    assert read_curves(tmp_path) == {"time": [(10, 0.5)], "mIoU": [(20, 12.0)]}


def test_files_elsewhere_are_not_read(tmp_path):
    log(tmp_path / "other", "20260101", {"loss": 1.0, "step": 1})
    (tmp_path / "run").mkdir()
    (tmp_path / "run/20260101").symlink_to(tmp_path / "other/20260101")
    assert read_curves(tmp_path / "run") == {}
    assert read_curves(tmp_path / "nothing") == {}


def test_long_curves_are_thinned():
    points = [(step, 0.0) for step in range(10 * MOST + 3)]
    short = thinned(points)
    assert len(short) <= MOST and short[-1] == points[-1] and {b - a for (a, _), (b, _) in itertools.pairwise(short)} == {11}
    assert thinned(points[:MOST]) == points[:MOST] and thinned([]) == []
