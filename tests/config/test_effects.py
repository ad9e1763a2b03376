"""Every entry of our networks and methods has an effect, and the comparison with the published configs sees all of them."""

import json

import pytest

from experiments import STUDIES
from mmseg.config import load_config
from mmseg.experiments import Experiment, resolve
from mmseg.utils.repository import CONFIGS
from tests.config.effects import effects
from tests.config.legacy.published_form import as_json, changed, decisive

HEADLINES = {
    str(path.relative_to(CONFIGS)): load_config(path)
    for path in sorted(CONFIGS.rglob("*.py"))
    if path.relative_to(CONFIGS).parts[0] not in ("_base_", "generated")
}
ROWS = {
    f"{number}@{address}": resolve(row.setup)
    for number, study in STUDIES.items()
    for address, row in study.rows.items()
    if row.shared_with is None and isinstance(row.setup, Experiment)
}


def parts(cfg) -> dict:
    return as_json({key: cfg[key] for key in ("model", "uda")})


def distinct(configs: dict) -> list:
    """One config for every pair of network and method, with its name."""
    by_content = {json.dumps(parts(cfg), sort_keys=True): (name, cfg) for name, cfg in reversed(configs.items())}
    return [pytest.param(cfg, id=name) for name, cfg in by_content.values()]


ALL = distinct(HEADLINES | ROWS)


def paths(part: dict, before: str = "") -> list[str]:
    """The dotted keys of all entries, those of parts included."""
    nested = [path for key, value in part.items() if isinstance(value, dict) for path in paths(value, f"{before}{key}.")]
    return [f"{before}{key}" for key in part] + nested


def value_at(part: dict, path: str):
    key, _, rest = path.partition(".")
    return value_at(part[key], rest) if rest else part[key]


def without(part: dict, path: str) -> dict:
    key, _, rest = path.partition(".")
    return {**part, key: without(part[key], rest)} if rest else {name: value for name, value in part.items() if name != key}


def another(value):
    """A value of the same kind that means something else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if value is None:
        return 0.5
    if isinstance(value, dict):
        return {key: another(each) for key, each in value.items()}
    return f"{value}x" if isinstance(value, str) else [another(value[0]), *value[1:]]


@pytest.mark.parametrize("cfg", ALL)
def test_no_entry_says_what_would_happen_without_it(cfg):
    content = parts(cfg)
    whole = as_json(effects(content))
    silent = [path for path in paths(content) if "." in path and as_json(effects(without(content, path))) == whole]
    assert not silent


@pytest.mark.parametrize("cfg", ALL)
def test_another_value_of_any_entry_is_seen(cfg):
    content = parts(cfg)
    whole = as_json(effects(content))
    values = {path: value_at(content, path) for path in paths(content) if not isinstance(value_at(content, path), dict)}
    assert values and not [path for path, value in values.items() if as_json(effects(changed(content, path, another(value)))) == whole]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model.backbone.drop_path_rate", 0.2),
        ("model.decode_head.dropout_ratio", 0.0),
        ("model.decode_head.in_index", [0, 1, 2, 2]),
        ("model.decode_head.align_corners", True),
        ("model.decode_head.loss_decode", {"type": "CrossEntropyLoss", "loss_weight": 0.5}),
        ("model.decode_head.attention_classwise", False),
        ("model.decode_head.decoder_params.fusion_cfg.dilations", [1, 6, 12, 24]),
        ("model.decode_head.decoder_params.fusion_cfg.norm_cfg.requires_grad", False),
        ("model.crop_coord_divisible", 16),
        ("model.test_cfg.batched_slide", False),
        ("uda.pseudo_threshold", 0.9),
        ("uda.mix", "object"),
        ("uda.imnet_feature_dist_scale_min_ratio", 0.5),
    ],
)
def test_a_default_that_a_config_changes_is_seen(path, value):
    cfg = HEADLINES["hrda/gtaHR2csHR_hrda.py"]
    assert decisive(cfg) != decisive(type(cfg)(changed(cfg.to_dict(), path, value)))


@pytest.mark.parametrize(
    ("file", "path", "value"),
    [
        ("hrda/gtaHR2csHR_hrda.py", "model.backbone.style", "pytorch"),
        ("hrda/gtaHR2csHR_hrda.py", "model.decode_head.norm_cfg", {"type": "BN", "requires_grad": True}),
        (
            "hrda/gtaHR2csHR_hrda.py",
            "model.decode_head.loss_decode",
            {"type": "CrossEntropyLoss", "use_sigmoid": False, "loss_weight": 1.0},
        ),
        ("hrda/gtaHR2csHR_hrda.py", "model.decode_head.decoder_params.embed_cfg.act_cfg", None),
        ("hrda/gtaHR2csHR_hrda.py", "model.scales", [1, 0.5]),
        ("hrda/gtaHR2csHR_hrda.py", "uda.blur", True),
        ("mic/gta2cs_mic_daformer.py", "model.test_cfg", {"mode": "whole"}),
        ("mic/gta2cs_mic_daformer.py", "uda.mask_generator.mask_ratio", 0.7),
    ],
)
def test_an_entry_without_effect_changes_nothing(file, path, value):
    cfg = HEADLINES[file]
    assert decisive(cfg) == decisive(type(cfg)(changed(cfg.to_dict(), path, value)))
