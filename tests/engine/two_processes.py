"""What two processes of a training do together: ``python -m tests.engine.two_processes FOLDER RANK`` does all of it.

The same functions, called without a group of processes, give what one process does with the whole batch.
"""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import Tensor, distributed
from torch.utils.data import Dataset

from mmseg.engine.batch_norm import average_statistics
from mmseg.engine.gradient_exchange import GradientExchange
from mmseg.engine.hooks import BaseStylesHook
from mmseg.engine.parts import build_optimizer
from mmseg.evaluation import IoUMetric
from mmseg.models.uda import UDAMethod, methods  # noqa: F401  registers the methods
from mmseg.registry import MODELS
from mmseg.structures import UDABatch
from mmseg.structures.batches import shown_classes
from tests.models import networks

STEPS = 3
BATCH = 2
CONDITIONS = ("fog", "night", "fog")
ADVERSARIAL = {"discriminator_type": "LS", "lr_D": 1e-4, "lr_D_power": 0.9, "lr_D_min": 0, "lambda_adv_target": {"main": 0.5}}


def rank_and_size() -> tuple[int, int]:
    return (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)


def crops(iteration: int, rows: Tensor, labelled: bool = False) -> UDABatch:
    """Some of the two crops of an iteration, which is a single one of each domain for each of two; with labelled target crops."""
    generator = torch.Generator().manual_seed(iteration)
    images = torch.randn(2, BATCH, 3, 64, 64, generator=generator)
    label = torch.randint(0, 5, (BATCH, 8, 8), generator=generator).repeat_interleave(8, 1).repeat_interleave(8, 2)
    own, few = label[rows], label.flip(0)[rows]
    labeled = {"labeled_image": images[1].flip(3)[rows], "labeled_label": few, "labeled_classes": shown_classes(few)} if labelled else {}
    return UDABatch(images[0, rows], own, images[1, rows], source_classes=shown_classes(own), **labeled)


def without_batch_norm() -> dict:
    """A network whose passes over two images are two passes over one; its auxiliary head is left out by some losses."""
    fusion = {"type": "aspp", "sep": True, "dilations": (1, 6), "norm_cfg": None, "act_cfg": {"type": "ReLU"}}
    head = {"type": "DAFormerHead", **networks.daformer_head(fusion), "norm_cfg": None}
    auxiliary = {"type": "FCNHead", "in_channels": 24, "in_index": 2, "channels": 8, "num_classes": 5, "num_convs": 1, "dropout_ratio": 0.0}
    backbone = {"type": "MixVisionTransformer", **networks.tiny_encoder(), "drop_path_rate": 0.0}
    return {"type": "EncoderDecoder", "backbone": backbone, "decode_head": head, "auxiliary_head": auxiliary}


def trained(name: str, segmentor: dict, micro_batches: int = 1, *, labelled: bool = False, **options: object) -> UDAMethod:
    """A method after some steps; the gradients of the last one are kept, and ``trail``: one of them after each backward pass.

    Each process has its share in the crops, as the sampler deals them out; ``micro_batches`` divides it.
    """
    method = MODELS.build({"type": name, "segmentor": segmentor, **options})
    method.init_weights()
    method.train()
    method.micro_batches = micro_batches
    rank, size = rank_and_size()
    rows = torch.arange(BATCH)[rank::size]
    if distributed.is_initialized():
        method.exchange = GradientExchange(method.parameters())
    optimizer = build_optimizer({"optimizer": {"type": "SGD", "lr": 0.1}}, method)
    method.data_preprocessor.batch = lambda data: crops(data["iteration"], data["rows"], labelled)
    watched, backward = next(method.model.parameters()), optimizer.backward

    def noted(loss: Tensor) -> None:
        backward(loss)
        method.trail.append(torch.zeros_like(watched) if watched.grad is None else watched.grad.clone())

    optimizer.backward = noted
    for iteration in range(STEPS):
        method.trail = []
        method.logs = method.train_step({"iteration": iteration, "rows": rows}, optimizer)
    return method


def learned(method: UDAMethod) -> dict[str, dict[str, Tensor]]:
    """All values of a method, and the gradients of its last step."""
    gradients = {name: parameter.grad.clone() for name, parameter in method.named_parameters() if parameter.grad is not None}
    values = {name: value.clone() for name, value in method.state_dict().items()}
    return {"values": values, "gradients": gradients, "trail": dict(enumerate(method.trail))}


def source_only(micro_batches: int = 1) -> dict:
    return learned(trained("SourceOnly", without_batch_norm(), micro_batches))


