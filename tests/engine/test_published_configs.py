"""Every published config, upgraded and shrunk, trains two iterations on demo data."""

import json

import pytest
import torch
from mmengine.runner import Runner

from mmseg.config.config import load_config
from mmseg.config.small.shrink import shrink
from mmseg.engine.parts import build_loader_config, build_model, build_optimizer
from tests.parity.records import reference_folder

ITERATIONS = 2


def published() -> list:
    """The config of each of the 314 runs, named by study and run; one skipped parameter without the records."""
    folder = reference_folder()
    files = sorted(folder.glob("experiments/[dh]*.json")) if folder else []
    studies = [json.loads(file.read_text()) for file in files]
    runs = [pytest.param(run["cfg"], id=f"{number}-{run['name']}") for study in studies for number, group in study.items() for run in group]
    reason = "no experiments/*.json (set MMSEG_REFERENCE to the folder of reference records)"
    return runs or [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="no-records")]


@pytest.mark.parametrize("old", published())
def test_trains_two_iterations(old, tiny_layouts, tmp_path):
    (tmp_path / "released.json").write_text(json.dumps(old))
    cfg = shrink(load_config(tmp_path / "released.json"), tiny_layouts, iterations=ITERATIONS)
    method = build_model(cfg)
    method.init_weights()
    method.train()
    optimizer = build_optimizer(cfg.optim_wrapper, method)
    initial = {name: value.clone() for name, value in method.model.named_parameters()}
    batches = Runner.build_dataloader(build_loader_config(cfg.train_dataloader, seed=cfg.seed))
    for iteration, batch in zip(range(ITERATIONS), batches, strict=False):
        logs = method.train_step({**batch, "iteration": iteration}, optimizer)
    losses = {name: value for name, value in logs.items() if "loss" in name}
    assert losses and torch.stack([*losses.values()]).isfinite().all(), losses
    assert any(not torch.equal(initial[name], value) for name, value in method.model.named_parameters())
