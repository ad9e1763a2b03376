"""Whole trainings of RIPU with rounds of annotation against the records of the published code.

Our data set reads the recorded files, our hook asks, our step trains, as ``tools/train.py`` would have them; only the order of the files,
which is a random draw of the record, and the starting weights are put in.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import pytest
import torch
from torch import Tensor

from mmseg.apis.training.train import train
from mmseg.config.config import load_config
from mmseg.datasets.annotating.rounds import as_array
from mmseg.datasets.conversion import raw_labels
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.engine.hooks.annotation_rounds import AnnotationRounds
from mmseg.engine.runner import AdaptationRunner
from mmseg.models.backbones import resnet
from mmseg.models.uda.acquisition.selection import squares
from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.step import StepContext
from tests.parity.records import Record, assert_close, parametrize
from tests.parity.test_ripu_networks import fill, narrow_bottleneck
from tests.tiny import ROOT

LOSSES = {
    "loss_sup": "decode.loss_seg",
    "loss_sup_tgt": "annotated.decode.loss_seg",
    "cr_loss": "local.loss_local_consistency",
    "nl_loss": "annotated.loss_negative",
}
"""Names of the record -> ours."""
PARTS = {"fe.backbone": "backbone", "cl": "decode_head"}
PASSES = {"source": "src", "annotated": "tgt"}

ASKED_AT = (1280, 640)
"""Size (w, h) of the images when the published code asks: found by trying, for it is that of no other image of the record."""


@dataclass
class Seen:
    """What was there at the end of an iteration."""

    logs: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]
    weights: Mapping[str, Tensor]
    rates: Mapping[str, list[float]]
    outputs: dict[str, Tensor] = field(default_factory=dict)
    labels: dict[str, Tensor] = field(default_factory=dict)


def write_files(record: Record, folder: Path) -> None:
    """The recorded images and labels in the layouts of both data sets; ids become train ids by our converters."""
    names = sorted({name for step in record.info["steps"] for name in step["target_files"]})
    cities = [names[0].replace("000000", f"{index:06d}", 1) for index in range(count(record, "tgt"))]
    assert set(names) <= set(cities)
    for index in range(count(record, "src")):
        write(folder / f"gta/images/{index:05d}.png", record.tensors[f"src{index}.image"])
        write(folder / f"gta/labels/{index:05d}.png", record.tensors[f"src{index}.label_ids"])
    for index, name in enumerate(cities):
        write(folder / "cityscapes/leftImg8bit/train" / name, record.tensors[f"tgt{index}.image"])
        label = folder / "cityscapes/gtFine/train" / name.replace("leftImg8bit", "gtFine_labelIds")
        write(label, record.tensors[f"tgt{index}.label_ids"])
    for part in ("leftImg8bit", "gtFine"):
        shutil.copytree(folder / "cityscapes" / part / "train", folder / "cityscapes" / part / "val")
    convert_dataset(root=folder / "gta", raw=raw_labels.GTA, nproc=1)
    convert_dataset(root=folder / "cityscapes", raw=raw_labels.CITYSCAPES, nproc=1)


def count(record: Record, domain: str) -> int:
    return sum(name.startswith(domain) and name.endswith(".image") for name in record.tensors)


def write(path: Path, values: Tensor) -> None:
    """Images of a record are RGB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values.numpy()[..., ::-1] if values.ndim == 3 else values.numpy())


