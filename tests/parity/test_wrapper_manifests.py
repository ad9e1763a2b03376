"""Checkpoint keys of whole trainings: student, teacher and ImageNet network of the published wrappers."""

from __future__ import annotations

import torch

from mmseg.registry import MODELS
from mmseg.utils.config import load_config
from tests import tiny
from tests.parity.records import parametrize


def check(record, config: str) -> None:
    cfg = load_config(tiny.ROOT / config)
    with torch.device("meta"):
        method = MODELS.build({**cfg.uda, "segmentor": cfg.model})
    state = [[key, list(value.shape)] for key, value in method.state_dict().items()]
    assert state == [entry[:2] for entry in record.info["entries"]]
    assert sum(parameter.numel() for parameter in method.parameters()) == record.info["n_params"]


@parametrize("manifests/b_hrda_*_uda_dacs")
def test_hrda_checkpoint_keys(record):
    check(record, "configs/hrda/gtaHR2csHR_hrda.py")


@parametrize("manifests/c_daformer_*uda_dacs")
def test_daformer_checkpoint_keys(record):
    check(record, "configs/daformer/gta2cs_daformer.py")