def few_labels(micro_batches: int = 1) -> dict:
    """Two supervisions, of the source and of labelled target crops."""
    return learned(trained("SourceOnly", without_batch_norm(), micro_batches, labelled=True, labeled={}))


def no_labels() -> dict:
    """The same where the data have none: a backward pass that reaches no parameter, and then that of the source."""
    return learned(trained("SourceOnly", without_batch_norm(), labeled={}))


def adversarial(micro_batches: int = 1) -> dict:
    """The alignment, the last pass of the student, leaves the auxiliary head out; the last pass of all leaves the student out."""
    return learned(trained("AdvSeg", without_batch_norm(), micro_batches, **ADVERSARIAL))


def class_alignment(micro_batches: int = 1) -> dict:
    """The same with a discriminator of features, which its own optimizer alone trains."""
    options = {"lambda_align": 0.5, "lr_D": 2e-5}  # Adam's first steps magnify the rounding of small gradients
    return learned(trained("FADA", without_batch_norm(), micro_batches, **options))


def self_training(micro_batches: int = 1) -> dict:
    """Dropout, BatchNorm, detail boxes, mixing, a feature distance, and masked crops with a teacher of their own."""
    masks = {"mask_mode": "separatetrg", "mask_alpha": 0.9, "mask_generator": {"type": "block", "mask_ratio": 0.5, "mask_block_size": 16}}
    method = trained(
        "DACS", networks.hrda(), micro_batches, imnet_feature_dist_lambda=0.005, self_training_start=1, pseudo_threshold=0.2, **masks
    )
    before = learned(method)
    average_statistics(method)
    return {"before": before["values"], "after": learned(method)["values"], "trail": before["trail"]}


def self_labelling() -> dict:
    """Prototypes that are means at first and learn then, with a memory and a marginal that both processes share."""
    rectified = {"type": "PrototypeRectification", "start": 1, "self_labelling": {"samples": 16, "memory": 40}}
    options = {"labeling": [rectified, {"type": "ConfidenceShare", "threshold": 0.2}], "pseudo_threshold": None}
    objectives = {"self_labelling": {"type": "SelfLabelling"}}
    return learned(trained("DACS", without_batch_norm(), objectives=objectives, **options))


def evaluation(padded: bool) -> dict[str, float]:
    """Scores of three images that the processes share; 'padded' repeats the first one where a process has less to do."""
    rank, size = rank_and_size()
    metric = IoUMetric(classes=("a", "b"))
    indices = list(range(3)) + ([0] * (-3 % size) if padded else [])
    for index in indices[rank::size]:
        generator = torch.Generator().manual_seed(index)
        label, prediction = torch.randint(0, 2, (2, 4, 4 + index), generator=generator)
        metric.process(None, [{"label": label, "prediction": prediction, "condition": CONDITIONS[index]}])
    return metric.evaluate(size=3)


class SevenCrops(Dataset):
    """What a walk through a source looks at."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> dict:
        image = torch.randint(256, (3, 64, 64), generator=torch.Generator().manual_seed(index), dtype=torch.uint8)
        return {"source": {"image": image, "size": torch.tensor([64, 64])}}


def base_styles() -> dict[str, Tensor]:
    """The styles of a source that the processes walk through together."""
    network = without_batch_norm()
    network["backbone"]["style_hallucination_cfg"] = {"base_style_num": 3}
    method = MODELS.build({"type": "DomainGeneralization", "segmentor": network})
    method.init_weights()
    loader = SimpleNamespace(dataset=SevenCrops())
    runner = SimpleNamespace(network=method, train_dataloader=loader, iter=0, seed=0, logger=logging.getLogger("styles"))
    BaseStylesHook(samples_per_gpu=2, workers_per_gpu=0).before_train(runner)
    module = method.model.backbone.style_hallucination
    return {"mean": module.proto_mean, "std": module.proto_std}


def everything() -> dict[str, dict]:
    evaluations = {"padded": evaluation(padded=True), "unpadded": evaluation(padded=False)}
    trainings = {"source_only": source_only(), "adversarial": adversarial(), "class_alignment": class_alignment()}
    trainings |= {"few_labels": few_labels(), "no_labels": no_labels(), "self_labelling": self_labelling()}
    return {**trainings, "self_training": self_training(), "evaluation": evaluations, "base_styles": base_styles()}


if __name__ == "__main__":
    folder, number = Path(sys.argv[1]), int(sys.argv[2])
    meeting = {"init_method": f"file://{folder}/meeting", "rank": number, "world_size": 2, "timeout": timedelta(minutes=2)}
    distributed.init_process_group("gloo", **meeting)
    torch.save(everything(), folder / f"{number}.pth")
    distributed.destroy_process_group()
