"""Domain generalisation against the records of the published code: styles, their consistency, base styles, whole steps.

What was drawn (weights of styles, detail boxes) is taken from the record. Whole steps are computed in float64, as in test_steps.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from torch import Tensor

from mmseg.datasets.sampling.rare_class_sampling import class_frequencies, class_probabilities
from mmseg.datasets.transforms import PhotoMetric, photo_metric_distortion
from mmseg.engine.hooks.base_styles_hook import BaseStylesHook, first_map
from mmseg.engine.hooks.evaluating import evaluating
from mmseg.engine.parts import build_optimizer
from mmseg.models.backbones import style_hallucination
from mmseg.models.backbones.style_hallucination import farthest_points, in_another_style, style_of
from mmseg.models.losses.consistency.style_consistency import style_consistency
from mmseg.models.segmentors import hrda_encoder_decoder
from mmseg.registry import MODELS
from mmseg.structures import Box, UDABatch, shown_classes
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize

FOLDER = "methods/dg"
GRADIENT = 2e-3
"""How far a gradient of the first step may be from the record, relative to its largest entry."""
SECOND_STEP = 5
"""The second step starts from weights that rounding has moved: the records themselves move by 6e-3 between kernels there."""
DROPPED = ("type", "source_only", "share_src_backward", "debug_img_interval", "print_grad_magnitude", "max_iters", "mix")


@parametrize(f"{FOLDER}/style_c*")
def test_another_style(record):
    feature_map = record.tensors["x"].clone().requires_grad_()
    weights = record.tensors["weights"]
    mixed = in_another_style(feature_map, weights @ record.tensors["proto_mean"], weights @ record.tensors["proto_std"])
    assert_close(record, "x_new", mixed)
    (mixed * record.tensors["g"]).sum().backward()
    assert_close(record, "grad_x", feature_map.grad)


@parametrize(f"{FOLDER}/consistency_*")
def test_consistency(record):
    logits = record.tensors["logits"].clone().requires_grad_()
    loss = record.info["config"]["lambda"] * style_consistency(logits)
    loss.backward()
    assert loss.item() == pytest.approx(record.info["scalars"]["loss"], rel=1e-5, abs=1e-6)
    assert_close(record, "grad_logits", logits.grad, atol=1e-6)


@parametrize(f"{FOLDER}/farthest_points*")
def test_farthest_points(record):
    for name, case in record.info["cases"].items():
        chosen = farthest_points(record.tensors[f"{name}.points"], case["n"], case["first"])
        assert chosen.tolist() == record.tensors[f"{name}.index"].tolist(), name


@parametrize(f"{FOLDER}/dirichlet_*")
def test_shares_of_styles(record):
    torch.manual_seed(0)
    largest = style_hallucination.draw_style_weights(20000, 64, 0.0156).max(dim=1).values
    expected = record.info["scalars"]
    assert largest.mean().item() == pytest.approx(expected["mean_max"], abs=0.006)
    assert largest.median().item() == pytest.approx(expected["median_max"], abs=0.01)
    assert (largest > 0.99).float().mean().item() == pytest.approx(expected["share_max_above_0_99"], abs=0.003)
    assert not largest.isnan().any()


@parametrize(f"{FOLDER}/photometric_*")
def test_photo_metric_distortion(record):
    image = record.tensors["image_bgr"].numpy()
    for run in record.info["runs"]:
        distorted = photo_metric_distortion(image, recorded_distortion([value for *_, value in run["draws"]]))
        assert np.array_equal(distorted, record.tensors[f"seed{run['np_seed']}"].numpy()), run["np_seed"]


def recorded_distortion(draws: list[float]) -> PhotoMetric:
    """The steps of a run from its coins and strengths, in their order."""
    draws, steps = iter(draws), {}

    def step(name: str) -> None:
        if next(draws):
            steps[name] = next(draws)

    step("brightness")
    contrast_first = bool(next(draws))
    for name in ("contrast", "saturation", "hue") if contrast_first else ("saturation", "hue", "contrast"):
        step(name)
    return PhotoMetric(**steps, contrast_last=not contrast_first)


@parametrize(f"{FOLDER}/dg_dataset*")
def test_probabilities_of_rare_classes(record):
    frequencies = class_frequencies([{int(key): count for key, count in entry.items() if key != "file"} for entry in record.info["stats"]])
    for run in (run for name, run in record.info["runs"].items() if name.startswith("min_crop_ratio")):
        assert list(frequencies) == run["classes"]
        assert class_probabilities(list(frequencies.values()), 0.01).tolist() == pytest.approx(run["probs"], rel=1e-4)


# Base styles


@parametrize(f"{FOLDER}/style_hook_*", exclude="dg/style_hook_schedule*")
def test_base_styles(record):
    options = record.info["config"]
    seed, (height, width) = record.info["recipe"]["seed"], options["size"]
    model = record.fill(MODELS.build(record.info["model_cfg"])).train()
    rows = []
    with evaluating(model):
        for number in range(options["n_batches"]):
            image = normal(seed + 10 + number, (options["batch"], 3, height, width))
            rows.append(torch.cat(style_of(first_map(model.backbone, model.feature_image(image))), dim=1))
    assert model.training and model.backbone.training
    assert_close(record, "styles", torch.cat(rows))
    index = record.tensors["index"].tolist()
    chosen = farthest_points(record.tensors["styles"], len(index), index[0])
    assert chosen.tolist() == index
    assert torch.equal(torch.cat([record.tensors["proto_mean"], record.tensors["proto_std"]], 1), record.tensors["styles"][chosen])


@parametrize(f"{FOLDER}/style_hook_schedule*")
def test_when_base_styles_are_measured(record, monkeypatch):
    """As recorded, but that a resumed training keeps the styles of its checkpoint."""
    for name, expected in record.info["runs"].items():
        interval, iterations, *start = [int(word.strip(",")) for word in name.split() if word.strip(",").isdigit()]
        start, seen = (start or [0])[0], []
        module = SimpleNamespace(proto_mean=torch.ones(2, 2), has_styles=start > 0)
        monkeypatch.setattr("mmseg.engine.hooks.base_styles_hook.hallucination_of", lambda _, module=module: module)
        runner = SimpleNamespace(iter=start, train_dataloader=SimpleNamespace(dataset=range(9)))
        hook = BaseStylesHook(interval=interval)
        monkeypatch.setattr(hook, "measure", lambda runner, seen=seen: seen.append(runner.iter))
        hook.before_train(runner)
        before, seen[:] = [["before", number] for number in seen], []
        for runner.iter in range(start, iterations):
            hook.after_train_iter(runner, runner.iter)
        found = before + [["after", number] for number in seen]
        assert found == [entry for entry in expected if start == 0 or entry[0] != "before"], name
    assert isinstance(hook, Hook)


# Whole steps


def normal(seed: int, shape) -> Tensor:
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(shape).astype(np.float32)).to(torch.get_default_dtype())


def build(record: Record):
    """The method with the recorded weights and base styles, in train mode."""
    uda = {key: value for key, value in record.info["uda_cfg"].items() if key not in DROPPED}
    method = MODELS.build({"type": "DomainGeneralization", **uda, "segmentor": record.info["model_cfg"]})
    for name, seed in record.info["recipe"]["seeds"].items():
        fill_by_recipe(getattr(method, name), seed=seed, mult=record.info["recipe"]["mult"])
    for name in ("proto_mean", "proto_std"):
        if name in record.tensors:
            getattr(method.model.backbone.style_hallucination, name).copy_(record.tensors[name])
    assert sorted(name for name, _ in method.named_children() if name in ("model", "ema_model", "imnet_model")) == sorted(
        record.info["wrapper_submodules"]
    )
    assert sum(parameter.numel() for parameter in method.parameters()) == record.info["n_wrapper_params"]
    return method.train()


def run_step(record: Record, method, optimizer, number: int, monkeypatch) -> SimpleNamespace:
    """One recorded step; gradients by the names of the student's parameters, and the output of its pass."""
    info, tensors = record.info["steps"][number], record.tensors
    weights = iter([tensors[key] for key in sorted(tensors) if key.startswith(f"s{number}.dirichlet")])
    boxes = iter([Box(*box) for box in info["crop_boxes"]])
    label = tensors[f"s{number}.label"].long()
    image = normal(600 + 10 * number + record.info["seed"], (record.info["batch"], 3, *record.info["size"]))
    gradients, outputs = {}, []

    def keep_gradients(original=optimizer.step) -> None:
        gradients.update(
            {name: parameter.grad.clone() for name, parameter in method.model.named_parameters() if parameter.grad is not None}
        )
        original()

    with monkeypatch.context() as patch:
        patch.setattr(style_hallucination, "draw_style_weights", lambda *_: next(weights))
        patch.setattr(hrda_encoder_decoder, "draw_crop_box", lambda *_, **__: next(boxes))
        patch.setattr(method.data_preprocessor, "batch", lambda _: UDABatch(image, label, None, None, source_classes=shown_classes(label)))
        patch.setattr(optimizer, "step", keep_gradients)
        handle = method.model.register_forward_hook(lambda _, __, output: outputs.append(output))
        logs = method.train_step({"iteration": info["step"]}, optimizer)
        handle.remove()
    assert next(weights, None) is None and next(boxes, None) is None  # as many draws as recorded
    return SimpleNamespace(logs=logs, gradients=gradients, output=outputs[0])


