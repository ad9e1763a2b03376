"""The first twenty iterations of every method, small: their configs, and the losses they give."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg.apis.training.train import train
from mmseg.config.config import load_config
from mmseg.config.small.shrink import shrink
from mmseg.registry import HOOKS
from tests import tiny
from tests.datasets.earlier import make_hard, make_soft
from tests.engine.test_resume_depth import write_depth
from tests.models.uda.mixtures_file import mixtures
from tests.models.uda.prototypes_file import prototypes
from tests.models.uda.test_methods import DEPTH_HEAD

ITERATIONS = 20
HRDA, DAFORMER, DEMO = "configs/hrda/gtaHR2csHR_hrda.py", "configs/daformer/gta2cs_daformer.py", tiny.ROOT / tiny.CONFIG
SUPERVISED = {"target": None, "target_crop": None, "crop_pseudo_margins": None, "rare_class_sampling": None}
CITYSCAPES = {"type": "CityscapesDataset", "img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train"}
SIZE = (64, 128)


@dataclass(frozen=True)
class Places:
    """Where a golden training finds what it reads.

    Attributes:
        layouts: the tiny demo domains in the layouts of all data sets.
        teacher: a finished run of two iterations of the demo's HRDA.
        made: a folder for files that are made from the data; each training gets one of its own in it.
    """

    layouts: Path
    teacher: Path
    made: Path


def method(name: str, **options: Any) -> dict[str, Any]:
    """Another method in place of that of a config."""
    return {"uda": {"_delete_": True, "type": name, **options}}


def data(**options: Any) -> dict[str, Any]:
    """Options of the training data."""
    return {"train_dataloader": {"dataset": options}}


def small(path: str, changes: dict[str, Any] | None = None) -> Callable[[Places], Config]:
    """A published config, made small after changes, and without warm-up: the weights move from the first iteration on."""

    def config(places: Places) -> Config:
        cfg = load_config(tiny.ROOT / path)
        cfg.merge_from_dict(changes or {})
        cfg.param_scheduler = [rate for rate in cfg.param_scheduler if rate["type"] != "LinearLR"]
        return shrink(cfg, places.layouts, ITERATIONS)

    return config


def demo(*changes: Callable[[Places], dict[str, Any]] | dict[str, Any]) -> Callable[[Places], Config]:
    """The demo's HRDA config for crops of 64 pixels, with another method."""

    def config(places: Places) -> Config:
        cfg = load_config(DEMO, {**tiny.values(places.layouts), "train_cfg.max_iters": ITERATIONS, "train_cfg.val_interval": ITERATIONS})
        for change in changes:
            cfg.merge_from_dict(change(places) if callable(change) else change)
        return cfg

    return config


def folder_of(places: Places) -> Path:
    """A new one."""
    return Path(tempfile.mkdtemp(dir=places.made))


def with_prototypes(places: Places) -> dict[str, Any]:
    """What an earlier stage of CPSL would have made."""
    soft = make_soft(places.layouts / "cityscapes", folder_of(places) / "soft", size=(SIZE[0] // 8, SIZE[1] // 8))
    return method("CPSL", prototypes=prototypes(), samples=16, memory=80, sampling="class", marginal="moving") | data(
        target_soft_labels=str(soft), target_whole=(SIZE[1], SIZE[0]), strong_view={}, crop_pseudo_margins=None
    )


def with_labels(places: Places) -> dict[str, Any]:
    """What the first stage of CPSL would have made."""
    checkpoint, model = places.teacher / "latest.pth", load_config(DEMO, tiny.values(places.layouts)).model.to_dict()
    labels = make_hard(places.layouts / "cityscapes", folder_of(places) / "labels", size=SIZE)
    return method("CPSLDistillation", distilled_from=str(checkpoint), distilled_model=model) | data(
        target_labels=str(labels), strong_view={}, crop_pseudo_margins=None
    )


def with_depth(places: Places) -> dict[str, Any]:
    """Mixtures, and depth beside the images of the source."""
    depth = write_depth(places.layouts, folder_of(places) / "depth")
    return (
        method("DepthDistribution", mixtures=mixtures())
        | {"model": {"depth_head": DEPTH_HEAD}}
        | data(source={"depth_dir": str(depth)}, target_place=True)
    )


def with_teacher(places: Places) -> dict[str, Any]:
    """A frozen teacher of the same size."""
    return method("Distillation", distilled_from=str(places.teacher))


def with_source(places: Places) -> dict[str, Any]:
    """The network of the source, which a training without the source starts from."""
    options = {"distilled_from": str(places.teacher), "self_training_start": 0, "mix_threshold": 0.1}  # it is sure of nothing
    return method("SourceFree", **options) | {"load_from": str(places.teacher / "latest.pth")}


TRAININGS: dict[str, Callable[[Places], Config]] = {
    "source-only": small(HRDA, method("SourceOnly") | data(**SUPERVISED)),
    "target-only": small(HRDA, method("TargetOnly") | data(**SUPERVISED, source=CITYSCAPES)),
    "daformer": small(DAFORMER),
    "hrda": small(HRDA),
    "mic": small("configs/mic/gtaHR2csHR_mic_hrda.py"),
    "vfm-uda": small("configs/foundation/gta2cs_vfmuda_dinov2_vitb.py"),
    "advseg": small(DAFORMER, method("AdvSeg", discriminator_type="LS", lr_D=1e-4, lambda_adv_target={"main": 1e-3})),
    "advent": small(DAFORMER, method("AdvEnt", lambda_adv_target={"main": 1e-3})),
    "minent": small(DAFORMER, method("MinEnt", lambda_ent={"main": 1e-3})),
    "fada": small("configs/label_shift/gta2cs_fada.py"),
    "corrected teacher": small("configs/label_shift/gtaHR2csHR_hrda_prior.py"),
    "rectification": small("configs/label_shift/gtaHR2csHR_hrda_cr.py"),
    "generalization": small("configs/dg/gtaHR_hrda.py"),
    "ripu": small("configs/ripu/gta2cs_ripu_ra.py"),
    "hrda with annotation": small("configs/ripu/gtaHR2csHR_hrda_ripu.py"),
    "cpsl warm-up": small("configs/cpsl/gta2cs_warmup.py"),
    "cpsl": demo(with_prototypes),
    "cpsl distillation": demo(with_labels),
    "depth distribution": demo(with_depth),
    "distillation": demo(with_teacher),
    "source-free": demo(with_source),
}
"""Complete configs by name."""


@HOOKS.register_module()
class GoldenHook(Hook):
    """Keeps what every step logs, all of which are float32: :attr:`kept` has the values by name, one per iteration, None for none."""

    kept: dict[str, list[float | None]] = {}

    def before_train(self, runner: Runner) -> None:
        """Forgets the training before."""
        self.kept.clear()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, torch.Tensor] | None = None
    ) -> None:
        """Notes one iteration."""
        for name, value in outputs.items():
            self.kept.setdefault(name, [None] * ITERATIONS)[runner.iter] = shortest(value)


def shortest(value: torch.Tensor | float) -> float:
    """The shortest number that is this float32."""
    return float(str(np.float32(float(value))))


def losses(name: str, places: Places, folder: Path) -> dict[str, list[float | None]]:
    """Runs a training with one thread; its logged values by their names, one per iteration, None where it has none."""
    cfg = TRAININGS[name](places)
    cfg.custom_hooks = [*cfg.get("custom_hooks", []), {"type": "GoldenHook"}]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        train(cfg, folder)
    finally:
        torch.set_num_threads(threads)
    return dict(GoldenHook.kept)
