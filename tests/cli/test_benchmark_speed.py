"""tools/benchmark.py train and infer: all figures are there and count what closed forms say; no time is tested."""

import contextlib
import json
from pathlib import Path

import pytest

from tests import tiny
from tools import benchmark
from tools.benchmarks import compare, counts

DISTANCE = {"uda.imnet_feature_dist_lambda": 0.005, "uda.imnet_feature_dist_classes": [5, 6, 7]}
MASKED = {"uda.mask_mode": "separatetrg", "uda.mask_generator": {"type": "block", "mask_ratio": 0.7, "mask_block_size": 8}}
SPEED = {"it_per_s", "it_per_s_spread", "images_per_s", "peak_memory", "forwards", "flops", "share_of_peak", "ratio"}
HOW = {"config", "iterations", "rounds", "warmup", "environment"}


class Local:
    """A session in this process."""

    def __init__(self, kind, *arguments):
        self.session = kind(*arguments)

    def call(self, method, *arguments):
        return getattr(self.session, method)(*arguments)


@pytest.fixture
def local(monkeypatch):
    """No further processes, whose start takes seconds, and small matrices."""
    monkeypatch.setitem(counts.MATRIX, "cpu", 64)
    monkeypatch.setattr(compare, "worker", contextlib.contextmanager(lambda *given: iter([Local(*given)])))


@pytest.fixture
def measured(monkeypatch, tmp_path, capsys):
    """Runs a command on the tiny config; returns its JSON and what it printed."""

    def run(command: str, *arguments: str, **changes) -> tuple[dict, str]:
        out = tmp_path / "figures.json"
        short = ["--iterations", "1", "--rounds", "1", "--warmup", "1", "--json", str(out)]
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setenv("COLUMNS", "200")
        options = tiny.options(Path("no_data"), **changes)
        monkeypatch.setattr("sys.argv", ["benchmark.py", command, tiny.CONFIG, *short, *arguments, *options])
        with pytest.raises(SystemExit) as ended:
            benchmark.main()
        printed = capsys.readouterr()
        assert not ended.value.code, printed.err
        return json.loads(out.read_text()), printed.out

    return run


def test_a_training(local, measured):
    figures, printed = measured("train", **DISTANCE, **MASKED)
    assert figures.keys() >= SPEED | HOW | {"phases", "teacher"}
    assert figures["images_per_s"] == pytest.approx(2 * figures["it_per_s"])
    assert figures["peak_memory"] > 0 and figures["ratio"] is None
    passes = {f"{name} {part}" for name in ("source", "mixed", "masked") for part in ("forward", "backward")}
    others = {"to the device", "EMA", "teacher", "mixing", "masking", "feature distance", "optimizer", "logging and other"}
    assert figures["phases"].keys() == passes | others
    assert all(seconds > 0 for seconds in figures["phases"].values())
    assert sum(figures["phases"].values()) <= figures["seconds_with_phases"]
    assert figures["share_of_peak"] == pytest.approx(figures["flops"] * figures["it_per_s"] / figures["chip_flops_per_s"])
    for name in ("mixed backward", "encoder passes: imnet", "iterations per second"):
        assert name in printed


def test_encoder_passes_of_a_training(local, measured):
    """Crops of 64, details of 32 that overlap by half: 9 windows and the context at half the size for each of two images."""
    passes = measured("train", **DISTANCE)[0]["forwards"]
    assert passes["teacher"]["crops"] == {"32x32": 2 * (1 + 9)}
    assert passes["student"]["crops"] == {"32x32": 2 * (1 + 1) * 2}  # source and mixed
    assert passes["imnet"] == {"encoder_passes": 1, "images": 2, "crops": {"32x32": 2}}
    assert passes["student"]["images"] == 8 and passes["teacher"]["images"] == 20


