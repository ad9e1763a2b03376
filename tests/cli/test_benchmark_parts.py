"""What the speed benchmarks are made of: turns, ratios, phases, counts and levers, against closed forms."""

import contextlib
import gc
import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmseg.utils.computing.limits import Limits
from mmseg.utils.errors import UserError
from tests import tiny
from tools import benchmark
from tools.benchmarks import compare, counts, fit, phases
from tools.benchmarks.peak import GIB, PeakMemory
from tools.benchmarks.settings import Setting
from tools.benchmarks.synthetic import BLOCK, block_labels

CPU = torch.device("cpu")
DETAILS = {"images_per_step": 2, "flops": 60, "chip_flops_per_s": 100.0}


@pytest.fixture
def calls(monkeypatch) -> list[tuple]:
    """What is asked of fake sessions: A takes 2, 3 and 4 seconds, B always 1."""
    noted, seconds = [], {"a=1": [2.0, 3.0, 4.0], "b=1": [1.0, 1.0, 1.0]}

    @contextlib.contextmanager
    def fake(kind, setting, *_):
        def call(method, *given):
            noted.append((setting.name, method, *given))
            if method != "round":
                return DETAILS
            taken = seconds[setting.name].pop(0)
            return {
                "seconds": taken,
                "cpu_seconds": taken,
                "seconds_with_phases": 9.0,
                "phases": {"teacher": taken / 2},
                "cpu_phases": {"teacher": 1.0},
            }

        yield SimpleNamespace(call=call)

    monkeypatch.setattr(compare, "worker", fake)
    return noted


def test_settings_take_turns(calls):
    settings = [Setting.parse("a=1"), Setting.parse("b=1")]
    figures = compare.measure(None, settings, "config.py", {}, iterations=7, rounds=3, warmup=5)
    assert [call[:2] for call in calls if call[1] == "run"] == [("a=1", "run"), ("b=1", "run")]
    assert [call[0] for call in calls if call[1] == "round"] == ["a=1", "b=1", "b=1", "a=1", "a=1", "b=1"]
    assert ("a=1", "run", 5) in calls and ("b=1", "round", 7) in calls
    assert figures["ratio"] == 3 and figures["ratio_spread"] == [2, 4]  # how many times as fast B is
    assert figures["teacher_ratio"] == 3 and figures["teacher_cpu_ratio_spread"] == [1, 1]
    assert figures["it_per_s"] == {"a=1": pytest.approx(1 / 3), "b=1": 1}
    assert figures["it_per_s_spread"]["a=1"] == [1 / 4, 1 / 2]
    assert figures["share_of_peak"] == {"a=1": pytest.approx(0.2), "b=1": pytest.approx(0.6)}


def test_a_setting_has_several_entries():
    setting = Setting.parse("precision=bf16,model.hr_crop_size=(32,32),uda.mask_mode=None")
    assert setting.options == {"precision": "bf16", "model.hr_crop_size": (32, 32), "uda.mask_mode": None}
    assert Setting.parse("baseline").options == {}
    with pytest.raises(UserError, match="no such setting"):
        Setting.parse("bf16")


