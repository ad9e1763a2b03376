"""What is measured: a config as it is, its baseline, or the config with overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmseg.config.options import parse_options
from mmseg.utils.errors import UserError

if TYPE_CHECKING:
    from mmengine.config import Config
    from mmengine.optim import OptimWrapper

    from mmseg.models.uda import UDAMethod

BASELINE, OURS, BUSY = "baseline", "ours", "busy"
BATCH = 2
"""Samples that a loader puts together."""


@dataclass(frozen=True)
class Setting:
    """One side of a comparison.

    Attributes:
        name: as it was given on the command line.
        options: overrides of the config by dotted key.
    """

    name: str = OURS
    options: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Setting:
        """'ours', 'baseline', 'busy' (ours, beside a process that keeps a core busy), or KEY=VALUE[,KEY=VALUE].

        Raises:
            UserError: none of them.
        """
        if text in (OURS, BASELINE, BUSY):
            return cls(text)
        if "=" not in text:
            fix = f"Use '{OURS}', '{BASELINE}', '{BUSY}', or entries of the config such as precision=bf16,model.backbone.with_cp=True"
            raise UserError(f"--compare {text}: no such setting. {fix}.")
        return cls(text, parse_options(re.split(r",(?=[A-Za-z_][\w.]*=)", text), "--compare"))

    def build(self, cfg: Config) -> tuple[UDAMethod, OptimWrapper]:
        """The method on its device with initial weights, and its optimizer, as a training builds them."""
        from mmengine.device import get_device

        from mmseg.apis.training.teachers import attach_teacher
        from mmseg.datasets.base import class_info
        from mmseg.engine.parts import build_model, build_optimizer
        from tools.benchmarks.plain.training import build_baseline

        if self.name == BASELINE:
            method, optim_wrapper = build_baseline(cfg)
        else:
            method = build_model(cfg)
            optim_wrapper = build_optimizer(cfg.optim_wrapper, method)
        method.init_weights()
        attach_teacher(method, class_info(cfg.val_dataloader.dataset)["classes"], get_device())  # where it has one
        return method.to(get_device()), optim_wrapper


def config_of(path: str, options: Mapping[str, object]) -> Config:
    """A complete config whose networks start from random weights, so that no file is needed.

    Args:
        path: its file.
        options: overrides by dotted key.
    """
    from mmseg.config.config import load_config

    cfg = load_config(path, dict(options))
    for part in (cfg.model, cfg.model.backbone):
        part.pop("pretrained", None)
        part.pop("init_cfg", None)
    return cfg
