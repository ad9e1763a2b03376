"""Checkpoint keys of whole trainings: student, teachers, ImageNet network and discriminator of the published wrappers."""

from __future__ import annotations

import torch

from mmseg.config.config import load_config
from mmseg.registry import MODELS
from tests import tiny
from tests.parity.records import Record, parametrize
from tests.parity.test_manifests import _experiments
from tests.parity.test_steps import OTHER_OPTIONS

MASKING = {
    "mask_mode": "separatetrgaug",
    "mask_generator": {"type": "block", "mask_ratio": 0.7, "mask_block_size": 64},
}


def check(record: Record, uda: dict, model: dict) -> None:
    """Compares names, shapes and order of all entries, and the parameters."""
    with torch.device("meta"):
        method = MODELS.build({**uda, "segmentor": model})
    state = [[key, list(value.shape)] for key, value in method.state_dict().items()]
    assert state == [entry[:2] for entry in record.info["entries"]]
    assert [name for name, _ in method.named_parameters()] == record.info["parameters_order"]
    assert sum(parameter.numel() for parameter in method.parameters()) == record.info["n_params"]


def check_config(record: Record, config: str, **masking: object) -> None:
    """Checks a config of ours, with masked image consistency if given."""
    cfg = load_config(tiny.ROOT / config)
    check(record, {**cfg.uda, **masking}, cfg.model)


@parametrize("manifests/b_hrda_*_uda_dacs")
def test_hrda_checkpoint_keys(record):
    check_config(record, "configs/hrda/gtaHR2csHR_hrda.py")


@parametrize("manifests/c_daformer_*uda_dacs")
def test_daformer_checkpoint_keys(record):
    check_config(record, "configs/daformer/gta2cs_daformer.py")


@parametrize("manifests/e_mic_gta*_uda_dacs")
def test_mic_shares_the_teacher(record):
    check_config(record, "configs/hrda/gtaHR2csHR_hrda.py", **MASKING)


@parametrize("manifests/e_mic_own_teacher_mitb0_uda_dacs")
def test_mic_with_a_teacher_of_its_own(record):
    cfg = load_config(tiny.ROOT / "configs/hrda/gtaHR2csHR_hrda.py")
    cfg.model.backbone.type, cfg.model.decode_head.in_channels = "mit_b0", [32, 64, 160, 256]
    check(record, {**cfg.uda, **MASKING, "mask_alpha": 0.9}, cfg.model)


@parametrize("manifests/d_*_uda_*")
def test_alignment_checkpoint_keys(record):
    """The published runs of table 2 of HRDA, AdvSeg and MinEnt with the plain and the multi-scale network."""
    method = "AdvSeg" if record.name.endswith("advseg") else "MinEnt"
    head = "HRDAHead" if "hrda" in record.name else "DLV2Head"
    runs = (run["cfg"] for run in _experiments("hrda")["41"])
    cfg = next(cfg for cfg in runs if cfg["uda"]["type"] == method and cfg["model"]["decode_head"]["type"] == head)
    uda = {key: value for key, value in cfg["uda"].items() if key not in OTHER_OPTIONS}
    check(record, uda, {**cfg["model"], "pretrained": None})