def config(record: Record, folder: Path):
    """Our config of the published training, as small as the recorded one."""
    info = record.info["config"]
    source, target = info["source_input_wh"], info["target_input_wh"]
    budget = {"ratio": info["ratio"]} if info["setting"] == "RA" else {"pixels": info["pixels"]}
    kind = "RegionImpurity" if info["setting"] == "RA" else "PixelImpurity"
    rounds = {"type": "AnnotationRounds", "rounds": info["select_iter"], "budget": budget, "size": ASKED_AT, "workers_per_gpu": 0}
    changes = {
        "model.pretrained": None,
        "uda.local_consistency_lambda": info["consistent_loss"],
        "uda.annotated": {"negative": info["negative_loss"], "threshold": info["negative_threshold"]},
        "train_dataloader.batch_size": info["batch_size"],
        "train_dataloader.num_workers": 0,
        "train_dataloader.dataset.class_aware_sampling": None,
        "train_dataloader.dataset.source.data_root": str(folder / "gta"),
        "train_dataloader.dataset.target.data_root": str(folder / "cityscapes"),
        "train_dataloader.dataset.source_crop.img_scale": tuple(source),
        "train_dataloader.dataset.source_crop.crop_size": tuple(reversed(source)),
        "train_dataloader.dataset.target_crop.img_scale": tuple(target),
        "train_dataloader.dataset.target_crop.crop_size": tuple(reversed(target)),
        "val_dataloader.num_workers": 0,
        "val_dataloader.dataset.data_root": str(folder / "cityscapes"),
        "val_dataloader.dataset.test_scale": tuple(target),
        "optim_wrapper.optimizer.lr": info["base_lr"],
        "optim_wrapper.optimizer.momentum": info["momentum"],
        "optim_wrapper.optimizer.weight_decay": info["weight_decay"],
        "param_scheduler": [
            {"type": "PolyLR", "power": info["lr_power"], "eta_min": 0.0, "begin": 0, "end": info["max_iter"] + 1, "by_epoch": False}
        ],
        "train_cfg.max_iters": info["stop_iter"],
        "train_cfg.val_interval": info["stop_iter"],
        "default_hooks.checkpoint.interval": info["stop_iter"],
        "default_hooks.logger.interval": 1,
        "custom_hooks": [{"type": "ResultHook"}, {**rounds, "acquisition": {"type": kind, "radius": info["radius_k"]}}],
    }
    cfg = load_config(ROOT / "configs/ripu/gta2cs_ripu_ra.py")
    cfg.merge_from_dict({key: value for key, value in changes.items() if key != "custom_hooks"})
    cfg.custom_hooks = changes["custom_hooks"]
    cfg.param_scheduler = changes["param_scheduler"]
    return cfg


