"""Advice about configs in the 0.x form: a published run with one entry changed, and changed again as the error says."""

import ast

import pytest

from mmseg.config import load_config
from tests.advice.following import Followed, advice, table
from tests.config.legacy.published_form import changed, flattened, write_json
from tests.config.legacy.test_sections import NO_ENTRY

SOURCE, TARGET = "data.train.source", "data.train.target"


@pytest.fixture
def load(tmp_path):
    """Loads the HRDA run with changes by path."""

    def run(changes: dict):
        config = flattened(tmp_path)
        for path, value in changes.items():
            config = changed(config, path, value)
        return load_config(write_json(tmp_path, without_removed(config)))

    return run


def without_removed(value):
    """The value without entries that are :data:`NO_ENTRY`."""
    if isinstance(value, dict):
        return {key: without_removed(entry) for key, entry in value.items() if entry is not NO_ENTRY}
    return list(map(without_removed, value)) if isinstance(value, list) else value


def without(path: str):
    """A config that does not have the entry."""
    return lambda *_: {path: NO_ENTRY}


def first(path: str):
    """The first of the values that the error names, which come last."""
    return lambda *said: {path: ast.literal_eval(said[-1].split(" or ")[0])}


def nothing(*_) -> dict:
    """The run as it was published."""
    return {}


STEPS = [f"{TARGET}.pipeline.{index}" for index in range(8)]


