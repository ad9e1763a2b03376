"""Every recorded input and output of the published networks: encoders, decoders, HRDA, losses, windows, boxes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg.models.losses.cross_entropy import CrossEntropyLoss, accuracy
from mmseg.models.segmentors import hrda_encoder_decoder
from mmseg.models.segmentors.hrda_encoder_decoder import draw_crop_box
from mmseg.registry import MODELS
from mmseg.structures import Box, SegOutput
from tests.parity.records import Record, assert_close, load, one, parametrize


@pytest.fixture(autouse=True)
def one_thread():
    """The records were made with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def build(record: Record) -> torch.nn.Module:
    """The record's network with its recipe weights, in eval mode."""
    options = {k: v for k, v in record.info["cfg"].items() if k != "norm_layer"}  # 1e-6 is what the class does, not an option
    return record.fill(MODELS.build(options)).eval()


class Replay:
    """The published draws: NumPy's legacy stream behind the generator interface that we use."""

    def __init__(self, seed: int) -> None:
        self.integers = np.random.RandomState(seed).randint


# --- encoders -------------------------------------------------------------------------------------------------


@parametrize("models/mit_*_forward")
def test_encoder_forward(record: Record) -> None:
    model = build(record)
    for name in ("x1", "x2"):  # x2 is 70x90: no multiple of the strides
        with torch.no_grad():
            features = model(record.tensors[name])
        for level, feature in enumerate(features):
            assert_close(record, f"{name}.f{level}", feature)


@parametrize("models/mit_*_backward")
def test_encoder_backward(record: Record) -> None:
    model, image = build(record), record.tensors["x"].clone().requires_grad_()
    features = model(image)
    directions = [np.random.RandomState(30 + i).standard_normal(f.shape).astype(np.float32) for i, f in enumerate(features)]
    loss = sum((feature * torch.from_numpy(g)).sum() for feature, g in zip(features, directions, strict=True))
    loss.backward()
    assert loss.item() == pytest.approx(record.info["loss"], rel=1e-4)
    assert_close(record, "dx", image.grad, atol=1e-4)
    _check_gradients(record, model)


@parametrize("models/resnetv1c_*_forward")
def test_residual_encoder_forward(record: Record) -> None:
    with torch.no_grad():
        features = build(record)(record.tensors["x"])
    for level, (feature, stats) in enumerate(zip(features, record.info["stats"], strict=True)):
        assert list(feature.shape) == stats["shape"]
        assert_close(record, f"f{level}", feature[:, ::4])


# --- decoders -------------------------------------------------------------------------------------------------


@parametrize("models/head_daformer_*")
def test_daformer_decoder(record: Record) -> None:
    head, inputs = build(record), one("models/head_inputs").tensors
    _check_decoder(record, head)
    levels = [inputs[f"A.f{i}"] for i in range(4)]
    if record.info.get("neck_cfg"):
        levels = MODELS.build(dict(record.info["neck_cfg"]))(levels)
        assert_close(record, "A.neck_f3", levels[3][:, ::8])
        with torch.no_grad():
            assert_close(record, "A.logits_with_neck", head(levels))
    if "A.logits_train_bn" in record.tensors:
        _check_batch_statistics(record, head, [inputs[f"A.f{i}"] for i in range(4)])


@parametrize("models/head_segformer_*")
def test_segformer_decoder(record: Record) -> None:
    _check_decoder(record, build(record))


@parametrize("models/head_dlv2_*")
def test_deeplab_decoder(record: Record) -> None:
    with torch.no_grad():
        assert_close(record, "logits", build(record)([None, None, None, record.tensors["f3"]]))


def _check_decoder(record: Record, head: torch.nn.Module) -> None:
    inputs = one("models/head_inputs").tensors
    for name in ("A", "B"):
        with torch.no_grad():
            assert_close(record, f"{name}.logits", head([inputs[f"{name}.f{i}"] for i in range(4)]))


def _check_batch_statistics(record: Record, head: torch.nn.Module, levels: list[torch.Tensor]) -> None:
    with torch.no_grad():
        assert_close(record, "A.logits_train_bn", head.train()(levels))
    key = record.info["bn_key"]
    assert_close(record, "A.running_mean_after", head.state_dict()[key])
    assert_close(record, "A.running_var_after", head.state_dict()[key.replace("running_mean", "running_var")])


