"""Exported networks predict what the networks predict, and the example of docs/export.md what inference predicts."""

import contextlib
import json
import logging
import re
import warnings

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg.apis import inference_model, init_model
from mmseg.apis.exporting import window as export
from mmseg.apis.exporting.window import (
    Format,
    WindowSegmentor,
    checked_difference,
    description,
    export_window,
    quiet,
    relative_difference,
    sliding_window,
)
from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.models.backbones.tuning.low_rank import LowRankLinear
from mmseg.models.decode_heads.dilated_conv import DilatedConv2d
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import write_json
from tests import tiny
from tests.models.encoders.families import make_tiny
from tests.models.networks import deeplab_head, hrda, plain
from tests.models.tuning.test_backbone import segmentor
from tests.models.tuning.test_backbone import tuning as tuned

SLIDE = {"mode": "slide", "crop_size": [64, 64], "stride": [32, 48]}
RESNET = {"type": "ResNetV1c", "depth": 18, "stem_channels": 8, "base_channels": 8, "strides": (1, 2, 1, 1), "dilations": (1, 1, 2, 4)}


def config(model: dict) -> Config:
    """What export reads of a complete config."""
    validation = {"dataset": {"type": "CityscapesDataset", "test_scale": (192, 96)}}
    training = {"dataset": {"source_crop": {"crop_size": [96, 80]}}}
    return Config({"model": model, "uda": {"type": "DACS"}, "seed": 0, "val_dataloader": validation, "train_dataloader": training})


@pytest.fixture
def small():
    """A plain network with 5 classes."""
    return init_model(config(plain()))


@pytest.fixture
def program():
    """A program of one convolution: 3 * 2 weights and 2 biases of 4 bytes."""
    return torch.export.export(torch.nn.Conv2d(3, 2, 1), (torch.zeros(1, 3, 4, 4),), strict=False)


def copying(suffix: str, result: torch.Tensor) -> Format:
    """A format whose files predict ``result``."""
    return Format(suffix, lambda program, path: path.write_text("new"), lambda path, image: result)


@pytest.mark.parametrize("looking", [{}, {"flip": True, "average": "probabilities"}], ids=["once", "twice"])
def test_the_example_predicts_what_inference_predicts(tiny_data, tmp_path, monkeypatch, looking):
    """HRDA, both formats; the code of the document as it stands, on windows that overlap unevenly."""
    photo = next(tiny_data.glob("cityscapes/leftImg8bit/val/*/*.png"))
    method = init_model(config(hrda(num_classes=19, test_cfg={**SLIDE, **looking})))
    window, stride = sliding_window(method.cfg)
    base = tmp_path / "exported" / "latest_1024x1024"
    files = export_window(method, base, window)
    assert {name: file.path.name for name, file in files.items()} == {"onnx": f"{base.name}.onnx", "exported_program": f"{base.name}.pt2"}
    assert all(file.path.is_file() and file.difference < 1e-5 for file in files.values())
    write_json(base.with_name(f"{base.name}.json"), description(method, window, stride, 1))
    (tmp_path / "street.png").write_bytes(photo.read_bytes())

    monkeypatch.chdir(tmp_path)
    example = "\n".join(re.findall(r"```python\n(.*?)```", (tiny.ROOT / "docs/export.md").read_text(), re.DOTALL))
    names = {}
    exec(compile(example, "docs/export.md", "exec"), names)
    expected = inference_model(method, photo).labels
    assert len(np.unique(expected)) > 1
    assert (names["labels"] == expected).mean() > 0.999
    colors = cv2.cvtColor(cv2.imread("prediction.png"), cv2.COLOR_BGR2RGB)
    assert np.array_equal(colors, np.array(PALETTE, np.uint8)[names["labels"]])
    first = names["session"].run(None, {"image": names["window"].numpy()})[0]
    assert relative_difference(names["window_logits"], torch.from_numpy(first)) < 1e-5


def test_an_adapter_samples_in_both_formats(tmp_path):
    """Deformable attention reads by grid_sample, which ONNX knows; with gammas that are not 0."""
    backbone = {"type": "TimmBackbone", "name": "test_vit", "levels": "adapter", "input_scale": 1.1}
    head = {"type": "TopDownHead", "in_channels": [64] * 4, "num_classes": 19}
    method = init_model(config({"type": "EncoderDecoder", "backbone": backbone, "decode_head": head}))
    for injector in method.model.backbone.adapter.injectors:
        torch.nn.init.normal_(injector.gamma)
    files = export_window(method, tmp_path / "a", (64, 96))
    assert set(files) == {"onnx", "exported_program"} and all(file.difference < 1e-5 for file in files.values())


def test_a_dilated_resnet_in_batches(tmp_path):
    head = deeplab_head(in_channels=64, num_classes=19, dilations=(6, 12))
    method = init_model(config({"type": "EncoderDecoder", "backbone": RESNET, "decode_head": head}))
    files = export_window(method, tmp_path / "a", (40, 56), batch=2)
    image = torch.randint(0, 256, (2, 3, 40, 56), dtype=torch.uint8)
    with torch.no_grad():
        expected = method.model.encode_decode(method.data_preprocessor.image(image))
        for name, file in files.items():
            assert relative_difference(export.FORMATS[name].run(file.path, image.float()), expected) < 1e-5, name
    assert b"resnet.py" not in files["onnx"].path.read_bytes(), "no stack traces with paths of the exporting machine"


def test_the_normalisation_is_inside_and_the_result_is_the_fused_one():
    method = init_model(config(hrda(debug_output_attention=True)))
    image = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        expected = method.model.encode_decode(method.data_preprocessor.image(image), "fused")
        assert torch.equal(WindowSegmentor(method=method)(image.float()), expected)
    assert expected.shape == (1, 5, 64, 64)