def test_a_comparison_with_the_baseline(local, measured):
    figures, printed = measured("train", "--compare", "baseline", "ours")
    speed = figures["it_per_s"]
    assert figures["settings"] == list(speed) == ["baseline", "ours"]
    assert figures["ratio"] == pytest.approx(speed["ours"] / speed["baseline"])  # of one round
    assert figures["teacher_ratio"] == pytest.approx(figures["teacher"]["baseline"] / figures["teacher"]["ours"])
    passes = figures["forwards"]
    assert passes["baseline"]["teacher"]["crops"] == passes["ours"]["teacher"]["crops"]
    assert passes["baseline"]["teacher"]["encoder_passes"] == 10 > passes["ours"]["teacher"]["encoder_passes"]
    assert f"{figures['ratio']:.2f} (" in printed


def test_a_comparison_of_entries_of_the_config(local, measured):
    changed = "uda.self_training_start=0,train_dataloader.batch_size=1"
    figures, _ = measured("train", "--compare", "ours", changed)
    assert figures["images_per_step"] == {"ours": 2, changed: 1}


def test_a_method_without_teacher(local, measured):
    uda = {"_delete_": True, "type": "SourceOnly"}
    figures, _ = measured("train", "--compare", "ours", "ours", uda=uda)
    assert figures["settings"] == ["ours", "ours again"]
    assert figures["teacher"] == {"ours": None, "ours again": None} and "teacher_ratio" not in figures
    assert figures["forwards"]["ours"].keys() == {"student"}


def test_predictions(local, measured):
    """128x64 in windows of 64 at every 32 pixels: 3 contexts, and details of 32 at every 16 pixels that they share."""
    figures, printed = measured("infer")
    assert figures.keys() >= SPEED | HOW and "phases" not in figures
    assert figures["images_per_s"] == figures["it_per_s"]
    assert figures["forwards"]["student"]["crops"] == {"32x32": 3 + 7 * 3}
    assert "GFLOP per image" in printed


def test_presets_of_predictions(local, measured):
    """That of the command is for both sides, unless a side has its own."""
    figures, _ = measured("infer", "--preset", "fast", "--compare", "ours", "preset=paper")
    passes = figures["forwards"]
    assert passes["ours"]["student"]["images"] < passes["preset=paper"]["student"]["images"] == 3 + 7 * 3


def test_a_process_of_its_own(tmp_path):
    """As a user runs it."""
    out = tmp_path / "figures.json"
    flags = ["--iterations", "1", "--rounds", "2", "--warmup", "1", "--json", str(out)]
    done = tiny.run("tools/benchmark.py", "train", tiny.CONFIG, *flags, *tiny.options(Path("no_data")))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    figures = json.loads(out.read_text())
    lowest, highest = figures["it_per_s_spread"]
    assert lowest <= figures["it_per_s"] <= highest
    assert figures["peak_memory"] > 0


def test_an_error_in_that_process(fails):
    """It is one line here as well."""
    line = fails(
        benchmark.main, "infer", tiny.CONFIG, "--preset", "fast", *tiny.options(Path("no_data"), **{"model.hr_crop_size": (12, 12)})
    )
    assert "hr_crop_size" in line


@pytest.mark.parametrize(
    ("flags", "end"),
    [
        (["--compare", "ours", "theirs"], "entries of the config such as precision=bf16,model.backbone.with_cp=True."),
        (["--rounds", "0"], "--iterations 5 --rounds 0 --warmup 3: nothing to measure. Use at least 1 of each."),
    ],
)
def test_wrong_settings(fails, flags, end):
    assert fails(benchmark.main, "train", tiny.CONFIG, *flags).endswith(end)


@pytest.mark.parametrize(
    ("command", "setting", "text"),
    [
        ("train", "preset=fast", "has no key 'preset'"),
        ("train", "precision=bf61", "precision='bf61' is not known"),
        ("infer", "preset=fats", "preset='fats' is not known. Use one of paper, balanced, fast."),
        ("infer", "val_dataloader.dataset.test_scale=None", "Give --cfg-options val_dataloader.dataset.test_scale=[2048,1024]."),
    ],
)
def test_settings_that_no_session_has(local, fails, command, setting, text):
    assert text in fails(benchmark.main, command, tiny.CONFIG, "--compare", setting, "ours", *tiny.options(Path("no_data")))
