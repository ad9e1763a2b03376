"""The config of every row equals the upgrade of the published one, field by field."""

import json

import pytest

from experiments import STUDIES
from mmseg.config import load_config
from mmseg.config.identity import digest
from mmseg.experiments import Experiment, resolve, run_stem
from mmseg.utils.options.config_text import config_text
from tests import tiny
from tests.config.legacy.published_form import decisive, published, write_json

PUBLISHED = dict(published())
REASON = "no folder experiments (set MMSEG_REFERENCE to the reference records)"
OWN = {
    f"{number}-{run_stem(row.setup)}_s{seed}": (row.setup, seed)
    for number, study in STUDIES.items()
    for row in study.rows.values()
    if row.shared_with is None and isinstance(row.setup, Experiment)
    for seed in study.seeds
}
EXPERIMENTS = {row.setup for study in STUDIES.values() for row in study.rows.values() if isinstance(row.setup, Experiment)}


def without_exceptions(cfg) -> dict:
    """What decides a training, without what differs on purpose.

    ``subsets`` are the means over 16 and 13 classes that ours print for Synthia as well. One folder of Dark Zurich ends with
    a slash. The interval of evaluations says nothing in a start-up test: its two iterations are over before.
    """
    content = decisive(cfg)
    content["val_evaluator"].pop("subsets", None)
    for dataset in ("source", "target"):
        if dataset in content["train"]["dataset"]:
            content["train"]["dataset"][dataset]["img_dir"] = content["train"]["dataset"][dataset]["img_dir"].rstrip("/")
    if content["train_cfg"]["max_iters"] == 2:
        content["train_cfg"].pop("val_interval")
    return content


@pytest.mark.parametrize("name", sorted(PUBLISHED) or [pytest.param(None, marks=pytest.mark.skip(reason=REASON))])
def test_a_row_equals_the_published_config(tmp_path, name):
    experiment, seed = OWN[name]
    upgraded = load_config(write_json(tmp_path, PUBLISHED[name]))
    assert without_exceptions(resolve(experiment, seed)) == without_exceptions(upgraded)


def test_a_config_reads_again_with_the_same_digest(tmp_path):
    cfg = resolve(STUDIES[5].rows["5.2"].setup, 3)  # class_temp is infinite
    file = tmp_path / "native.py"
    file.write_text(config_text(cfg))
    assert digest(load_config(file)) == digest(cfg) and load_config(file).to_dict() == json_like(cfg, load_config(file))


def json_like(cfg, other):
    """The content of ``cfg`` where both agree as JSON, so that lists and tuples compare equal."""
    same = json.dumps(cfg.to_dict(), sort_keys=True) == json.dumps(other.to_dict(), sort_keys=True)
    return other.to_dict() if same else cfg.to_dict()


def test_digests_tell_all_experiments_and_seeds_apart():
    runs = [(experiment, seed) for experiment in EXPERIMENTS for seed in (0, 1, 2)]
    by_digest = {}
    for experiment, seed in runs:
        cfg = resolve(experiment, seed)
        by_digest.setdefault(digest(cfg), set()).add(json.dumps({k: v for k, v in decisive(cfg).items() if k != "val"}, sort_keys=True))
    assert all(len(contents) == 1 for contents in by_digest.values())


@pytest.mark.parametrize(
    ("config", "number", "address"),
    [
        ("configs/hrda/gtaHR2csHR_hrda.py", 40, "gta.1"),
        ("configs/hrda/synHR2csHR_hrda.py", 40, "synthia.1"),
        ("configs/hrda/csHR2acdcHR_hrda.py", 49, "acdc.1"),
        ("configs/hrda/csHR2dzurHR_hrda.py", 49, "dzur.1"),
        ("configs/daformer/gta2cs_daformer.py", 6, "7.13"),
        ("configs/daformer/syn2cs_daformer.py", 7, "6.1"),
        ("configs/daformer/cs2acdc_daformer.py", 8, "acdc.1"),
        ("configs/daformer/cs2dzur_daformer.py", 8, "dzur.1"),
        ("configs/mic/gtaHR2csHR_mic_hrda.py", 80, "gta.1"),
        ("configs/mic/synHR2csHR_mic_hrda.py", 80, "synthia.1"),
        ("configs/mic/csHR2acdcHR_mic_hrda.py", 80, "acdc.1"),
        ("configs/mic/csHR2dzurHR_mic_hrda.py", 80, "dzur.1"),
        ("configs/mic/gta2cs_mic_daformer.py", 81, "methods.6"),
    ],
)
def test_a_headline_config_and_its_row_are_one_run(config, number, address):
    assert digest(load_config(tiny.ROOT / config)) == digest(resolve(STUDIES[number].rows[address].setup, 0))
