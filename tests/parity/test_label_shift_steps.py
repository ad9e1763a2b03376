"""Whole iterations of FADA and of classifier rectification against the records, in float64.

Images by their recipe, labels as stored; losses, gradients at the step and weights after it, of all three networks.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS
from torch import Tensor, nn

from mmseg.engine.parts import build_optimizer, schedules
from mmseg.registry import MODELS
from mmseg.structures import UDABatch, shown_classes
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize
from tests.parity.test_label_shift import ENCODER, FOLDER, HEADS, rnd, seed_of
from tests.tiny import ROOT

PARTS = {"fe": "backbone", "C": "decode_head"}
"""Names of the records -> parts of our network."""
LOSSES = {"loss_seg": "decode.loss_seg", "loss_adv_tgt": "G_trg.loss", "loss_D_src": "D_src.loss", "loss_D_tgt": "D_trg.loss"}
COUNTS = ROOT / "configs" / "label_shift" / "priors"
PRIORS = {number: str(COUNTS / f"{task}_original_head.json") for number, task in ((19, "gta2cs"), (16, "syn2cs"))}
"""The published counts, by the number of classes: those of the recorded trainings."""
GRADIENT = 2e-4
"""How far a gradient may be from the record, relative to its largest entry: the record is in float32."""


def build(record: Record, uda: dict, loss: dict):
    """The method with the recorded weights, in train mode."""
    modified = any(name.startswith("bottleneck") for name in record.info["steps"][0]["C"]["grad_norms"])
    head = {**HEADS["modified" if modified else "original"], "in_channels": 2048, "num_classes": record.info["num_classes"]}
    head |= {"align_corners": True, "loss_decode": {"type": "CrossEntropyLoss", **loss}, "dropout_ratio": 0.0}
    depth = int(record.info["arch"].removeprefix("resnet"))
    segmentor = {"type": "EncoderDecoder", "backbone": {**ENCODER, "depth": depth}, "decode_head": head}
    if not modified:
        del head["dropout_ratio"]
    method = MODELS.build({**uda, "segmentor": segmentor})
    recipe = record.info["recipe"]
    fill_by_recipe(method.model.backbone, seed=recipe["seeds"]["feature_extractor"], mult=recipe["mult"], prefix="backbone.")
    fill_by_recipe(method.model.decode_head, seed=recipe["seeds"]["classifier"])
    if method.model_D is not None:
        fill_by_recipe(method.model_D, seed=recipe["seeds"]["model_D"])
    return method.to(torch.get_default_dtype()).train()


def batch_of(record: Record, number: int) -> UDABatch:
    info, size = record.info, record.info["batch"]["batch_size"]
    first = seed_of(info["inputs"].replace("+", ","))

    def images(offset: int, size_key: str, indices: range) -> Tensor:
        every = [rnd(first + 10 * index + offset, 3, *info["batch"][size_key]) for index in indices]
        return torch.stack(every).to(torch.get_default_dtype())

    indices = range(number * size, (number + 1) * size)
    label = torch.stack([record.tensors[f"label{index}"] for index in indices]).long()
    source, target = images(0, "src_size", indices), images(2, "tgt_size", indices)
    return UDABatch(source, label, target, None, source_classes=shown_classes(label))


def optimizers(record: Record, method):
    """SGD with ten times the rate for the classifier, and the schedules of a training of the published length."""
    solver = record.info["solver"]
    sgd = {"type": "SGD", "lr": solver["base_lr"], "momentum": solver["momentum"], "weight_decay": solver["weight_decay"]}
    optimizer = build_optimizer({"optimizer": sgd, "paramwise_cfg": {"custom_keys": {"decode_head": {"lr_mult": 10.0}}}}, method)
    poly = {"type": "PolyLR", "power": solver["power"], "eta_min": 0.0, "end": solver["max_iter"] + 1, "by_epoch": False}
    return optimizer, poly


def run_steps(record: Record, method, monkeypatch):
    """Yields what every recorded iteration gave: logs, gradients by name."""
    optimizer, poly = optimizers(record, method)
    cfg = Config({"param_scheduler": [poly], "train_cfg": {"max_iters": 40000}})
    configs = schedules(cfg, method)
    by_name = configs if isinstance(configs, dict) else {"main": configs}
    wrappers = dict(optimizer.items()) if isinstance(configs, dict) else {"main": optimizer}
    schedulers = [PARAM_SCHEDULERS.build({**each, "optimizer": wrappers[name]}) for name, own in by_name.items() for each in own]
    gradients: dict[str, Tensor] = {}

    def keep_gradients(original=optimizer.step) -> None:
        gradients.update({name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None})
        original()

    monkeypatch.setattr(optimizer, "step", keep_gradients)
    for number in range(len(record.info["steps"])):
        monkeypatch.setattr(method.data_preprocessor, "batch", lambda _, number=number: batch_of(record, number))
        gradients.clear()
        rates = {name: wrapper.get_lr()["lr"] for name, wrapper in wrappers.items()}
        logs = method.train_step({"iteration": number}, optimizer)
        for scheduler in schedulers:
            scheduler.step()
        yield SimpleNamespace(number=number, logs=logs, gradients=gradients, rates=rates, wrappers=wrappers)


def part_of(method, name: str) -> tuple[nn.Module, str, str]:
    """(network, prefix of its parameters in the method, prefix of its entries in the record)."""
    if name == "D":
        return method.model_D, "model_D.", ""
    part = PARTS[name]
    return getattr(method.model, part), f"model.{part}.", "backbone." if name == "fe" else ""


def subsampled(value: Tensor) -> Tensor:
    """As the records thin out what has more than 12,000 entries."""
    if value.numel() <= 12000:
        return value
    rows = value.reshape(value.shape[0], -1)
    return rows[:, :: max(1, rows.shape[1] // 64)]


def check(record: Record, method, result: SimpleNamespace) -> None:
    """Compares gradients and weights with those of a recorded iteration."""
    step = record.info["steps"][result.number]
    for name in (name for name in ("fe", "C", "D") if name in step):
        _, ours, theirs = part_of(method, name)
        largest = max(step[name]["grad_norms"].values())
        for key, norm in step[name]["grad_norms"].items():
            own = result.gradients[ours + key.removeprefix(theirs)].norm().item()
            assert own == pytest.approx(norm, rel=1e-3, abs=1e-5 * largest), f"{name}.{key}"
    for key in (key for key in record.tensors if key.startswith(f"it{result.number}.")):
        _, kind, name, entry = key.split(".", 3)
        network, ours, theirs = part_of(method, name)
        if network is None:
            continue
        entry = entry.removeprefix(theirs)
        if kind == "grad":
            largest = record.tensors[key].abs().max().item()
            assert_close(record, key, subsampled(result.gradients[ours + entry]), rtol=0, atol=GRADIENT * largest)
        else:
            assert_close(record, key, subsampled(network.state_dict()[entry]), rtol=1e-6, atol=2e-6)


@parametrize(f"{FOLDER}/fada_step*")
@pytest.mark.usefixtures("float64")
def test_fada(record, monkeypatch):
    """Two optimizers step after all backward passes: SGD of the student, then Adam, which alone trains the discriminator."""
    solver = record.info["solver"]
    uda = {"type": "FADA", "lr_D": solver["base_lr_D"], "lr_D_iters": solver["max_iter"]}
    method = build(record, uda, {"temperature": 1.8, "avg_non_ignore": True})
    losses = iter(record.info["losses_in_order"])
    for result in run_steps(record, method, monkeypatch):
        expected = dict(next(losses) for _ in range(5))
        for name, ours in LOSSES.items():
            assert result.logs[ours].item() == pytest.approx(expected[name], rel=1e-5), name
        step = record.info["steps"][result.number]
        assert sorted(result.rates["main"]) == pytest.approx([*step["fe"]["lr"], *step["C"]["lr"]], rel=1e-9)
        assert result.rates["discriminator"] == pytest.approx(step["D"]["lr"], rel=1e-9)
        check(record, method, result)
    sizes = record.info["optimizer_state_sizes"]
    assert len(result.wrappers["main"].optimizer.state) == sizes["optimizer_fea"][1] + sizes["optimizer_cls"][1]
    assert len(result.wrappers["discriminator"].optimizer.state) == sizes["optimizer_D"][1]


@parametrize(f"{FOLDER}/cr_step*")
@pytest.mark.usefixtures("float64")
def test_rectification(record, monkeypatch):
    """Only the classifier changes, and only it has a state in the optimizer."""
    method = build(record, {"type": "ClassifierRectification", "priors": PRIORS[record.info["num_classes"]]}, {})
    before = {name: value.clone() for name, value in method.model.backbone.state_dict().items()}
    losses = iter(record.info["losses_in_order"])
    for result in run_steps(record, method, monkeypatch):
        assert result.logs["decode.loss_seg"].item() == pytest.approx(next(losses)[1], rel=1e-5)
        step = record.info["steps"][result.number]
        assert result.rates["main"] == pytest.approx(step["C"]["lr"], rel=1e-9)
        check(record, method, result)
    assert all(torch.equal(value, before[name]) for name, value in method.model.backbone.state_dict().items())
    assert len(result.wrappers["main"].optimizer.state) == record.info["optimizer_state_sizes"]["optimizer_cls"][1]
