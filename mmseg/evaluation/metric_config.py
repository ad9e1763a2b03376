"""The metric of a config, knowing which classes the source lacks."""

from __future__ import annotations

from mmengine.config import Config

from mmseg.datasets.base import class_info


def metric_config(cfg: Config) -> dict:
    """``val_evaluator`` of a complete config; where it does not name ``absent`` classes, they are those of the source's data set.

    The data need not exist.
    """
    return {"absent": class_info(cfg.train_dataloader.dataset.source)["absent"], **cfg.val_evaluator}
