"""python tools/compare.py: rows and folders, what it says and refuses."""

import json

import numpy as np
import pytest

import experiments
from mmseg.evaluation.image_counts import of_confusions
from tests.apis.fake_study import evaluation, make_study, write_run
from tools import compare, summarize

CLASSES = ("road", "train")


def counts_of(iou, images=20, seed=0):
    """Counts of images whose mIoU is nearly that (percent): of 2000 pixels, half of them of each class; (1 - e) / (1 + e) = IoU."""
    error = (100 - iou) / (100 + iou)
    wrong = np.round(1000 * (error + np.random.default_rng(seed).uniform(-0.02, 0.02, images))).astype(int)
    return of_confusions([np.array([[1000 - each, each], [each, 1000 - each]]) for each in wrong], CLASSES)


def write_folder(folder, seed, mean=None, counts=None, classes=CLASSES):
    mean = counts.all if mean is None else mean
    folder.mkdir(parents=True)
    metrics = {"mIoU": mean, **{f"IoU.{name}": mean for name in classes}}
    (folder / "result.json").write_text(json.dumps({"iteration": 9, "metrics": metrics, "seed": seed}))
    if counts is not None:
        counts.write(folder / "images.npz")
    return folder


@pytest.fixture
def groups(tmp_path):
    """Row a at 40, row b at 50 mIoU, three seeds each, with counts of their images."""
    for name, mean in (("a", 40.0), ("b", 50.0)):
        for seed in range(3):
            write_folder(tmp_path / f"{name}_s{seed}_0", seed, counts=counts_of(mean + 0.3 * seed, seed=seed))
    return tmp_path


def test_groups_of_folders(groups, works):
    printed = works(compare.main, groups / "a_s*", ",".join(str(groups / f"b_s{seed}_0") for seed in range(3)))
    assert "B is better: the interval excludes 0." in printed and "over 20 images, drawn 10,000 times and 3 seeds by Student's t" in printed
    assert "To see 0.5 mIoU in 80% of all comparisons (at 5%)" in printed
    assert works(compare.main, groups / "a_s*", groups / "b_s*").splitlines()[2:] == printed.splitlines()[2:]
    turned = works(compare.main, groups / "b_s*", groups / "a_s*")
    assert "A is better" in turned


def test_no_evidence(groups, works):
    same = works(compare.main, groups / "a_s*", groups / "a_s*")
    assert "No evidence of a difference: the interval holds 0." in same and "these 3 seeds are enough" in same


def test_what_one_seed_can_say(groups, works):
    printed = works(compare.main, groups / "a_s1_0", groups / "b_s1_0")
    assert "One seed. Of these two networks: B is better on images like these. Of the rows: nothing" in printed
    assert "is known from two on" in printed
    for name in ("a", "b"):
        (groups / f"{name}_s1_0" / "images.npz").unlink()
    printed = works(compare.main, groups / "a_s1_0", groups / "b_s1_0")
    assert "One seed, and no counts of images: nothing can be said" in printed and "95%" not in printed


def test_without_counts_it_is_over_seeds_alone(groups, works):
    (groups / "b_s2_0" / "images.npz").unlink()
    printed = works(compare.main, groups / "a_s*", groups / "b_s*")
    assert f"Over the seeds alone: {groups / 'b_s2_0'} kept no counts of its images" in printed
    assert "(over 3 seeds by Student's t)" in printed


def test_counts_of_another_state_do_not_count(groups, works):
    counts_of(20).write(groups / "b_s2_0" / "images.npz")
    assert "Over the seeds alone" in works(compare.main, groups / "a_s*", groups / "b_s*")
    (groups / "b_s2_0" / "eval").mkdir()
    counts_of(50.6, seed=2).write(groups / "b_s2_0" / "eval" / "latest.npz")
    assert "over 20 images" in works(compare.main, groups / "a_s*", groups / "b_s*")


def test_seeds_without_a_partner_are_left_out(groups, works):
    printed = works(compare.main, groups / "a_s[12]*", groups / "b_s*")
    assert "Left out, as only B has it: seed 0." in printed and "2 seeds by Student's t" in printed


@pytest.fixture
def study(tmp_path, monkeypatch):
    study, runs = make_study(tmp_path, ["without", "with", "open"], seeds=(0, 1, 2))
    for seed in range(3):
        write_run(runs["7.1"][seed], [evaluation(1000, 40.0 + seed, {"road": 90.0})])
        write_run(runs["7.2"][seed], [evaluation(1000, 42.0 + seed + 0.1 * seed, {"road": 90.0})])
    monkeypatch.setitem(experiments.STUDIES, 7, study)
    return ("--cfg-options", f"work_dir={str(tmp_path / 'runs')!r}")


def test_rows(study, works, fails):
    printed = works(compare.main, "7.7.1", "7.7.2", *study)
    assert "A: 7.7.1 without\nB: 7.7.2 with\n" in printed and "B is better" in printed
    assert "Left out, as only A has it: seed 0." not in printed
    assert "No pair to compare: " in fails(compare.main, "7.7.1", write_folder_beside(study), *study)


def write_folder_beside(study):
    from pathlib import Path

    return write_folder(Path(study[1].split("'")[1]) / "other", 9, mean=40.0, classes=["road"])


def test_summarize_marks_rows(study, works, tmp_path):
    printed = works(summarize.main, "7", "--out", tmp_path / "out", *study)
    assert "to row above" in printed and "+2.1 *" in printed and "≈ no evidence" in printed
    assert "+2.1 \\*" in (tmp_path / "out" / "summary.md").read_text()


def test_mistakes(study, groups, fails, tmp_path):
    """Each is one line; its advice is followed."""
    line = fails(compare.main, "7.7.3", "7.7.1", *study)
    assert line == "7.7.3 has no finished run. Run it: python run_experiments.py --exp 7 --only 7.3"
    assert fails(compare.main, "7.7.9", "7.7.1", *study) == "7.7.9: study 7 has no row 7.9. Its rows: 7.1, 7.2, 7.3."
    assert fails(compare.main, "nowhere", groups / "a_s*").startswith("nowhere is no folder, and no folder is called so. Give a row")
    assert fails(compare.main, ",", groups / "a_s*").startswith(", is no folder, and no folder is called so.")
    assert "have the same seed 0. Name the runs of one row." in fails(compare.main, groups / "[ab]_s0_0", groups / "a_s*")
    (tmp_path / "empty").mkdir()
    assert "result.json does not exist" in fails(compare.main, tmp_path / "empty", groups / "a_s*")
    write_folder(tmp_path / "c_s0_0", 0, counts=counts_of(50, images=19))
    assert "were evaluated on different images or labels" in fails(compare.main, groups / "a_s0_0", tmp_path / "c_s0_0")
    write_folder(tmp_path / "d_s0_0", 0, mean=30.0, classes=["road", "tram"])
    assert "have other classes (train, tram)" in fails(compare.main, groups / "a_s0_0", tmp_path / "d_s0_0")
    (groups / "a_s0_0" / "images.npz").write_bytes(b"no archive")
    assert fails(compare.main, groups / "a_s0_0", groups / "b_s0_0").endswith("writes new counts.")


def test_a_training_leaves_counts(trained, works):
    """Its result can be compared over images; with itself it is equal."""
    printed = works(compare.main, trained, trained)
    assert "over 2 images" in printed and "no evidence of a difference on images like these" in printed
