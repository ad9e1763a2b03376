"""Where a number comes from, as far as anybody can know."""

import json
import subprocess

import numpy as np
import pytest

from mmseg.engine.provenance.code import code_state
from mmseg.engine.provenance.data import labels_hash, statistics_hash
from mmseg.engine.provenance.machine import hardware, versions
from mmseg.engine.provenance.record import origin_of, provenance
from mmseg.evaluation.image_counts import of_confusions
from mmseg.utils.products.json_file import checked_product

UNKNOWN = {"commit": None, "clean": None}


def git(folder, *arguments):
    name = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *name, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("1\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "a")
    code_state.cache_clear()
    yield tmp_path
    code_state.cache_clear()


def test_a_clean_tree_and_one_that_is_not(repository):
    clean = code_state(repository)
    assert clean["clean"] is True and len(clean["commit"]) == 40
    (repository / "new.py").write_text("")
    assert code_state(repository) == clean, "asked once: what runs is what was imported"
    code_state.cache_clear()
    assert code_state(repository) == {**clean, "clean": False}
    (repository / "new.py").unlink()
    (repository / "a.py").write_text("2\n")
    code_state.cache_clear()
    assert code_state(repository)["clean"] is False


def test_no_repository_and_that_of_somebody_else(repository, tmp_path_factory):
    assert code_state(tmp_path_factory.mktemp("plain")) == UNKNOWN
    (repository / "site-packages").mkdir()
    assert code_state(repository / "site-packages") == UNKNOWN


def test_without_git(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert code_state(repository) == UNKNOWN


def test_a_variable_of_git_leads_nowhere_else(repository, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("other")))
    assert code_state(repository)["clean"] is True


def test_versions_and_hardware():
    assert versions()["numpy"] == np.__version__ and {"mmseg", "torch", "python", "timm"} <= versions().keys()
    found = hardware("cpu")
    assert found["device"] == "cpu" and found["cpu"] and found["threads"] >= 1 and found["processes"] == 1


def test_statistics_are_those_that_the_config_names(tmp_path):
    dataset = {"source": {"data_root": str(tmp_path / "gta")}, "target": {"labels": str(tmp_path / "own")}}
    assert statistics_hash(dataset) is None
    for folder, name in (("gta", "sample_class_stats.json"), ("own", "label_counts.json")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("[]")
    both = statistics_hash(dataset)
    assert len(both) == 64 and both != statistics_hash({"source": dataset["source"]})
    (tmp_path / "own" / "label_counts.json").write_text("[1]")
    assert statistics_hash(dataset) != both
    joined = {"data_root": str(tmp_path), "ann_dir": "gta"}
    assert statistics_hash([joined]) == statistics_hash({"source": dataset["source"]})


def test_labels_are_known_by_their_pixels():
    matrices = list(np.random.default_rng(0).integers(0, 9, (3, 2, 2)))
    counts = of_confusions(matrices, ("a", "b"))
    assert labels_hash(counts) == labels_hash(of_confusions([matrix[:, ::-1] for matrix in matrices], ("a", "b")))
    assert labels_hash(counts) != labels_hash(of_confusions(matrices[::-1], ("a", "b")))
    assert labels_hash(counts) != labels_hash(of_confusions(matrices, ("a", "c")))


def test_the_entry_of_a_result():
    alone = provenance("1a2b3c4d", "cpu")
    assert "trained_by" not in alone and alone["weights"] == {"checkpoint": None, "initial": None}
    json.dumps(alone)
    origin = origin_of({"hooks": {"ResultHook": {"commit": "c", "clean": False, "initial": "i", "statistics": None}}})
    known = provenance("1a2b3c4d", "cpu", checkpoint="w", labels="l", origin=origin)
    assert known["trained_by"] == {"commit": "c", "clean": False} and known["weights"] == {"checkpoint": "w", "initial": "i"}
    assert known["data"] == {"statistics": None, "labels": "l"} and checked_product(known, "a", dict, "") == known


@pytest.mark.parametrize("content", [{}, {"hooks": None}, {"hooks": {"ResultHook": 3}}, {"hooks": {"ResultHook": {"commit": [1]}}}])
def test_what_a_checkpoint_of_others_says(content):
    assert set(origin_of(content).values()) == {None}
