"""What a checkpoint says of the run that made it."""

import torch

from mmseg.apis.preparing.label_folder import run_digest
from mmseg.config.identity import digest
from mmseg.utils.options.config_text import config_text
from tests.apis.data_config import data_config


def test_the_digest_of_the_run_that_made_a_checkpoint(tmp_path, tiny_data):
    cfg = data_config(tiny_data)
    metas = {"own": {"config": config_text(cfg)}, "of others": {"config": "import os"}, "none": {}, "broken": None}
    for name, meta in metas.items():
        torch.save({"state_dict": {}, "meta": meta}, tmp_path / f"{name}.pth")
    found = {name: run_digest(tmp_path / f"{name}.pth") for name in metas}
    assert found == {"own": digest(cfg), "of others": None, "none": None, "broken": None}