# --- HRDA -----------------------------------------------------------------------------------------------------


@parametrize("models/hrda_infer_*")
def test_hrda_inference(record: Record) -> None:
    model, tensors = build(record), record.tensors
    with torch.no_grad():
        output = model.segment(tensors["x"])
        logits = model.inference(tensors["x"])
    parts = {"dec.fused": output.logits, "dec.lr_scaled": output.scaled_context, "att_sigmoid": output.attention, "out": logits}
    parts |= {"dec.hr": output.view("detail").logits, "lr_raw": output.view("context").logits, "out_sub": logits[:, :, 1::4, 2::4]}
    parts |= {"inference": logits, "simple_test": logits[:, 0]}
    for key in set(tensors) - {"x"}:
        assert_close(record, key, parts[key])


@parametrize("models/hrda_train_*")
def test_hrda_training_pass(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tensors = build(record), record.tensors
    output, losses = _training_pass(record, model, monkeypatch)
    assert {k: v.item() for k, v in losses.items()} == pytest.approx(record.info["losses"], rel=1e-4)
    assert output.view("detail").box == Box(*(record.info["crop_box_y1y2x1x2"] or record.info["get_crop_bbox_calls"][0][4]))
    _check_parts(record, output)
    for key in (k for k in tensors if k.startswith("bn_after.")):
        assert_close(record, key, model.state_dict()[key.removeprefix("bn_after.")])
    for key, count in record.info.get("num_batches_tracked_after", {}).items():
        assert model.state_dict()[f"{key}.num_batches_tracked"] == count


@parametrize("models/hrda_train_*")
def test_hrda_gradients(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """In float64: in float32 a single ReLU whose input is 1e-6 changes a gradient by 7e-4 of its size."""
    model = build(record).double()
    _, losses = _training_pass(record, model, monkeypatch)
    sum(value for key, value in losses.items() if "loss" in key).backward()
    _check_gradients(record, model)


def _training_pass(record: Record, model: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> tuple[SegOutput, dict]:
    model.train(record.info["bn_mode"] == "train")
    box, dtype = record.info["crop_box_y1y2x1x2"], next(model.parameters()).dtype
    if box is not None:
        monkeypatch.setattr(hrda_encoder_decoder, "draw_crop_box", lambda *_: Box(*box))
    weight = record.tensors.get("seg_weight")
    output = model(record.tensors["x"].to(dtype), Replay(5))  # seed 5: hrda_train_random_box
    return output, model.loss(output, record.tensors["label"][:, 0], None if weight is None else weight.to(dtype))


def _check_parts(record: Record, output: SegOutput) -> None:
    parts = {"fused": output.logits, "lr_scaled": output.scaled_context, "att_sigmoid": output.attention}
    parts |= {"hr": output.view("detail").logits, "lr_raw": output.view("context").logits}
    parts |= {"feat_last": output.feature_views[-1].features[-1], "feat_last_lr": output.feature_views[0].features[-1]}
    for key in set(parts) & set(record.tensors):
        assert_close(record, key, parts[key], atol=3e-5 if record.info["bn_mode"] == "train" else 1e-5)


def _check_gradients(record: Record, model: torch.nn.Module) -> None:
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    for key in (k for k in record.tensors if k.startswith("grad.")):
        expected = record.tensors[key]
        assert_close(record, key, gradients[key.removeprefix("grad.")], atol=1e-5 * expected.abs().max().item())
    norms = record.info.get("grad_norms", {})
    largest = max(norms.values(), default=0)
    for name, norm in norms.items():
        actual = gradients[name].double().norm().item() if name in gradients else 0.0
        assert actual == pytest.approx(norm, rel=1e-4, abs=1e-6 * largest), f"{record.name} gradient of {name}"


# --- windows, boxes, losses -----------------------------------------------------------------------------------


@parametrize("models/slide_inference*")
def test_window_inference(record: Record) -> None:
    model, tensors = build(record), record.tensors
    for name, case in record.info["cases"].items():
        logits = _logits(model, tensors["x"], case["test_cfg"])
        rescaled = _rescaled(logits, record.info["ori_shape"])
        assert_close(record, f"{name}.logits_sub", logits[:, :, 1::2, ::2])
        assert_close(record, f"{name}.rescaled_sub", rescaled[:, :, 1::3, ::3])
        different = (rescaled.argmax(1)[0] != tensors[f"{name}.pred"]).sum().item()
        assert different <= 2, f"{name}: {different} pixels differ (ties are within rounding)"


@parametrize("models/slide_inference*")
def test_flip_and_multi_input_averages(record: Record) -> None:
    """The mean of softmax over the image, its mirror image (prediction flipped back) and the image at 0.75 of its size."""
    model, tensors = build(record), record.tensors
    if "aug_test.pred" not in tensors:
        pytest.skip("the record has no augmented case")
    cfg, image = {"mode": "whole"}, tensors["x"]
    flipped = _logits(model, image.flip(3), cfg).flip(3)
    smaller = torch.nn.functional.interpolate(image, scale_factor=0.75, mode="bilinear")
    views = [_logits(model, image, cfg), flipped, _logits(model, smaller, cfg)]
    mean = torch.stack([_rescaled(view, record.info["ori_shape"]).softmax(1) for view in views]).mean(0)
    assert_close(record, "aug_test.prob_sub", mean[:, :, 1::3, ::3])
    assert (mean.argmax(1)[0] != tensors["aug_test.pred"]).sum() <= 2


def _logits(model: torch.nn.Module, image: torch.Tensor, test_cfg: dict) -> torch.Tensor:
    model.test_cfg = dict(test_cfg)
    with torch.no_grad():
        return model.inference(image)


def _rescaled(logits: torch.Tensor, shape: list[int]) -> torch.Tensor:
    return torch.nn.functional.interpolate(logits, size=shape[:2], mode="bilinear")


@parametrize("models/crop_bbox*")
def test_detail_boxes(record: Record) -> None:
    for sequence in record.info["sequences"]:
        rng = Replay(sequence["np_seed"])
        for box in sequence["boxes"]:
            assert draw_crop_box(rng, *sequence["args"]) == Box(*box)


@parametrize("models/losses*")
def test_losses(record: Record) -> None:
    tensors, results = record.tensors, record.info["results"]
    logits, label, weight = tensors["logits"], tensors["label"][:, 0], tensors["weight"]
    actual = {
        "ce": CrossEntropyLoss()(logits, label),
        "ce_w": CrossEntropyLoss()(logits, label, weight),
        "ce_sum": CrossEntropyLoss(reduction="sum")(logits, label, weight),
        "ce_classweight_lw07": CrossEntropyLoss(class_weight=record.info["class_weight"], loss_weight=0.7)(logits, label, weight),
        "acc": accuracy(logits, label),
    }
    assert {k: v.item() for k, v in actual.items()} == pytest.approx({k: results[k] for k in actual}, rel=1e-5)

    head = _linear_head()
    small = head.losses(tensors["small"], label, weight)
    assert {k: v.item() for k, v in small.items()} == pytest.approx(results["head_losses_from_small"], rel=1e-5)
    ignored = head.losses(tensors["small"], torch.full_like(label, 255))
    assert (ignored["loss_seg"].item(), ignored["acc_seg"].item()) == (0, 0)


def _linear_head() -> torch.nn.Module:
    layer = {"type": "mlp"}
    decoder = {"embed_dims": 4, "embed_cfg": layer, "embed_neck_cfg": layer, "fusion_cfg": {"type": "conv"}}
    options = {"in_channels": [4], "in_index": [0], "channels": 4, "num_classes": 19, "decoder_params": decoder}
    return MODELS.build(dict(type="DAFormerHead", **options))


def test_every_model_record_has_a_test() -> None:
    """A record of a new kind must not be overlooked."""
    decoders = ("head_inputs", "head_daformer_", "head_segformer_", "head_dlv2_")
    known = ("mit_", "resnetv1c_", "hrda_infer_", "hrda_train_", "slide_inference", "crop_bbox", "losses", *decoders)
    unknown = [record.name for record in load("models/*") if not record.path.stem.startswith(known)]
    assert not unknown, f"no parity test knows {unknown}"
