"""Compiled encoders and decoders: the same steps, the same checkpoints, and eager steps where nothing can be compiled."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch

from mmseg.config.config import load_config
from mmseg.engine import compile as compiling
from mmseg.engine.compile import compile_networks, compiled_parts
from mmseg.engine.parts import build_model
from mmseg.engine.runner import AdaptationRunner
from mmseg.models.backbones.style_hallucination import StyleHallucination
from tests import tiny
from tests.models.uda import test_methods as steps

COMPILE = torch.compile


@pytest.fixture(autouse=True)
def forget_programs():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def use_backend(monkeypatch, backend: Callable) -> None:
    """Graphs are made as in a training, but ``backend(graph)`` takes the place of a compiler that needs minutes."""

    def compiled(function, *, options, **others):
        return COMPILE(function, backend=lambda graph, _: backend(graph), **others)

    monkeypatch.setattr(torch, "compile", compiled)


def build(**options):
    segmentor = steps.network()
    segmentor["backbone"]["drop_path_rate"] = 0.3
    return steps.build(segmentor=segmentor, imnet_feature_dist_lambda=0.1, **options)


def test_steps_are_the_same(monkeypatch, float64):
    graphs: list = []
    use_backend(monkeypatch, lambda graph: graphs.append(graph) or graph.forward)
    eager, compiled = build(), build()
    compilation = compile_networks(compiled)
    for iteration in range(2):
        logs = [steps.run_step(method, monkeypatch, iteration) for method in (eager, compiled)]
        torch.testing.assert_close(dict(logs[1]), dict(logs[0]), rtol=1e-9, atol=1e-9)
    gradients = {name: parameter.grad for name, parameter in eager.model.named_parameters()}
    scale = max(gradient.abs().max().item() for gradient in gradients.values())
    torch.testing.assert_close({n: p.grad for n, p in compiled.model.named_parameters()}, gradients, rtol=1e-9, atol=1e-9 * scale)
    assert graphs and not compilation.failed


def test_keys_of_a_checkpoint_stay():
    method = build()
    keys = list(method.state_dict())
    compile_networks(method)
    assert list(method.state_dict()) == keys


def test_every_encoder_and_decoder_is_compiled():
    """Three networks with an encoder and two decoders each, the shared one and the scale attention."""
    assert len(compiled_parts(build())) == 9
    assert len(compiled_parts(build(imnet_encoder_only=True))) == 7


def test_validation_goes_without(monkeypatch):
    graphs: list = []
    use_backend(monkeypatch, lambda graph: graphs.append(graph) or graph.forward)
    method = build()
    compile_networks(method)
    with torch.no_grad():
        method.eval().model.inference(torch.randn(1, 3, 64, 64))
    assert not graphs


def test_a_failure_is_one_line_and_training_goes_on(monkeypatch):
    def broken(graph):
        raise RuntimeError("no compiler on this machine\nmany details")

    lines: list[str] = []
    monkeypatch.setattr(compiling, "print_log", lambda line, **_: lines.append(line))
    use_backend(monkeypatch, broken)
    eager, compiled = build(), build()
    compile_networks(compiled)
    logs = [steps.run_step(method, monkeypatch) for method in (eager, compiled)]
    assert all(torch.equal(value, logs[1][name]) for name, value in logs[0].items())
    (line,) = lines
    assert "no compiler on this machine" in line and "\n" not in line and line.endswith("Leave compile out.")


def test_a_config_asks_for_it(monkeypatch):
    asked: list = []
    monkeypatch.setattr("mmseg.engine.parts.compile_networks", asked.append)
    for options in ({}, {"compile": False}, {"compile": True}):
        method = build_model(load_config(tiny.ROOT / tiny.CONFIG, options))
    assert asked == [method]


def test_the_engine_does_not_compile_the_step_as_well():
    method = SimpleNamespace(train_step=len)
    AdaptationRunner._maybe_compile(SimpleNamespace(cfg={"compile": True}, model=method, logger=None), "train_step")
    assert method.train_step is len


def test_style_hallucination_is_part_of_a_program(monkeypatch):
    """Known styles are not asked for on the device, which no program could do."""
    graphs: list = []
    use_backend(monkeypatch, lambda graph: graphs.append(graph) or graph.forward)
    styles = StyleHallucination(style_dim=4, base_style_num=3)
    styles.mix_from(torch.randn(3, 4), torch.rand(3, 4) + 1)
    found = []
    for forward in (torch.compile(styles.forward, fullgraph=True, dynamic=False, options={}), styles):
        torch.manual_seed(0)
        found.append(forward(torch.arange(240.0).reshape(2, 4, 5, 6)))
    assert len(graphs) == 1
    torch.testing.assert_close(*found)
