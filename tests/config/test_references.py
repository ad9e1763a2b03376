"""What a config takes from an earlier stage: names, then digests, then paths."""

import pytest
from mmengine.config import Config

from mmseg.config.identity import digest
from mmseg.config.references import from_stage, references, used_digests, with_digests, with_paths
from mmseg.utils.errors import UserError
from mmseg.utils.storage.run_folder import RESULT

CONFIG = {
    "seed": 0,
    "load_from": from_stage("source", "checkpoint"),
    "uda": {"priors": from_stage("priors", "priors.json"), "thresholds": (0.5, from_stage("source", "best"))},
    "model": {"type": "stages: a text that only begins alike"},
}
DIGESTS = {"source": "01234567", "priors": "89abcdef"}


def resolved() -> Config:
    return with_digests(Config(CONFIG), DIGESTS)


def test_digests_take_the_place_of_names():
    cfg = resolved()
    assert cfg.load_from == "run:01234567/checkpoint" and cfg.uda.priors == "run:89abcdef/priors.json"
    assert cfg.uda.thresholds == (0.5, "run:01234567/best") and cfg.model == CONFIG["model"]
    assert used_digests(cfg) == ["01234567", "89abcdef"] and len(list(references(cfg))) == 3
    renamed = with_digests(cfg, {"01234567": "11111111", "89abcdef": "22222222"})
    assert used_digests(renamed) == ["11111111", "22222222"]


def test_a_config_without_references_is_left_alone(tmp_path):
    cfg = Config({"seed": 0, "load_from": "weights.pth"})
    assert with_digests(cfg, {}) is cfg and with_paths(cfg, tmp_path) is cfg and used_digests(cfg) == []


def test_a_digest_covers_those_that_it_uses():
    other = with_digests(Config(CONFIG), {**DIGESTS, "priors": "fedcba98"})
    assert digest(resolved()) != digest(other)
    assert digest(resolved()) == digest(resolved())


@pytest.fixture
def runs(tmp_path):
    """Two finished runs with their products."""
    for name, products in {"a_s0_01234567": ("latest.pth", "best.pth"), "renamed_89abcdef": ("priors.json",)}.items():
        (tmp_path / name).mkdir()
        for file in (*products, RESULT):
            (tmp_path / name / file).touch()
    return tmp_path


def test_paths_take_the_place_of_digests(runs, monkeypatch):
    monkeypatch.chdir(runs.parent)
    cfg = with_paths(resolved(), runs.relative_to(runs.parent))
    assert cfg.load_from == str(runs / "a_s0_01234567/latest.pth")
    assert cfg.uda.priors == str(runs / "renamed_89abcdef/priors.json")
    assert cfg.uda.thresholds == (0.5, str(runs / "a_s0_01234567/best.pth"))


def refusal(cfg: Config, runs) -> str:
    with pytest.raises(UserError) as caught:
        with_paths(cfg, runs)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_what_is_missing_is_named_with_the_command(runs):
    folder, priors = runs / "a_s0_01234567", runs / "renamed_89abcdef/priors.json"
    priors.unlink()
    again = f"python run_experiments.py --config {priors.parent}/config.py --cfg-options work_dir={runs}"
    assert refusal(resolved(), runs).endswith(f"{priors} is gone. Make it anew with: {again}")
    priors.touch()
    (folder / "best.pth").unlink()
    assert f"{folder / 'best.pth'} is gone. Put it back, or move {folder} elsewhere" in refusal(resolved(), runs)
    (folder / RESULT).unlink()
    assert f"is not finished. Finish it with: python run_experiments.py --config {folder}/config.py " in refusal(resolved(), runs)
    (folder / "latest.pth").unlink()
    folder.rmdir()
    assert "no folder in" in refusal(resolved(), runs) and "run_experiments.py --exp ID --only ROW" in refusal(resolved(), runs)
    assert "is known within a row of a study alone" in refusal(Config(CONFIG), runs)


def test_a_stage_that_is_not_there():
    with pytest.raises(UserError, match=r"stage:priors/priors\.json is no product of an earlier stage of this row\. Did you mean 'prior'"):
        with_digests(Config(CONFIG), {"source": "01234567", "prior": "89abcdef"})