@table(
    [
        Followed("Use one form for the whole config.", {"train_cfg": {}}, nothing),
        Followed("{} is missing. Add it.", {"data": NO_ENTRY}, nothing, "config/legacy/__init__.py"),
        Followed("{} is missing. Add it.", {"runner": NO_ENTRY}, nothing, "config/legacy/checks.py"),
        Followed("{} is {}. Write a dictionary there.", {"lr_config": 3}, lambda *_: {"lr_config": {"policy": "poly"}}),
        Followed("{} is {}. Use a whole number.", {"runner.max_iters": 1.5}, lambda path, _: {path: 2}, "legacy/checks.py"),
        Followed(
            "{} is {}. Use a list of {} whole numbers.",
            {f"{TARGET}.crop_pseudo_margins": 3},
            lambda path, _, count: {path: [1] * int(count)},
        ),
        Followed("{} is not understood. Did you mean '{}'?", {"uda.pseudo_treshold": 0.5}, lambda _, near: {f"uda.{near}": 0.5}),
        Followed("{} is not understood. Remove it; understood there: {}.", {"runner.zzz": 1}, lambda path, _: {path: NO_ENTRY}),
        Followed("{} is {}, which has no counterpart here. Use {}.", {"lr_config.warmup": "exp"}, first("lr_config.warmup")),
        Followed("data.val is missing. Add it.", {"data.val": NO_ENTRY, "data.test": NO_ENTRY}, nothing),
        Followed(
            "{}.type is {}, which is not known. Did you mean '{}'?",
            {f"{SOURCE}.type": "GTADatset"},
            lambda path, _, near: {f"{path}.type": near},
        ),
        Followed(
            "{}.type is {}, which is not known. Use the name of a data set: {}.",
            {f"{SOURCE}.type": "Zzz"},
            lambda path, _, names: {f"{path}.type": names.split(", ")[0]},
        ),
        Followed(
            "{}.valid_mask_size is missing for {}. Add the (height, width) that the margins refer to.",
            {f"{TARGET}.type": "MapillaryDataset"},
            lambda path, _: {f"{TARGET}.type": "MapillaryDataset", f"{path}.valid_mask_size": [1024, 2048]},
        ),
        Followed("Use the same mean and std.", {f"{TARGET}.pipeline.5.mean": [0, 0, 0]}, nothing),
        Followed("Add uda=dict(type=…), or train on the source alone.", {"uda": NO_ENTRY}, nothing),
        Followed("Use {}, or write the config in the native form.", {"uda.type": "DAC"}, lambda *said: {"uda.type": said[0].split("'")[1]}),
        Followed(
            "but classes are given. Use a share such as 0.75.",
            {"uda.imnet_feature_dist_scale_min_ratio": None},
            lambda *_: {"uda.imnet_feature_dist_scale_min_ratio": 0.75},
        ),
        Followed("{} is {}. Write a list of steps there.", {f"{TARGET}.pipeline": 3}, nothing),
        Followed("Use the order {}.", {f"{SOURCE}.pipeline.0.type": "LoadAnnotations"}, nothing),
        Followed("{}.type is {}, which is not understood. Use {}.", {f"{STEPS[2]}.type": "Zzz"}, lambda path, _, names: {}),
        Followed("{} has no {}. Add it.", {f"{TARGET}.pipeline": [{"type": "LoadImageFromFile"}]}, nothing),
        Followed(
            "{}. Remove it.",
            {f"{TARGET}.pipeline.3.cat_max_ratio": 0.75},
            without(f"{TARGET}.pipeline.3.cat_max_ratio"),
            "legacy/pipelines.py",
        ),
        Followed(
            "{}.img_scale is {}. {}: give one (width, height) here.",
            {"data.val.pipeline.1.img_scale": [[512, 256], [1024, 512]]},
            lambda *_: {"data.val.pipeline.1.img_scale": [512, 256]},
        ),
        Followed("optimizer.type is {}. Use {}.", {"optimizer.type": "Adagrad"}, first("optimizer.type")),
        Followed("Use min_lr=0.0 or warmup=None.", {"lr_config.min_lr": 1e-5}, lambda *_: {"lr_config.min_lr": 0.0}),
        Followed(
            "Use min_lr=0.0 or warmup=None.", {"lr_config.min_lr": 1e-5}, lambda *_: {"lr_config.min_lr": 1e-5, "lr_config.warmup": None}
        ),
        Followed(
            "Remove it; margins are for the target.",
            {f"{SOURCE}.crop_pseudo_margins": [1, 1, 1, 1]},
            without(f"{SOURCE}.crop_pseudo_margins"),
        ),
        Followed("Remove it, or use False.", {"uda.print_grad_magnitude": True}, without("uda.print_grad_magnitude")),
        Followed("Remove it, or use False.", {"uda.print_grad_magnitude": True}, lambda: {"uda.print_grad_magnitude": False}),
        Followed("Remove it; the config has it at the top or in runner.", {"uda.max_iters": 7}, without("uda.max_iters")),
        Followed("Use 0, or source_only=True.", {"uda.style_consistency_lambda": 10}, lambda: {"uda.style_consistency_lambda": 0}),
        Followed(
            "Use 0, or source_only=True.",
            {"uda.style_consistency_lambda": 10},
            lambda: {"uda.style_consistency_lambda": 10, "uda.source_only": True},
        ),
        Followed("Use the crop_size {}.", {f"{SOURCE}.pipeline.6.size": [512, 512]}, first(f"{SOURCE}.pipeline.6.size")),
        Followed(
            "Remove it; --load-from FILE starts from the networks of a file, --resume goes on",
            {"resume_from": "x.pth"},
            without("resume_from"),
        ),
        Followed(
            "{}: leave it out.",
            {"data.val.pipeline.1.flip": True},
            without("data.val.pipeline.1.flip"),
        ),
    ]
)
def test_a_published_run(load, row, tmp_path):
    said = advice(row.fragment, lambda: load(row.given), file=row.file)
    load(row.instead(*(part.removeprefix(f"{tmp_path / 'released.json'}: ") for part in said)))


def test_steps_by_their_nearest_name(load):
    path, _, near = advice(
        "{}.type is {}, which is not understood. Did you mean '{}'?", lambda: load({f"{SOURCE}.pipeline.2.type": "Resise"})
    )
    assert path.endswith(f"{SOURCE}.pipeline[2]")
    load({f"{SOURCE}.pipeline.2.type": near})


def test_a_target_that_is_distorted(load, tmp_path):
    steps = flattened(tmp_path)["data"]["train"]["target"]["pipeline"]
    distorted = [*steps[:5], {"type": "PhotoMetricDistortion"}, *steps[5:]]
    advice("Remove PhotoMetricDistortion from the target.", lambda: load({f"{TARGET}.pipeline": distorted}))
    load({f"{TARGET}.pipeline": [step for step in distorted if step["type"] != "PhotoMetricDistortion"]})


def test_a_method_needs_its_target(load, tmp_path):
    train = flattened(tmp_path)["data"]["train"]
    advice("Use 'UDADataset' with source and target.", lambda: load({"data.train": train["source"]}))
    load({"data.train": {"type": "UDADataset", "source": train["source"], "target": train["target"]}})
