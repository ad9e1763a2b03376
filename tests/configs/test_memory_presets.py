"""The configs for GPUs of 12, 16 and 24 GB: their headline config and levers, nothing else."""

import pytest
import torch

from mmseg.config import load_config
from mmseg.config.small.shrink import shrink
from mmseg.engine.parts import build_model
from tests import tiny
from tools.benchmarks.plain.training import LEVERS, without_levers

CONFIGS = tiny.ROOT / "configs"
PRESETS = sorted(str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob("*_[0-9]*g.py"))
ABSENT = object()


def headline(preset: str) -> str:
    """The config that a preset is of."""
    return preset.rpartition("_")[0] + ".py"


def entries(value: object, path: str = "") -> dict[str, object]:
    """All entries of a config by dotted key."""
    if not isinstance(value, dict):
        return {path: value}
    return {key: entry for name, part in value.items() for key, entry in entries(part, f"{path}.{name}".lstrip(".")).items()}


def levers(preset: str) -> dict[str, object]:
    """What a preset changes, by dotted key."""
    ours, plain = (entries(load_config(CONFIGS / file).to_dict()) for file in (preset, headline(preset)))
    return {key: ours.get(key, ABSENT) for key in ours.keys() | plain.keys() if ours.get(key, ABSENT) != plain.get(key, ABSENT)}


def test_there_is_one_for_every_size():
    assert {(headline(preset), preset.rpartition("_")[2]) for preset in PRESETS} == {
        (f"{file}.py", f"{size}g.py") for file in ("hrda/gtaHR2csHR_hrda", "mic/gtaHR2csHR_mic_hrda") for size in (12, 16, 24)
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_changes_levers_alone(preset):
    changed = levers(preset)
    assert changed and changed.keys() <= set(LEVERS)
    assert entries(without_levers(load_config(CONFIGS / preset)).to_dict()) == entries(load_config(CONFIGS / headline(preset)).to_dict())


def test_the_smaller_the_memory_the_more_levers():
    for plain in {headline(preset) for preset in PRESETS}:
        small, medium, large = (levers(plain.replace(".py", f"_{size}g.py")) for size in (12, 16, 24))
        assert large == {"precision": "tf32"} and medium == {"precision": "bf16"}
        assert small == {"precision": "bf16", "model.backbone.with_cp": True}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_built_at_full_and_at_smoke_size(preset):
    cfg = load_config(CONFIGS / preset)
    small = shrink(cfg, "data/demo")
    assert small.precision == cfg.precision and small.model.backbone.get("with_cp") == cfg.model.backbone.get("with_cp")
    with torch.device("meta"):
        full, plain = (build_model(load_config(CONFIGS / file)) for file in (preset, headline(preset)))
        assert build_model(small).objectives
    assert full.state_dict().keys() == plain.state_dict().keys()
