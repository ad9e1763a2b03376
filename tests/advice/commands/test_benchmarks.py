"""Advice about benchmarks."""

import subprocess
import sys
from types import SimpleNamespace

from mmseg.config import load_config
from mmseg.config.options import parse_options
from mmseg.utils.computing.limits import Limits
from tests import tiny
from tests.advice.command_lines import parsed
from tests.advice.following import advice
from tools import benchmark
from tools.benchmarks import compare, data, sessions, start, synthetic
from tools.benchmarks.settings import Setting


def test_numbers_of_benchmarks(call, monkeypatch):
    """What is measured is not: it takes its time."""
    monkeypatch.setattr(compare, "measure", lambda *_, **steps: steps)
    monkeypatch.setattr("tools.benchmarks.report.speed_table", lambda result, _: result)
    monkeypatch.setattr("tools.benchmarks.fit.fit", lambda *_: {"changes": {}})
    monkeypatch.setattr(data, "measure_loader", lambda *_, **numbers: numbers)
    monkeypatch.setattr("tools.benchmarks.report.loader_table", lambda result: result["samples"])
    monkeypatch.setattr(start, "measure_starts", lambda *_: {})
    advice(
        "nothing to measure. Use at least 1 of each.",
        lambda: call(benchmark.main, "train", tiny.CONFIG, "--rounds", 0),
        file="benchmark.py:benchmark_speed",
    )
    call(benchmark.main, "train", tiny.CONFIG, "--rounds", 1)
    advice("Give the GB of a GPU, such as --memory 12.", lambda: call(benchmark.main, "fit", tiny.CONFIG, "--memory", 0))
    call(benchmark.main, "fit", tiny.CONFIG, "--memory", 12)
    with monkeypatch.context() as silent:
        silent.setattr("tools.benchmarks.fit.read_limits", Limits)
        silent.setattr("mmengine.device.get_device", lambda: "cpu")
        advice("Say it with --memory GB.", lambda: call(benchmark.main, "fit", tiny.CONFIG))
        call(benchmark.main, "fit", tiny.CONFIG, "--memory", 12)
    (least,) = advice("Use at least {} samples, 1 round and 1 scene.", lambda: call(benchmark.main, "data", "--samples", 1))
    call(benchmark.main, "data", "--samples", least, "--rounds", 1, "--scenes", 1)
    monkeypatch.setattr("tools.benchmarks.picks.measure_picks", lambda *_: {})
    monkeypatch.setattr("tools.benchmarks.picks.picks_table", str)
    for options in (("--rounds", 0), ("--size", 0, 4)):
        advice(
            "nothing to measure. Use at least 1 of each.",
            lambda options=options: call(benchmark.main, "picks", *options),
            file="benchmark.py:benchmark_picks",
        )
    call(benchmark.main, "picks", "--rounds", 1, "--size", 1, 1)
    monkeypatch.setattr("tools.benchmarks.self_labelling.measure_self_labelling", lambda *_: {})
    monkeypatch.setattr("tools.benchmarks.self_labelling.self_labelling_table", str)
    advice("nothing to measure. Use values above 0.", lambda: call(benchmark.main, "self_labelling", "--scale", 0))
    call(benchmark.main, "self_labelling", "--scale", 0.1)
    monkeypatch.setattr("tools.benchmarks.depth.measure_depth", lambda *_: {})
    monkeypatch.setattr("tools.benchmarks.depth.depth_table", str)
    for option in ("--scale", "--rounds", "--images", "--pixels"):
        advice(
            "nothing to measure. Use values above 0, and 5 pixels or more.",
            lambda option=option: call(benchmark.main, "depth", option, 0),
        )
    call(benchmark.main, "depth", "--scale", 0.1, "--rounds", 1, "--images", 1, "--pixels", 5)
    monkeypatch.setattr("tools.benchmarks.soak.measure_soak", lambda *_: {})
    monkeypatch.setattr("tools.benchmarks.soak.soak_table", str)
    (least,) = advice("nothing to measure. Use at least {}.", lambda: call(benchmark.main, "soak", tiny.CONFIG, "--iterations", 1))
    call(benchmark.main, "soak", tiny.CONFIG, "--iterations", least)
    advice("nothing to measure. Use at least 1.", lambda: call(benchmark.main, "start", "--runs", 0))
    call(benchmark.main, "start", "--runs", 1)


def test_settings_of_benchmarks():
    names = advice(
        "Use '{}', '{}', '{}', or entries of the config such as precision=bf16,model.backbone.with_cp=True", lambda: Setting.parse("x")
    )
    assert [Setting.parse(name).name for name in names] == names
    assert Setting.parse("precision=bf16,model.backbone.with_cp=True").options == {"precision": "bf16", "model.backbone.with_cp": True}


def test_presets_of_benchmarks():
    read = sessions.PredictionSession.read_config
    _, names = advice(
        "preset={} is not known. Use one of {}.", lambda: read(SimpleNamespace(), tiny.ROOT / tiny.CONFIG, {"preset": "best"})
    )
    for name in names.split(", "):
        read(SimpleNamespace(), tiny.ROOT / tiny.CONFIG, {"preset": name})


def test_what_is_too_large_for_a_gpu():
    """The command that the error names exists; what it looks for takes minutes."""

    def refuse():
        raise sessions.TooLargeError.of(Setting("large"))

    advice("Find one that does: python tools/benchmark.py fit CONFIG --memory GB.", refuse)
    assert parsed(benchmark, "fit CONFIG --memory 12").run is benchmark.benchmark_fit


def test_a_benchmark_without_a_target():
    options = {"source": {}, "target": None}
    advice("Use a config such as configs/hrda/gtaHR2csHR_hrda.py.", lambda: data.measure_loader(options, samples=4, rounds=1))
    assert load_config(tiny.ROOT / "configs/hrda/gtaHR2csHR_hrda.py").train_dataloader.dataset.target is not None


def test_a_benchmark_without_a_size():
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"val_dataloader.dataset.test_scale": None})
    said = "val_dataloader.dataset.test_scale=[2048,1024]"
    advice("Give --cfg-options val_dataloader.dataset.test_scale=[2048,1024]", lambda: synthetic.validation_sample(cfg))
    cfg = load_config(tiny.ROOT / tiny.CONFIG, parse_options([said]))
    assert synthetic.validation_sample(cfg)["image"].shape[-2:] == (1024, 2048)


def test_a_start_that_fails(capfd):
    """By hand it shows all that it prints."""
    command = [sys.executable, "-c", "print('first'); raise SystemExit('last')"]
    said = advice(
        "{} ended with exit code {}: {} Start it by hand to see all that it prints.", lambda: start.measure_starts({"list": command}, 1)
    )
    assert said == ["list", "1", "last"]
    assert subprocess.run(command, check=False).returncode == 1 and capfd.readouterr().out == "first\n"
