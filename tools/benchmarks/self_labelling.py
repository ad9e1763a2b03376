"""What the first stage of CPSL adds to self-training with the same passes, and what an assignment costs beside a convolution.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from rich.table import Table
from torch import nn

from mmseg.config.config import load_config
from mmseg.engine.parts import build_optimizer
from mmseg.models.uda.self_labelling.sinkhorn import balanced_assignment
from mmseg.registry import MODELS
from mmseg.structures import Box, CropPlace, StrongGeometry, UDABatch, shown_classes
from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.products.prototype_file import Prototypes, write_prototypes
from tools.benchmarks.data import surroundings
from tools.benchmarks.plain.self_training import PlainTeacher, PlainView

CONFIG = "configs/cpsl/gta2cs_stage1.py"
CROP, WHOLE, MAP = (512, 896), (1024, 2048), (65, 113)
"""Published sizes (height, width): of a crop, of a whole image, and of the decoder's map of a crop."""
BATCH, SAMPLES, MEMORY = 4, 1024, 65536
"""Of the assignment: images, samples of each, remembered samples."""


def measure_self_labelling(options: Mapping, scale: float, rounds: int, memory: int = MEMORY) -> dict:
    """Steps with one image per domain, both ways in turn, of which the first turn warms up; then the assignment.

    Args:
        options: overrides of :data:`CONFIG`.
        scale: of the sizes of images.
        rounds: the figures are medians over them.
        memory: remembered samples; it is full from the start on.

    Returns:
        CPU seconds ``step`` of ``plain`` and ``ours`` and the ``extra`` share of ours with its ``spread``; ``assignment``, ``classifier``
        and ``pyramid`` (a 1x1 convolution of 2,048 to 256 channels) in CPU seconds, of 4 images of the published size.
    """
    cfg = load_config(CONFIG, {"model.pretrained": None, **options})
    crops = synthetic_batch(scale, cfg.model.decode_head.num_classes)
    sides = {"plain": plain_method(cfg), "ours": our_method(cfg, memory)}
    steps = {name: stepper(cfg, method, crops) for name, method in sides.items()}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 1):
        for name, step in steps.items():
            taken = clocked(lambda step=step, turn=turn: step(turn))
            if turn:
                seconds[name].append(taken)
    shares = [ours / plain - 1 for ours, plain in zip(seconds["ours"], seconds["plain"], strict=True)]
    step = {name: statistics.median(values) for name, values in seconds.items()}
    result = {"step": step, "extra": statistics.median(shares), "spread": [min(shares), max(shares)]}
    sizes = {"crop": list(crops.target_image.shape[2:]), "whole": list(crops.target_whole.shape[2:]), "memory": memory}
    return {**result, **parts(rounds, memory), **sizes, "rounds": rounds, "environment": surroundings()}


