"""Whole iterations of depth distribution against the records: the adversarial training, and self-training on pseudo-labels.

Images by their recipe; the records are in float32, and first gradients move by up to 6e-3 of their largest entry between kernels.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS
from torch import Tensor

from mmseg.engine.parts import build_optimizer, schedules
from mmseg.models.uda.depth_distribution import options, supervision
from mmseg.models.uda.depth_distribution.maps import nearest_index
from mmseg.models.uda.depth_distribution.mixtures import density_target
from mmseg.registry import MODELS
from mmseg.structures import UDABatch, shown_classes
from mmseg.utils.products.mixture_file import MixtureParameters
from tests.parity import depth_records as depth
from tests.parity.cpsl_records import thinned
from tests.parity.records import Record, assert_close, fill_by_recipe, one, parametrize
from tests.parity.test_label_shift import rnd

SETS = {1: "gmm_16", 2: "gmm_7", 3: "gmm_7small"}
"""Shipped mixtures by the number of a published experiment."""
WEIGHTS = {1: "weights_16", 2: "weights_7", 3: "weights_7"}
LAYERS = {"0": "conv1", "2": "conv2", "4": "conv3", "6": "conv4", "8": "classifier"}
"""Of the discriminator."""
LOSSES = {
    "loss_seg_src": ("decode.loss_seg", None),
    "loss_depth_src": ("depth.loss_source", "dep"),
    "loss_bal_src": ("density.loss_source", "bal"),
    "loss_bal_trg": ("density.loss_target", "bal_tar"),
    "loss_adv_trg": ("G_trg.loss.main", "adv"),
}
"""Names of the records -> ours, which are weighted, and their weights."""
MOST = 6e-3
"""How far a gradient may be from the record, relative to its largest entry."""


def shipped_mixtures(name: str) -> MixtureParameters:
    record = one(f"{depth.FOLDER}/{name}")
    tensors = record.tensors
    width, height = {"gmm_7small": (81, 41)}.get(name, (161, 96))
    return MixtureParameters(tensors["mu"], tensors["var"], tensors["phi"], units="raw", grid=(width, height))


def density_maps(config: dict, number: int) -> Tensor:
    """What the original reads from files: squashed maps [K, h, w] of the source."""
    rng = np.random.RandomState(config["seed"] + 30 + number)
    return torch.from_numpy((rng.rand(config["num_classes"], *config["grid_hw"]) * 255).astype(np.float32))


def batch_of(record: Record, number: int) -> UDABatch:
    config = record.info["config"]
    (width, height), seed, cell = config["input_wh"], config["seed"], config["cell"]
    block = np.ones((cell, cell))
    label = torch.from_numpy(np.kron(record.tensors[f"s{number}.label"].numpy(), block).astype(np.int64))[None]
    values = np.random.RandomState(seed + 20 + number).standard_normal((height // cell, width // cell))
    z = torch.from_numpy(np.abs(np.kron(values, block) * 80).astype(np.float32) + 1)[None]
    source, target = (rnd(seed + offset + number, 1, 3, height, width) * 50 for offset in (40, 50))
    return UDABatch(source, label, target, source_depth=z, source_classes=shown_classes(label))


def build(record: Record, uda: dict, loss: dict, monkeypatch):
    """The method with the recorded weights, in train mode."""
    config = record.info["config"]
    depth.few_blocks(monkeypatch, config.get("blocks", [1, 1, 1, 1]))
    method = MODELS.build({**uda, "segmentor": depth.segmentor(config["num_classes"], loss=loss)})
    depth.fill(method.model, record.info["recipe"]["net"])
    return method.train()


def run_steps(record: Record, method, batch, monkeypatch):
    """Yields (number, recorded step, logs, gradients) of every iteration, and checks the rates."""
    config = record.info["config"]
    rate, length = config.get("lr", 2.5e-4), config.get("schedule_length", 10)
    optimizer = build_optimizer({"optimizer": {"type": "SGD", "lr": rate, "momentum": 0.9, "weight_decay": 5e-4}}, method)
    poly = {"type": "PolyLR", "power": 0.9, "eta_min": 0.0, "end": length + 1, "by_epoch": False}
    made = schedules(Config({"param_scheduler": [poly], "train_cfg": {"max_iters": length}}), method)
    by_name, wrappers = (made, dict(optimizer.items())) if isinstance(made, dict) else ({"main": made}, {"main": optimizer})
    schedulers = [PARAM_SCHEDULERS.build({**each, "optimizer": wrappers[name]}) for name, own in by_name.items() for each in own]
    gradients: dict[str, Tensor] = {}

    def keep_gradients(original=optimizer.step) -> None:
        gradients.update({name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None})
        original()

    monkeypatch.setattr(optimizer, "step", keep_gradients)
    for number, step in enumerate(record.info["steps"]):
        monkeypatch.setattr(method.data_preprocessor, "batch", lambda _, number=number: batch(record, number))
        gradients.clear()
        rates = {name: wrapper.get_lr()["lr"] for name, wrapper in wrappers.items()}
        assert rates["main"] == pytest.approx([step["lr"]], rel=1e-9)
        assert "lr_D" not in step or rates["discriminator"] == pytest.approx([step["lr_D"]], rel=1e-9)
        logs = method.train_step({"iteration": number}, optimizer)
        for scheduler in schedulers:
            scheduler.step()
        yield number, step, logs, gradients


def check(record: Record, number: int, step: dict, method, gradients: dict[str, Tensor]) -> None:
    """Gradients at the step, norms of all of them, and weights and statistics afterwards."""
    unused = ("enc4_4", "dec4")
    for name, norm in step["grad_norms"].items():
        ours = f"model.{depth.our_name(name)}" if not name.startswith(unused) else ""
        assert (norm is None) == (ours not in gradients), name
        if norm is not None:
            assert gradients[ours].norm().item() == pytest.approx(norm, rel=2e-3), name
    for name, norm in step.get("D_grad_norms", {}).items():
        assert gradients[of_discriminator(name)].norm().item() == pytest.approx(norm, rel=2e-3), name
    state = method.state_dict()
    for key in (key for key in record.tensors if key.startswith(f"s{number}.")):
        _, *kind, name = key.replace(".D.", ".").split(".", 2)
        if kind not in (["grad"], ["after"]):
            continue
        name, values = name.removesuffix("_sub"), gradients if kind == ["grad"] else state
        expected = record.tensors[key]
        value = values[of_discriminator(name) if ".D." in key else f"model.{depth.our_name(name)}"]
        largest = expected.abs().max().item()
        assert_close(record, key, thinned(value, expected), rtol=0, atol=(MOST if kind == ["grad"] else 1e-5) * largest)
    if f"s{number}.bn1.running_mean" in record.tensors:
        assert_close(record, f"s{number}.bn1.running_mean", state["model.backbone.bn1.running_mean"])


def of_discriminator(name: str) -> str:
    layer, _, rest = name.partition(".")
    return f"model_D.main.{LAYERS[layer]}.{rest}"


@parametrize(f"{depth.FOLDER}/train_*")
def test_adversarial(record, monkeypatch):
    """Supervision, depth and density of the source, density and alignment of the target, both sides of the discriminator."""
    config, key = record.info["config"], WEIGHTS.get(record.info["config"]["expid"])
    weighted = {"class_weight": one(f"{depth.FOLDER}/thresholds").info[key], "avg_class_weight": True} if key else {"avg_non_ignore": True}
    lambdas = config["lambdas"]
    uda = {"type": "DepthDistribution", "mixtures": "", "lr_D": config["lr_D"], "lambda_adv": lambdas["adv"]}
    uda |= {"lambda_depth": lambdas["dep"], "lambda_density": lambdas["bal"], "lambda_target": lambdas["bal_tar"]}
    monkeypatch.setattr(options, "read_mixtures", lambda _: shipped_mixtures(SETS[config["expid"]]))
    method = build(record, uda, weighted, monkeypatch)
    published = dict(zip(LAYERS, method.model_D["main"].children(), strict=True))
    fill_by_recipe(torch.nn.ModuleDict(published), seed=record.info["recipe"]["discriminator"]["seed"])
    seen = {"number": 0}

    def target(mixtures, classes, z, *, label=None, places=None):
        if label is None:
            seen["depth_t"], seen["D_t"] = z, density_target(mixtures, classes, z, places=places)
            return seen["D_t"]
        seen["D_s"] = density_maps(config, seen["number"]).gather(0, classes)  # the original reads them from files
        return seen["D_s"]

    monkeypatch.setattr(supervision, "density_target", target)
    for number, step, logs, gradients in run_steps(record, method, batch_of, monkeypatch):
        for name in ("D_s", "D_t", "depth_t"):
            assert_close(record, f"s{number}.{name}", seen[name][0], atol=1e-3)
        for name, (ours, weight) in LOSSES.items():
            expected = step["losses"][name] * (lambdas[weight] if weight else lambdas["seg"])
            assert logs[ours].item() == pytest.approx(expected, rel=1e-3), name
        for side, domain in (("D_src", "source"), ("D_trg", "target")):
            assert logs[f"{side}.loss.main"].item() == pytest.approx(step[f"bce_d_{domain}"], rel=1e-3)
        check(record, number, step, method, gradients)
        seen["number"] = number + 1


def pseudo_labelled(record: Record, number: int) -> UDABatch:
    """The target as the labelled domain, by the folder of its pseudo-labels."""
    (width, height), seed = record.info["config"]["input_wh"], record.info["config"]["seed"]
    label = record.tensors[f"s{number}.label"].long()[None]
    return UDABatch(rnd(seed + 40 + number, 1, 3, height, width) * 50, label, source_classes=shown_classes(label))


@parametrize(f"{depth.FOLDER}/selftrain_*")
def test_self_training(record, monkeypatch):
    """Plain cross entropy; depth and density get no gradient, and no weight decay either."""
    method = build(record, {"type": "TargetOnly"}, {"avg_non_ignore": True}, monkeypatch)
    branches = {name: value.clone() for name, value in method.model.depth_head.state_dict().items()}
    for number, step, logs, gradients in run_steps(record, method, pseudo_labelled, monkeypatch):
        assert logs["decode.loss_seg"].item() == pytest.approx(step["loss"]["loss_seg_trg_main"], rel=1e-5)
        check(record, number, step, method, gradients)
    assert all(torch.equal(value, branches[name]) for name, value in method.model.depth_head.state_dict().items())


@parametrize(f"{depth.FOLDER}/nearest_index")
def test_nearest(record):
    for change, expected in {**record.info["pillow"], **record.info["pillow_small"]}.items():
        length, size = map(int, change.split("->"))
        assert nearest_index(length, size) == expected
