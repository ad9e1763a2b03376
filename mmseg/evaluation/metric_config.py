"""The metric of a config, knowing which classes the source lacks."""

from __future__ import annotations

from mmengine.config import Config

from mmseg.datasets.base import class_info


def metric_config(cfg: Config) -> dict:
    """``val_evaluator`` of a complete config; where it does not name ``absent`` classes, they are those of the source's data set.

    The data need not exist. A config that can be evaluated alone may not know its source.
    """
    data = cfg.get("train_dataloader")
    return {"absent": class_info(data.dataset.source)["absent"] if data else (), **cfg.val_evaluator}