def replay(patch: pytest.MonkeyPatch, record: Record) -> None:
    """The files of each sample, the network and its weights are those of the record."""
    steps, size = record.info["steps"], record.info["config"]["batch_size"]

    def file(key: str, names, index: int) -> int:
        wanted = steps[index // size][f"{key}_files"][index % size] if index // size < len(steps) else names[0]
        return list(names).index(wanted)

    def source(self, streams):
        return None, file("source", self.source.images.names, streams.index)

    def target(self, streams):
        return file("target", self.target.names, streams.index)

    widths = record.info["config"]["model"].split("width_per_group ")[1].split(",")[0]
    blocks = record.info["config"]["model"].split("blocks [")[1].split("]")[0].split(",")
    patch.setattr(UDADataset, "draw_source_file", source)
    patch.setattr(UDADataset, "draw_target_file", target)
    patch.setitem(resnet.BLOCKS, 101, tuple(map(int, blocks)))
    narrow = narrow_bottleneck(int(widths))
    narrow.expansion = resnet.Bottleneck.expansion
    patch.setattr(resnet, "Bottleneck", narrow)
    patch.setattr(AdaptationRunner, "_init_model_weights", lambda self: fill(self.network.model, record.info["recipe"]))


def watch(patch: pytest.MonkeyPatch) -> list[Seen]:
    """Collects what there is after each iteration."""
    seen, outputs, labels = [], {}, {}

    def forward(self, image, name, act=StepContext.forward):
        output = act(self, image, name)
        outputs[name] = self.student.enlarge(output.logits.detach(), image.shape[2:])
        labels[name] = self.batch.source_label if name == "source" else self.batch.target_annotation
        return output

    def step(self, data, optim_wrapper, act=UDAMethod.train_step):
        rates = {key: list(value) for key, value in optim_wrapper.get_lr().items()}
        logs = act(self, data, optim_wrapper)
        gradients = {name: value.grad.clone() for name, value in self.model.named_parameters()}
        weights = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        seen.append(Seen(dict(logs), gradients, weights, rates, dict(outputs), dict(labels)))
        return logs

    patch.setattr(StepContext, "forward", forward)
    patch.setattr(UDAMethod, "train_step", step)
    return seen


def ours(name: str) -> str:
    """Our name of a parameter of the record."""
    prefix = next(prefix for prefix in PARTS if name.startswith(f"{prefix}."))
    return PARTS[prefix] + name.removeprefix(prefix)


@parametrize("methods/ripu/train_*")
def test_training(record, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    write_files(record, tmp_path / "data")
    folder, names = tmp_path / "run_of_record", []
    with monkeypatch.context() as patch:
        replay(patch, record)
        seen = watch(patch)
        attach = AnnotationRounds.attach
        patch.setattr(AnnotationRounds, "attach", lambda self, cfg, dataset: (attach(self, cfg, dataset), names.append(self.maps)))
        train(config(record, tmp_path / "data"), folder)
    assert len(seen) == len(record.info["steps"])
    labelled = 0
    for number, (step, found) in enumerate(zip(record.info["steps"], seen, strict=True)):
        check_losses(step, found)
        check_weights(record, step, number, found)
        check_pass(record, f"s{number}.src", found, "source")
        if "loss_sup_tgt" in step["losses"]:
            check_pass(record, f"tgtce{labelled}.", found, "annotated")
            labelled += 1
    assert labelled == sum(name.startswith("tgtce") and name.endswith("active_label") for name in record.tensors) > 0
    (maps,) = names
    for number in range(len(record.info["config"]["select_iter"])):
        for index in range(count(record, "tgt")):
            check_round(record, maps, number, index)


def check_losses(step: dict, found: Seen) -> None:
    for name, own in LOSSES.items():
        assert found.logs[own].item() == pytest.approx(step["losses"].get(name, 0), rel=1e-4), name
    rates = sorted({round(rate, 12) for rate in found.rates["lr"]})
    assert rates == pytest.approx([step["lr_fe"], step["lr_cls"]], rel=1e-6)


def check_weights(record: Record, step: dict, number: int, found: Seen) -> None:
    """Of the recorded parameters; norms of the gradients of all."""
    for key, norm in step["grad_norms"].items():
        assert found.gradients[ours(key)].norm().item() == pytest.approx(norm, rel=1e-4), key
    assert len(step["grad_norms"]) == len(found.gradients)
    for key, expected in record.tensors.items():
        if key.startswith(f"s{number}.grad."):
            close = 2e-4 * expected.abs().max()
            assert_close(record, key, found.gradients[ours(key.removeprefix(f"s{number}.grad."))], rtol=0, atol=close)
        elif key.startswith(f"s{number}.after."):
            assert_close(record, key, found.weights[ours(key.removeprefix(f"s{number}.after."))], rtol=1e-5, atol=1e-6)


def check_pass(record: Record, prefix: str, found: Seen, name: str) -> None:
    """Logits at the size of the input, and the labels."""
    logits, label = ("_logits_sub", "_label") if name == "source" else ("logits_sub", "active_label")
    assert_close(record, prefix + logits, found.outputs[name][:, :, 1::4, 2::4], rtol=1e-3, atol=1e-3)
    assert torch.equal(found.labels[name].to(torch.uint8), record.tensors[prefix + label])


def check_round(record: Record, maps, number: int, index: int) -> None:
    """What is known, what is excluded and what was selected after a round."""
    mask, active, selected = (record.tensors[f"round{number}.tgt{index}.{key}"] for key in ("mask", "active", "selected"))
    stem, exclusion = maps.stems[index], 2 * record.info["config"]["radius_k"]
    assert record.info["config"]["setting"] == "RA"
    label = maps.round(number + 1).label_file(stem)
    assert torch.equal(torch.from_numpy(read_label_ids(label)), mask)
    picks = [maps.round(earlier + 1).read_picks(stem) for earlier in range(number + 1)]
    for radius, expected in ((exclusion, active), (exclusion // 2, selected)):
        squared = [squares(torch.from_numpy(as_array(each)), radius, tuple(mask.shape)) for each in picks]
        assert torch.equal(torch.stack(squared).any(0), expected.bool()), radius
