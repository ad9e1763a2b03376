"""Checks before a training refuse no row of ours, and name the row where they refuse one."""

import pytest
import torch

from experiments import STUDIES
from mmseg.apis.launching.rows import study_runs
from mmseg.apis.training import checks
from mmseg.apis.training.checks import build_parts, check_options, check_runs, typed
from mmseg.config.config import load_config
from mmseg.utils.errors import UserError
from tests import tiny


@pytest.mark.parametrize("number", STUDIES)
def test_every_study_passes(number, tmp_path):
    check_runs(study_runs(STUDIES[number], seeds=[0], options={"work_dir": str(tmp_path)}))


def test_the_row_is_named(tmp_path):
    runs = study_runs(STUDIES[44], only=["7.5", "7.6"], seeds=[0], options={"work_dir": str(tmp_path)})
    *_, (run,) = runs.values()
    run.cfg.uda.alpha = 2
    with pytest.raises(UserError, match=rf"^{list(runs)[-1]}: DACS: alpha is 2\. It should be less than or equal to 1\.$"):
        check_runs(runs)


def test_building_takes_no_memory(monkeypatch):
    """Nothing but shapes is kept of the networks."""
    devices = []
    monkeypatch.setattr(checks, "build_optimizer", lambda _, model: devices.extend(p.device.type for p in model.parameters()))
    build_parts(load_config(tiny.ROOT / "configs/daformer/gta2cs_daformer.py"))
    assert set(devices) == {"meta"} and torch.get_default_device().type == "cpu"


def test_a_network_that_computes_with_its_weights_is_built_on_the_cpu(monkeypatch):
    devices = []

    def build(cfg):
        devices.append(torch.empty(1).device.type)
        return torch.ones(1).item()

    monkeypatch.setattr(checks, "build_model", build)
    monkeypatch.setattr(checks, "build_optimizer", lambda *_: None)
    monkeypatch.setattr(checks, "dry_pass", lambda *_: None)
    build_parts(load_config(tiny.ROOT / tiny.CONFIG))
    assert devices == ["meta", "cpu"]


def test_parts_that_do_not_fit_the_batch_are_found():
    """As before the first step of a training: a batch of one leaves a pooling branch a single value to normalise."""
    changes = {"train_dataloader.batch_size": 1, "model.decode_head.decoder_params.fusion_cfg.pool": True}
    with pytest.raises(UserError, match=r"normalises a single value per channel in a batch of 1, .* Set train_dataloader\.batch_size=2"):
        build_parts(load_config(tiny.ROOT / tiny.CONFIG, changes))


def test_parts_of_layers_are_the_engines():
    cfg = {"type": "a", "norm_cfg": {"type": "BN"}, "parts": [{"type": "b", "inner": {"type": "c"}}, 3], "sizes": (1, 2)}
    assert [part["type"] for part in typed(cfg)] == ["a", "b", "c"]


def test_a_tuning_is_looked_at():
    cfg = load_config(tiny.ROOT / "configs/foundation/gta2cs_soma_dinov2_vitl.py")
    check_options(cfg)
    cfg.model.backbone.tuning = {"type": "SoMA", "rnak": 3}
    with pytest.raises(UserError, match=r"SoMA got an unexpected option 'rnak'\. Did you mean 'rank'\?"):
        check_options(cfg)


@pytest.mark.parametrize("option", ["optim_wrapper.optimizer.lr", "train_dataloader.batch_size", "val_dataloader.num_workers"])
def test_an_option_that_the_demo_would_replace_is_refused(option):
    row = {"only": ["shade.1"], "seeds": [0], "demo": True}
    with pytest.raises(UserError, match=f"{option}: --demo trains with the {option.split('.')[0]} of the demo configs"):
        study_runs(STUDIES[50], **row, options={option: 3})
    for kept in ("uda.style_consistency_lambda", "train_dataloader.dataset.source_crop.pad"):
        assert study_runs(STUDIES[50], **row, options={kept: True if kept.endswith("pad") else 1.0})


def test_the_length_of_a_demo_is_not_that_of_the_training_it_is_made_of():
    row = {"only": ["shade.1"], "seeds": [0], "demo": True}
    (run,) = study_runs(STUDIES[50], **row, options={"train_cfg.max_iters": 100})["shade.1"]
    assert run.cfg.train_cfg.max_iters == 100 and run.cfg.param_scheduler[0].end == 11
    for length in ("long", 0):
        with pytest.raises(UserError, match=f"--demo: train_cfg.max_iters is {length!r}. Use a whole number of at least 1."):
            study_runs(STUDIES[50], **row, options={"train_cfg.max_iters": length})