@parametrize(f"{FOLDER}/dg_*_shade*")
@pytest.mark.usefixtures("float64")
def test_steps_in_two_styles(record, monkeypatch):
    check_steps(record, monkeypatch)


@parametrize(f"{FOLDER}/dg_*_plain*")
@pytest.mark.usefixtures("float64")
def test_steps_in_one_style(record, monkeypatch):
    """One backward pass of ours equals the two of the record, and its one."""
    check_steps(record, monkeypatch)


def check_steps(record: Record, monkeypatch) -> None:
    method = build(record)
    options = dict(record.info["optimizer"])
    optimizer = build_optimizer({"paramwise_cfg": options.pop("paramwise_cfg", None), "optimizer": options}, method)
    for number, info in enumerate(record.info["steps"]):
        slack = 1 if number == 0 else SECOND_STEP
        result = run_step(record, method, optimizer, number, monkeypatch)
        for name, value in info["log_vars"].items():
            if name != "decode.logits":
                absolute = 0.02 if "acc" in name else 1e-5
                assert result.logs[name].item() == pytest.approx(value, rel=1e-4 * slack, abs=absolute), name
        check_features(record, number, result.output, slack)
        state = method.model.state_dict()
        for key in (key for key in record.tensors if key.startswith(f"s{number}.")):
            kind, _, name = key.removeprefix(f"s{number}.").partition(".")
            if kind == "grad":
                scale = record.tensors[key].abs().max().item()
                assert_close(record, key, result.gradients[name], rtol=0, atol=GRADIENT * scale * slack)
            elif kind == "after":
                assert_close(record, key, state[name], rtol=1e-6, atol=1e-6 * slack)
            elif name.endswith("running_mean"):
                assert_close(record, key, state[key.removeprefix(f"s{number}.")], rtol=1e-4 * slack)
        largest = max(info["grad_norms"].values())
        for name, norm in info["grad_norms"].items():
            assert result.gradients[name].norm().item() == pytest.approx(norm, rel=2 * GRADIENT * slack, abs=1e-4 * largest * slack), name


def check_features(record: Record, number: int, output, slack: float) -> None:
    """Compares what the pass returned, thinned out as it was recorded."""
    features = output.views[0].features
    parts = {
        "logits_sub": output.logits[:, :, 1::3, ::3],
        "feat_last_sub": features[-1][:, ::8],
        "stage1_sub": features[0][:, ::8, ::4, ::4],
    }
    for name, value in parts.items():
        if f"s{number}.{name}" in record.tensors:
            assert_close(record, f"s{number}.{name}", value, rtol=1e-3 * slack, atol=1e-3 * slack)
