"""The warm-up of CPSL against the records, in float64: losses, gradients, weights of network and discriminator, learning rates."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

from mmseg.config.config import load_config
from mmseg.engine.parts import build_optimizer, schedules
from mmseg.models.uda.augmentation.replay import replay_strong
from mmseg.registry import MODELS
from mmseg.structures import UDABatch, shown_classes
from tests.parity import cpsl_records as cpsl
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize
from tests.parity.test_cpsl_steps import geometries_of
from tests.tiny import ROOT

MAX_ITERS = 90_000


def build(record: Record):
    options, recipe = record.info["opt"], record.info["recipe"]
    uda = {"type": "OutputAlignment", "discriminator_type": options["gan"], "lambda_align": options["adv"]}
    method = MODELS.build({**uda, "segmentor": cpsl.segmentor(record.info["num_classes"])})
    cpsl.fill(record, method.model, seed=recipe["network"])
    fill_by_recipe(method.model_D["main"], seed=recipe["discriminator"])
    return method.to(torch.get_default_dtype()).train()


def batch_of(record: Record, number: int) -> UDABatch:
    """The crops of an iteration.

    With S_pseudo_src, an option that no published command has, the source image is its strong view, and its label has the size of the
    decoder's map, bent as if that had a stride of 4: its stride is 8.
    """
    first = int(record.info["inputs"].split("s = ")[1].split("+")[0]) + 100 * number
    label, target = cpsl.labels(record, f"s{number}.source_label"), cpsl.images(first + 3)
    if not record.info["opt"]["S_pseudo_src"]:
        return UDABatch(cpsl.images(first), label, target, source_classes=shown_classes(label))
    bent = geometries_of(record.info["steps"][number]["strong"])
    label = replay_strong(label[:, None, ::8, ::8], bent, stride=4, fill=255)[:, 0]
    return UDABatch(cpsl.images(first + 4), label, target, source_classes=shown_classes(label))


@parametrize(f"{cpsl.FOLDER}/warmup_step*")
@pytest.mark.usefixtures("float64")
def test_steps(record, monkeypatch):
    method, rate = build(record), record.info["opt"]["lr"]
    sgd = {"type": "SGD", "lr": rate, "momentum": 0.9, "weight_decay": 2e-4}
    optimizer = build_optimizer({"optimizer": sgd, "paramwise_cfg": {"custom_keys": {"decode_head": {"lr_mult": 10.0}}}}, method)
    cfg = Config({"param_scheduler": [], "train_cfg": {"max_iters": MAX_ITERS}})
    (schedule,) = schedules(cfg, method)["discriminator"]
    (main,) = load_config(ROOT / "configs/cpsl/gta2cs_warmup.py").param_scheduler
    schedulers = [
        PARAM_SCHEDULERS.build({**options, "optimizer": optimizer[name]}) for name, options in (("main", main), ("discriminator", schedule))
    ]
    gradients = {}

    def keep_gradients(original=optimizer.step) -> None:
        gradients.update({name: parameter.grad.clone() for name, parameter in method.named_parameters()})
        original()

    monkeypatch.setattr(optimizer, "step", keep_gradients)
    for number, step in enumerate(record.info["steps"]):
        monkeypatch.setattr(method.data_preprocessor, "batch", lambda _, number=number: batch_of(record, number))
        logs = method.train_step({"iteration": number}, optimizer)
        for scheduler in schedulers:
            scheduler.step()
        assert logs["decode.loss_seg"].item() == pytest.approx(step["loss_GTA"], rel=1e-5)
        assert logs["G_trg.loss.main"].item() == pytest.approx(step["loss_adv_G"], rel=1e-4)
        assert (logs["D_src.loss.main"] + logs["D_trg.loss.main"]).item() == pytest.approx(step["loss_D"], rel=1e-5)
        check(record, number, method, gradients)


def check(record: Record, number: int, method, gradients: dict) -> None:
    """Gradients at the step, norms of all of them, and weights afterwards."""
    for name, norm in record.info["steps"][number]["grad_norms"].items():
        assert gradients[ours(name)].norm().item() == pytest.approx(norm, rel=1e-4), name
    for key in (key for key in record.tensors if key.startswith((f"s{number}.grad", f"s{number}.after"))):
        _, kind, name = key.split(".", 2)
        value, expected = (gradients if kind == "grad" else method.state_dict())[ours(name)], record.tensors[key]
        assert_close(record, key, cpsl.thinned(value, expected), rtol=1e-4, atol=1e-5 * expected.abs().max().item())


def ours(name: str) -> str:
    """The name of our parameter, of one of the record: net.body.weight, D.conv1.weight."""
    part, _, entry = name.partition(".")
    return f"model_D.main.{entry}" if part == "D" else f"model.{cpsl.NAMES[entry]}"


@parametrize(f"{cpsl.FOLDER}/poly_lr*")
@pytest.mark.parametrize("stage", ["stage1", "stage2"])
def test_poly(record, stage):
    """Base, decoder and prototypes of stage 1; the schedule of the other stages is the same."""
    (config,) = load_config(ROOT / f"configs/cpsl/gta2cs_{stage}.py").param_scheduler
    for iteration, rates in record.info["values"].items():
        share = 1 - int(iteration) / MAX_ITERS
        assert config["power"] == 0.9 and config["end"] == MAX_ITERS + 1 and config.get("begin", 0) == 0
        assert [factor * 1e-4 * share**0.9 for factor in (1, 5, 5)] == pytest.approx(rates, rel=1e-9, abs=1e-15)