def clocked(action: Callable[[], object]) -> float:
    """CPU seconds of the process."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


def our_method(cfg, memory: int) -> nn.Module:
    """CPSL with a full memory; no box is pasted, so that every step has the contrastive term."""
    channels, classes = cfg.model.decode_head.channels, cfg.model.decode_head.num_classes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prototypes.npz"
        header = {"version": VERSION, "kind": "prototypes", "made_by": "a benchmark", "digest": None, "checkpoint": "0" * 64}
        header |= {
            "classes": [str(index) for index in range(classes)],
            "images": 1,
            "images_digest": images_digest(["a"]),
            "complete": True,
        }
        ones = torch.ones(classes, dtype=torch.int64)
        write_prototypes(path, Prototypes(torch.randn(classes, channels), ones, ones), header)
        uda = {"samples": min(256, memory), **cfg.uda, "prototypes": str(path), "memory": memory, "cutmix_probability": 0.0}
        method = MODELS.build({**uda, "segmentor": cfg.model})
    for stored in (method.self_labelling.features, method.self_labelling.predictions):
        stored.push(nn.functional.normalize(torch.randn_like(stored.values)), torch.randint(0, classes, (memory,)))
    return method


def plain_method(cfg) -> nn.Module:
    """Source, weak and strong pass, and that of the teacher."""
    method = MODELS.build({"type": "SourceOnly", "segmentor": cfg.model, "data_preprocessor": cfg.uda.data_preprocessor})
    method.ema_model = MODELS.build(cfg.model)
    teacher = PlainTeacher(network=method.ema_model, alpha=0.999)
    method.teachers = (teacher,)
    views = {view: PlainView(teacher, view) for view in ("weak", "strong")}
    method.objectives = {"source": method.objectives["source"], **views}
    return method


def stepper(cfg, method: nn.Module, crops: UDABatch) -> Callable[[int], object]:
    """A training step by its number."""
    method.init_weights()
    method.train()
    method.data_preprocessor.batch = lambda _: crops
    rates = {"decode_head": {"lr_mult": 5.0}}
    optimizer = build_optimizer({"optimizer": dict(cfg.optim_wrapper.optimizer), "paramwise_cfg": {"custom_keys": rates}}, method)
    return lambda number: method.train_step({"iteration": number}, optimizer)


def synthetic_batch(scale: float, classes: int) -> UDABatch:
    """Noise of one image per domain."""
    crop, whole = ([max(round(side * scale / 32), 1) * 32 for side in size] for size in (CROP, WHOLE))
    label = torch.randint(0, classes, (1, *crop))
    place = CropPlace(native=tuple(whole), resized=tuple(whole), box=Box(0, crop[0], 0, crop[1]), crop=tuple(crop), flipped=True)
    return UDABatch(
        torch.rand(1, 3, *crop),
        label,
        torch.rand(1, 3, *crop),
        target_soft=torch.randn(1, classes, *crop).softmax(dim=1),
        target_whole=torch.rand(1, 3, *whole),
        target_strong=torch.rand(1, 3, *crop),
        target_place=(place,),
        target_geometry=(StrongGeometry(flip=True, rotate=10.0, cutout=(0, 0, crop[1] // 3, crop[1] // 3)),),
        source_classes=shown_classes(label),
    )


@torch.no_grad()
def parts(rounds: int, memory: int, classes: int = 19) -> dict[str, float]:
    """CPU seconds of the assignment of a batch, and of two 1x1 convolutions of the decoder over one."""
    scores, remembered = (2 * torch.rand(count, classes) - 1 for count in (BATCH * SAMPLES, memory))
    marginal, counted = torch.rand(classes).softmax(dim=0), torch.tensor(True)
    layers = {"classifier": nn.Conv2d(256, classes, 1, bias=False), "pyramid": nn.Conv2d(2048, 256, 1)}
    maps = {name: torch.rand(BATCH, layer.in_channels, *MAP) for name, layer in layers.items()}
    actions = {
        "assignment": lambda: balanced_assignment(scores, marginal, epsilon=0.05, iterations=3, remembered=remembered, counted=counted)
    }
    actions |= {name: lambda name=name: layers[name](maps[name]) for name in layers}
    turns = {name: [clocked(action) for _ in range(rounds + 1)][1:] for name, action in actions.items()}
    return {name: statistics.median(values) for name, values in turns.items()}


def self_labelling_table(result: dict) -> Table:
    """The figures."""
    crop, whole = ("x".join(map(str, size[::-1])) for size in (result["crop"], result["whole"]))
    environment = result["environment"]
    caption = f"crops {crop}, whole images {whole}, memory {result['memory']}; {environment['cpu']}, torch {environment['torch']}"
    view = Table("CPU seconds", "", caption=caption)
    view.add_row("step: self-training with the same passes", f"{result['step']['plain']:.3f}")
    view.add_row("step: stage 1", f"{result['step']['ours']:.3f}")
    view.add_row("extra work", "{:.1%} ({:.1%} to {:.1%})".format(result["extra"], *result["spread"]))
    view.add_row(f"assignment, {BATCH} x {SAMPLES} samples and the memory", f"{result['assignment']:.4f}")
    view.add_row("1x1 convolution, the classifier", f"{result['classifier']:.4f}")
    view.add_row("1x1 convolution, 2,048 to 256 channels", f"{result['pyramid']:.4f}")
    return view