def test_time_of_inner_phases_counts_once(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(phases.time, "perf_counter", lambda: next(clock))
    timer = phases.PhaseTimer(CPU)
    inner = timer.wrap(lambda: "result", lambda: "inner")
    with timer.phase("outer"):
        assert inner() == "result"
        inner()
    assert timer.seconds == {"outer": 3, "inner": 2}  # one second between two looks at the clock


def test_patches_leave_no_trace():
    thing = SimpleNamespace(own=1)
    with phases.patched(thing, "own", 2), phases.patched(thing, "other", 3):
        assert vars(thing) == {"own": 2, "other": 3}
    assert vars(thing) == {"own": 1}


def test_counts_of_a_step():
    """A convolution of 3x3 from 3 to 8 channels on 6x4 pixels, two images, and its two gradients' worth of nothing."""
    network = nn.Module()
    network.backbone = nn.Conv2d(3, 8, 3, padding=1)
    method = SimpleNamespace(model=network, teachers=[], imnet_model=None, feature_reference=None)
    with torch.no_grad():
        forwards, flops = counts.count(lambda: network.backbone(torch.zeros(2, 3, 6, 4)), method)
    assert forwards == {"student": {"encoder_passes": 1, "images": 2, "crops": {"6x4": 2}}}
    assert flops == 2 * (2 * 8 * 6 * 4) * (3 * 3 * 3)
    assert not network.backbone._forward_pre_hooks


def test_peak_memory_of_the_cpu():
    """64 MB that are freed again; what earlier tests have left would be freed meanwhile."""
    gc.collect()
    memory = PeakMemory(CPU)
    torch.ones(16 * 2**20).sum()
    assert 60 * 2**20 < memory.read() < 120 * 2**20


def test_blocks_of_labels():
    label = block_labels(torch.Generator().manual_seed(0), 2, (BLOCK + 8, 2 * BLOCK), 19)
    assert label.shape == (2, BLOCK + 8, 2 * BLOCK) and label.dtype == torch.uint8
    assert (label[:, :, 0] == 255).all() and label[:, :, 1:].max() < 19
    assert (label[:, :BLOCK, BLOCK:] == label[:, :1, BLOCK : BLOCK + 1]).all()


@pytest.fixture
def fits(monkeypatch, capsys, tmp_path):
    """Runs ``fit`` with peaks in GB instead of measurements; returns exit code, standard output and error."""

    def run(peaks: list[float | None], *arguments: str) -> tuple[int, str, str]:
        left = iter(peaks)

        def probed(setting, config, options, memory):
            peak = next(left)
            return (None, False) if peak is None else (round(peak * GIB), peak * GIB <= memory)

        monkeypatch.setattr(fit, "probed", probed)
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setattr("sys.argv", ["benchmark.py", "fit", "configs/hrda/gtaHR2csHR_hrda.py", "--memory", "12", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            benchmark.main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_a_config_that_fits_as_it_is(fits):
    code, out, _ = fits([11.5])
    assert code == 0 and out.splitlines()[-2:] == [" 11.50 GB  fits  as configured", "Fits into 12 GB as it is"]


def test_levers_one_after_the_other(fits):
    code, out, _ = fits([None, 13.25, 10.0])
    lines = out.splitlines()
    assert code == 0 and lines[-4] == " too much  does not fit  as configured"
    assert lines[-1] == "Fits into 12 GB with --cfg-options " + lines[-2].split("  ")[-1].partition(" (")[0]
    assert "precision=bf16" in lines[-1]


def test_nothing_fits(fits):
    code, out, error = fits([20.0] * 5)
    assert code == 1 and out.count("does not fit") == 5 and "85.7 million parameters, 85.7 of them trained; 1.92 GiB are kept" in out
    assert "model.backbone.with_cp=True micro_batches=2 (the last one costs statistics" in out
    assert "uda.imnet_encoder_only=True precision=bf16 model.backbone.with_cp=True (the last one costs time" in out
    assert error.startswith("Nothing fits into 12 GB.") and len(error.splitlines()) == 1


def test_levers_that_a_config_has_already(fits):
    """In bfloat16, without a feature distance."""
    _, out, _ = fits([20.0] * 4, "--cfg-options", "precision='bf16'", "uda.imnet_feature_dist_lambda=0")
    assert "precision" not in out and "imnet" not in out


def test_figures_of_what_was_tried(fits, tmp_path):
    fits([13.0, 12.0], "--json", str(tmp_path / "fit.json"))
    figures = json.loads((tmp_path / "fit.json").read_text())
    assert [(tried["peak_memory"], tried["fits"]) for tried in figures["tried"]] == [(13 * GIB, False), (12 * GIB, True)]
    assert figures["tried"][0]["changes"] == {} and figures["changes"] == figures["tried"][1]["changes"] != {}
    assert figures["cost"]["trained"] == figures["cost"]["parameters"] and figures["cost"]["flops"] > 2e12
    assert figures["estimate"] is not torch.cuda.is_available()


def test_the_memory_of_a_container_is_what_there_is(monkeypatch, capsys):
    """Where neither an option nor a GPU says how much."""
    monkeypatch.setattr(fit, "read_limits", lambda: Limits(memory=7 * GIB // 2))
    monkeypatch.setattr(fit, "probed", lambda setting, config, options, memory: (memory, True))
    monkeypatch.setattr("mmengine.device.get_device", lambda: "cpu")
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr("sys.argv", ["benchmark.py", "fit", "configs/hrda/gtaHR2csHR_hrda.py"])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["  3.50 GB  fits  as configured", "Fits into 3.5 GB as it is"]


def test_no_memory_at_all(fits):
    code, _, error = fits([], "--memory", "0")
    assert code == 2 and error == "error: --memory 0.0: no memory at all. Give the GB of a GPU, such as --memory 12.\n"


def test_memory_of_a_step(monkeypatch):
    """On the CPU it is the peak of some iterations."""
    session = object.__new__(fit.FittingSession)
    session.device, steps = CPU, []
    monkeypatch.setattr(fit.FittingSession, "run", lambda self, count: steps.append(count) or setattr(self, "peak", 3 * GIB))
    assert session.probe(2 * GIB) == (3 * GIB, False) and session.probe(3 * GIB) == (3 * GIB, True)
    assert steps == [fit.STEPS] * 2
