"""What a resume does with each difference of two configs, and that the documentation says the same."""

from copy import deepcopy

import pytest
from mmengine.config import Config

from mmseg.config.differences import LONGER, MEANINGS, MISSING, NOT_COMPARED, Kind, differences, meaning_of
from mmseg.config.identity import LOADING, NOT_IDENTITY, OF_EVALUATIONS
from mmseg.config.schedule import resolve_ends
from mmseg.utils.repository import ROOT


def config() -> dict:
    """As far as it matters here, with the published schedule for 100 iterations."""
    return {
        "seed": 0,
        "work_dir": "a",
        "scale": 1.0,
        "model": {
            "pretrained": "a.pth",
            "decode_head": {"loss_decode": {"loss_weight": 1.0}, "channels": 8},
            "test_cfg": {"mode": "whole"},
        },
        "uda": {"alpha": 0.999, "data_preprocessor": {"mean": [1, 2, 3]}},
        "train_dataloader": {
            "batch_size": 2,
            "num_workers": 4,
            "dataset": {"source": {"data_root": "a", "classes": ["x", "y"]}, "crop_pseudo_margins": [1, 2]},
        },
        "val_dataloader": {"dataset": {"data_root": "a"}},
        "optim_wrapper": {"optimizer": {"type": "AdamW", "lr": 6e-5, "betas": (0.9, 0.999)}, "clip_grad": None},
        "param_scheduler": [{"type": "LinearLR", "end": 11}, {"type": "PolyLR", "power": 1.0, "end": 101}],
        "train_cfg": {"max_iters": 100, "val_interval": 10},
        "default_hooks": {"logger": {"interval": 50}},
        "custom_hooks": [{"type": "PictureHook", "interval": 5}, {"type": "BaseStylesHook", "interval": 9, "workers_per_gpu": 1}],
    }


def changed(**values: object) -> dict:
    """The config with other values; keys are written with two underscores for a dot."""
    cfg = deepcopy(config())
    for key, value in values.items():
        *path, last = key.split("__")
        place = cfg
        for name in path:
            place = place[int(name) if isinstance(place, list) else name]
        place[int(last) if isinstance(place, list) else last] = value
    return cfg


def found(**values: object) -> list[tuple[str, Kind, str]]:
    return [(difference.key, difference.kind, difference.meaning) for difference in differences(config(), changed(**values))]


@pytest.mark.parametrize(
    ("option", "kind"), [("workers_per_gpu", Kind.APPLIES), ("interval", Kind.NEEDS_WORD), ("samples", Kind.NEEDS_WORD)]
)
def test_a_hook_that_may_train_has_its_name_in_the_key(option, kind):
    (found,) = differences(config(), changed(**{f"custom_hooks__1__{option}": 7}))
    assert (found.key, found.new, found.kind) == (f"custom_hooks.BaseStylesHook.{option}", 7, kind)
    (gone,) = differences(config(), {**config(), "custom_hooks": config()["custom_hooks"][:1]})
    assert (gone.key, gone.new, gone.kind) == ("custom_hooks.BaseStylesHook", MISSING, Kind.NEEDS_WORD)


@pytest.mark.parametrize(
    ("change", "kind", "meaning"),
    [
        ({"train_dataloader__num_workers": 0}, Kind.APPLIES, "speed of loading"),
        ({"train_dataloader__dataset__source__data_root": "b"}, Kind.APPLIES, "where the data lie"),
        ({"val_dataloader__dataset__data_root": "b"}, Kind.APPLIES, "what evaluations measure; the best score so far stays"),
        ({"default_hooks__logger__interval": 5}, Kind.APPLIES, "logs, states, patience with steps that are not finite"),
        ({"custom_hooks__0__interval": 7}, Kind.APPLIES, "pictures, curves"),
        ({"train_cfg__val_interval": 7}, Kind.APPLIES, "when evaluations are made"),
        ({"model__pretrained": None}, Kind.APPLIES, "starting weights, which a resume replaces"),
        ({"optim_wrapper__optimizer__lr": 1e-3}, Kind.NEEDS_WORD, "learning rate"),
        ({"param_scheduler__1__power": 0.9}, Kind.NEEDS_WORD, "learning rate over the iterations"),
        ({"param_scheduler__1__end": 51}, Kind.NEEDS_WORD, "learning rate over the iterations"),
        ({"param_scheduler": []}, Kind.NEEDS_WORD, "learning rate over the iterations"),
        ({"train_dataloader__batch_size": 4}, Kind.NEEDS_WORD, "images of an iteration, and which ones follow"),
        ({"train_dataloader__dataset__source__classes": ["y", "x"]}, Kind.NEEDS_WORD, "which class each output of the network is"),
        ({"train_dataloader__dataset__crop_pseudo_margins": [1, 3]}, Kind.NEEDS_WORD, "what the network sees"),
        ({"model__decode_head__loss_decode__loss_weight": 2.0}, Kind.NEEDS_WORD, "loss"),
        ({"model__decode_head__channels": 9}, Kind.NEEDS_WORD, "the network"),
        ({"uda__alpha": 0.9}, Kind.NEEDS_WORD, "the method"),
        ({"uda__data_preprocessor__mean": [3, 2, 1]}, Kind.NEEDS_WORD, "normalisation of the images"),
        ({"precision": "bf16"}, Kind.NEEDS_WORD, "precision of the steps"),
        ({"something": 1}, Kind.NEEDS_WORD, "unknown"),
        ({"seed": 1}, Kind.EXCLUDED, "all random draws"),
        ({"optim_wrapper__optimizer__type": "SGD"}, Kind.EXCLUDED, "another optimizer, which has no use for this state"),
    ],
    ids=str,
)
def test_one_difference(change, kind, meaning):
    ((key, *rest),) = found(**change)
    assert key == next(iter(change)).replace("__", ".") and rest == [kind, meaning]