def test_a_convolution_with_a_large_dilation_stays_one():
    """Eager CPU code takes a detour; a program may run elsewhere."""
    layer = DilatedConv2d(4, 4, 3, padding=18, dilation=18, groups=4, bias=False)
    exported = torch.export.export(layer, (torch.zeros(1, 4, 32, 32),), strict=False)
    called = [node.target for node in exported.graph.nodes if node.op == "call_function"]
    assert called == [torch.ops.aten.conv2d.default]


def test_a_wrong_file_is_not_kept_and_takes_the_others_along(small, tmp_path, monkeypatch):
    with torch.no_grad():
        image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
        right = WindowSegmentor(method=small)(image)
    wrong = right + 2e-4 * (right.max() - right.min())
    monkeypatch.setattr(export, "FORMATS", {"good": copying(".good", right), "bad": copying(".bad", wrong)})
    (tmp_path / "a.good").write_text("old")
    with pytest.raises(RuntimeError, match=r"a\.bad would differ from the network by 2\.0e-04 of its range"):
        export_window(small, tmp_path / "a", (64, 64), formats=["good", "bad"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.good"] and (tmp_path / "a.good").read_text() == "old"
    export_window(small, tmp_path / "a", (64, 64), formats=["good", "good"])
    assert (tmp_path / "a.good").read_text() == "new"


def test_what_exporters_say_is_hidden_and_only_there(caplog):
    with warnings.catch_warnings(record=True) as caught:
        for silence in (quiet(), contextlib.nullcontext()):
            with silence:
                warnings.warn("a detail", stacklevel=1)
                logging.getLogger("an exporter").warning("a detail")
    assert len(caught) == len(caplog.records) == 1


def test_differences_are_relative_to_the_range():
    expected = torch.tensor([-30.0, 10.0])
    assert relative_difference(expected + torch.tensor([0.0, 2e-3]), expected) == pytest.approx(5e-5, rel=1e-2)
    assert relative_difference(torch.zeros(2), torch.zeros(2)) == 0
    assert checked_difference(expected, expected, "a.onnx") == 0
    for wrong in (expected + 0.005, expected * torch.nan, expected[0]):
        with pytest.raises(RuntimeError, match=r"a\.onnx would differ"):
            checked_difference(wrong, expected, "a.onnx")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": (60, 64)}, "the 60x64 image is not divisible by 8"),
        ({"window": (0, 64)}, "Use --size and --batch of at least 1"),
        ({"window": (64, 64), "batch": 0}, "Use --size and --batch of at least 1"),
        ({"window": (16, 16)}, "too small for sr_ratios"),
    ],
)
def test_refused_sizes(options, message, tmp_path):
    with pytest.raises(UserError, match=message):
        export_window(init_model(config(hrda())), tmp_path / "a", **options)
    assert not any(tmp_path.iterdir())


def test_what_onnx_cannot_hold(program, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "ONNX_BYTES", 32)
    with pytest.raises(UserError, match=r"holds at most .*\. Use --format exported_program"):
        export.save_onnx(program, tmp_path / "a.onnx")


def test_what_onnx_cannot_express(program, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise torch.onnx.OnnxExporterError("pages of advice")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(UserError, match=r"cannot translate this network to ONNX\. Use --format exported_program\."):
        export.save_onnx(program, tmp_path / "a.onnx")


def test_windows_and_strides():
    slides, whole = config(plain(test_cfg=SLIDE)), config(plain())
    assert sliding_window(slides) == sliding_window(slides, (64, 64)) == ([64, 64], [32, 48])
    assert sliding_window(slides, (64, 32)) == ([64, 32], [32, 16])
    assert sliding_window(whole) == ([96, 80], [48, 40])
    assert sliding_window(whole, (1, 7)) == ([1, 7], [1, 3])


def test_the_description(small):
    method = init_model(config({**plain(), "decode_head": {**plain()["decode_head"], "num_classes": 19}}))
    told = json.loads(json.dumps(description(method, (64, 32), (32, 16), 2)))
    assert told["input"]["shape"] == [2, 3, 64, 32] and told["output"]["shape"] == [2, 19, 64, 32]
    assert (told["window"], told["stride"], told["test_scale"]) == ([64, 32], [32, 16], [192, 96])
    assert tuple(told["classes"]) == CLASSES and told["palette"] == [list(color) for color in PALETTE]
    assert told["normalization"] == {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
    with pytest.raises(UserError, match="predicts 5 classes, but CityscapesDataset of val_dataloader has 19"):
        description(small, (64, 32), (32, 16), 2)


@pytest.mark.parametrize("tuning", ["LoRA", "SoMA", "Rein"])
def test_adapters_are_merged_where_they_can_be(tuning, monkeypatch):
    """A tiny transformer whose adapters have moved: what is exported gives the same logits, with plain layers."""
    make_tiny(monkeypatch, embed_dim=24, depth=2, num_heads=2)
    method = init_model(config(segmentor(tuning=tuned(tuning))))
    with torch.no_grad():
        for parameter in method.model.backbone.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
        image = torch.randint(0, 256, (1, 3, 64, 64)).float()
        before = method.correct(method.model.encode_decode(method.data_preprocessor.image(image)))
        exported = WindowSegmentor(method=method)
        torch.testing.assert_close(exported(image), before, rtol=1e-4, atol=1e-4)
    assert any(isinstance(module, LowRankLinear) for module in exported.modules()) is False
    assert (method.model.backbone.tuned is None) == (tuning != "Rein")
