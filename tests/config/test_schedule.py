"""The end of a schedule."""

import pytest
from mmengine.config import Config

from mmseg.config import load_config
from mmseg.config.identity import digest
from mmseg.config.schedule import other_ends, resolve_ends
from mmseg.experiments import resolve
from mmseg.experiments.fields import Experiment
from tests import tiny

HEADLINE = tiny.ROOT / "configs/hrda/gtaHR2csHR_hrda.py"


def ends(cfg: Config) -> list[int]:
    return [schedule["end"] for schedule in cfg.param_scheduler]


def test_the_decay_ends_with_the_training():
    assert ends(load_config(HEADLINE)) == [1501, 40001]
    shorter = load_config(HEADLINE, {"train_cfg.max_iters": 20000})
    assert ends(shorter) == [1501, 20001] and other_ends(shorter) == []
    assert ends(resolve(Experiment(), 0, {"train_cfg.max_iters": 20000})) == [1501, 20001]


def test_an_end_that_is_spelt_out_is_the_same_training():
    assert digest(load_config(HEADLINE)) == digest(load_config(HEADLINE, {"param_scheduler.1.end": 40001}))


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (
            40001,
            "PolyLR ends at iteration 40000, the training at 20000: the learning rate does not reach its last value. "
            "Shorten it, or train longer, where that is not meant.",
        ),
        (
            5001,
            "PolyLR ends at iteration 5000, the training at 20000: the learning rate stays at its last value from there on. "
            "Set its end to 20001, or leave it out, where that is not meant.",
        ),
    ],
)
def test_another_end_is_named(end, words):
    cfg = load_config(HEADLINE, {"train_cfg.max_iters": 20000, "param_scheduler.1.end": end})
    assert ends(cfg) == [1501, end]
    assert other_ends(cfg) == [words]


def test_a_config_without_a_schedule():
    assert resolve_ends(Config({"train_cfg": {"max_iters": 5}})).to_dict() == {"train_cfg": {"max_iters": 5}}
    assert "end" not in resolve_ends(Config({"param_scheduler": [{"type": "PolyLR"}]})).param_scheduler[0]