def test_what_is_only_written_otherwise():
    assert not found()
    same = {"optim_wrapper__optimizer__betas": [0.9, 0.999], "model__decode_head__loss_decode__loss_weight": 1, "precision": "fp32"}
    assert not found(**same, work_dir="b", scale=0.5, load_from="x.pth", launcher="pytorch")
    nan = {"uda": {"alpha": float("nan")}}
    assert not differences(nan, deepcopy(nan))


def test_entries_that_one_config_lacks():
    cfg = config()
    del cfg["uda"]["alpha"]
    (difference,) = differences(config(), cfg)
    assert difference.new is MISSING and str(difference) == "uda.alpha 0.999 -> (absent) (the method)"


def test_long_values_are_cut():
    (difference,) = differences({"uda": {"weights": list(range(100))}}, {"uda": {"weights": [1]}})
    assert str(difference).startswith("uda.weights [0, 1, 2, ") and "… -> [1] (the method)" in str(difference)


@pytest.mark.parametrize(
    ("change", "applies"),
    [
        ({"train_cfg__max_iters": 200, "param_scheduler__1__end": 201}, True),
        ({"train_cfg__max_iters": 200}, False),  # at the last value from 100 on
        ({"train_cfg__max_iters": 200, "param_scheduler__1__end": 151}, False),
        ({"train_cfg__max_iters": 200, "param_scheduler__1__end": 201, "param_scheduler__0__end": 21}, False),
        ({"train_cfg__max_iters": 50, "param_scheduler__1__end": 51}, False),
    ],
    ids=str,
)
def test_a_longer_training(change, applies):
    meanings = {meaning for _, kind, meaning in found(**change) if kind is Kind.APPLIES}
    assert meanings == ({LONGER} if applies else set())
    assert len(found(**change)) == len(change)


def test_a_training_that_ended_before_its_schedule_goes_on_with_it():
    short = changed(train_cfg__max_iters=10)  # at 10, where the warm-up happens to end as well
    assert [difference.kind for difference in differences(short, config())] == [Kind.APPLIES]


def test_an_end_that_no_config_names_follows():
    old, new = ({"train_cfg": {"max_iters": length}, "param_scheduler": [{"type": "PolyLR"}]} for length in (100, 300))
    ends = [resolve_ends(Config(cfg)).to_dict() for cfg in (old, new)]
    assert {difference.meaning for difference in differences(*ends)} == {LONGER}


def test_what_a_launcher_may_change_applies():
    """It resumes a run of the same digest, which covers neither of these."""
    for key in (*NOT_IDENTITY, *OF_EVALUATIONS):
        assert key in NOT_COMPARED or meaning_of(f"{key}.x")[0] is Kind.APPLIES
    assert {meaning_of(f"train_dataloader.{key}")[0] for key in LOADING} == {Kind.APPLIES}


def test_the_documentation_has_the_same_table():
    rows = [f"| `{pattern}` | {kind.value} | {meaning} |" for pattern, kind, meaning in MEANINGS]
    text = (ROOT / "docs" / "resume.md").read_text()
    assert "\n".join(rows) in text and text.count("\n| `") == len(rows)
    for key in set(NOT_COMPARED[:5]):
        assert f"`{key}`" in text
