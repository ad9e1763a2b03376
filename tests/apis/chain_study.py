"""A study of two chains that begin alike: source -> labels -> student, and source -> evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmseg.experiments import Command, ConfigFile, Row, Stage, Study, Table, from_stage
from mmseg.utils.options.config_text import config_text
from tests.apis.data_config import data_config

SOURCE, LABELS, STUDENT, EVALUATION = "source", "labels", "student", "fast"
TOOL = "tools/prepare/pseudo_labels.py"


def write_config(folder: Path, data: Path, **changes: object) -> ConfigFile:
    """A source-only training of two iterations on the demo domains in ``data``, as a file in ``folder``."""
    cfg = data_config(
        data, **{"train_cfg.val_interval": 2, "work_dir": str(folder / "runs"), "uda": {"_delete_": True, "type": "SourceOnly"}}
    )
    for key in ("target", "target_crop", "crop_pseudo_margins"):
        cfg.train_dataloader.dataset.pop(key, None)
    cfg.merge_from_dict(changes)
    path = folder / "base.py"
    path.write_text(config_text(cfg))
    return ConfigFile(path=str(path))


def chain_study(setup: ConfigFile, data: Path, *, options: Mapping[str, object] | None = None, iterations: int = 2) -> Study:
    """The study; ``options`` are of the pseudo-labels, ``iterations`` of the source training."""
    checkpoint = from_stage(SOURCE, "checkpoint")
    images = {"images": str(data / "cityscapes/leftImg8bit/train"), **(options or {"class_quantile": 0.5})}
    pseudo = {
        "_delete_": True,
        "type": "CityscapesDataset",
        "data_root": str(data / "cityscapes"),
        "img_dir": "leftImg8bit/train",
        "ann_dir": from_stage(LABELS, "labels"),
    }
    first = Stage(name=SOURCE, setup=setup, changes={"train_cfg.max_iters": iterations, "train_cfg.val_interval": iterations})
    labels = Stage(name=LABELS, setup=setup, command=Command(tool=TOOL, product="labels", checkpoint=checkpoint, options=images))
    student = Stage(name=STUDENT, setup=setup, changes={"load_from": checkpoint, "train_dataloader.dataset.source": pseudo})
    fast = Command(tool="tools/test.py", product="evaluation.json", checkpoint=checkpoint, options={"preset": "fast"})
    rows = (
        Row(title="self-training", setup=(first, labels, student)),
        Row(title="fast", setup=(first, Stage(name=EVALUATION, setup=setup, command=fast))),
    )
    metrics = (("mIoU", "mIoU"), ("source:mIoU", "mIoU of the source"))
    table = Table(key="c", title="Chains", rows=rows, metrics=metrics)
    return Study(title="Made up", source="tests", tables=(table,), seeds=(0,))
