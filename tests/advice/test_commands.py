"""Advice about options of commands: they exclude each other, or need another one, or have no such value."""

import shlex
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from unittest import mock

import pytest

import run_experiments
from mmseg.config.options import parse_options
from mmseg.demo.choices import Parameters
from mmseg.utils.computing.devices import chosen_device
from tests import tiny
from tests.advice.following import Followed, advice, table
from tools import benchmark, browse_dataset, check_data, make_demo_data, predict, test, train
from tools.benchmarks import compare, data, sessions, start, synthetic
from tools.benchmarks.settings import Setting


def parsed(module, text: str):
    """The arguments of a command line."""
    with mock.patch.object(sys, "argv", ["command", *shlex.split(text)]):
        return module.parse_args()


@dataclass(frozen=True)
class Command:
    """A command whose arguments are checked before it imports what does the work."""

    module: object
    check: str
    before: str = ""

    def __call__(self, text: str):
        return lambda: getattr(self.module, self.check)(parsed(self.module, f"{self.before} {text}"))


launch = Command(run_experiments, "check")
evaluate = Command(test, "check_args", "config.py latest.pth")
draw = Command(predict, "check_args", "config.py latest.pth photos --out out")
look = Command(check_data, "check_args", "config.py")


def follow(command: Command, text: str):
    """The command line that the advice leads to; ``{}`` is what the error fills in."""
    return lambda *said: command(text.format(*said))()


@table(
    [
        Followed("Use --eval mIoU.", evaluate("--eval mDice"), follow(evaluate, "--eval mIoU")),
        Followed(
            "a test split has no labels. Leave one of them out.", evaluate("--eval mIoU --format-only"), follow(evaluate, "--format-only")
        ),
        Followed(
            "and --hrda-out ATT writes none. Leave one of them out.",
            evaluate("--aug-test --hrda-out ATT"),
            follow(evaluate, "--hrda-out ATT"),
        ),
        Followed(
            "where the network looks. Leave one of them out.",
            evaluate("--preset fast --inference-mode slide"),
            follow(evaluate, "--preset fast"),
        ),
        Followed("Use a number above 0, at most 1.", evaluate("--opacity 0"), follow(evaluate, "--opacity 1"), "tools/test.py"),
        Followed("predictions as images. Use --out {}.", evaluate("--out preds.png"), follow(evaluate, "--out {}")),
        Followed(
            "--eval-options has no entry '{}'. Did you mean '{}'?",
            evaluate("--format-only --eval-options to_label_ids=True"),
            follow(evaluate, "--format-only --eval-options {1}=True"),
        ),
        Followed(
            "--eval-options has no entry '{}'. Use {}.",
            evaluate("--format-only --eval-options efficient=True"),
            lambda _, names: [evaluate(f"--format-only --eval-options {name}=True")() for name in names.split(" or ")],
        ),
        Followed("--targets and {} exclude", evaluate("--targets a.py --test-set"), follow(evaluate, "--targets a.py")),
        Followed("Add --format-only.", evaluate("--benchmark acdc"), follow(evaluate, "--benchmark acdc --format-only")),
        Followed("Add --format-only.", evaluate("--archive a.zip"), follow(evaluate, "--archive a.zip --format-only")),
        Followed(
            "Leave to_label_id out.",
            evaluate("--benchmark acdc --format-only --to-label-id"),
            follow(evaluate, "--benchmark acdc --format-only"),
        ),
        Followed("Use --archive {}.", evaluate("--archive a.tar --format-only"), follow(evaluate, "--archive {} --format-only")),
        Followed("Use a number above 0, at most 1.", draw("--opacity 1.5"), follow(draw, "--opacity 1"), "tools/predict.py"),
        Followed("takes no frame. Use 1 or more.", draw("--every 0"), follow(draw, "--every 1")),
        Followed("--save could draw. Leave one of them out.", draw("--save overlay --hrda-out ATT"), follow(draw, "--hrda-out ATT")),
        Followed("--{} {} is no number of {}. Use 1 or more.", look("--nproc 0"), follow(look, "--{} 1")),
        Followed("--{} {} is no number of {}. Use 1 or more.", look("--limit -1"), follow(look, "--{} 1")),
    ]
)
def test_options(row):
    row.follow()


@table(
    [
        Followed("--only belongs to a study. Give its --exp ID", launch("--config c.py --only 7"), follow(launch, "--exp 44 --only 7")),
        Followed("--demo belongs to a study. Give its --exp ID", launch("--config c.py --demo"), follow(launch, "--exp 44 --demo")),
        Followed("Leave out --smoke and --dry-run", launch("--list 44 --dry-run"), follow(launch, "--list 44")),
        Followed("Give --list a study, or leave them out", launch("--list --seed 3"), follow(launch, "--list 44 --seed 3")),
        Followed("Give --list a study, or leave them out", launch("--list --cfg-options uda.alpha=1"), follow(launch, "--list")),
        Followed("two sizes of a study. Give one of them", launch("--exp 44 --smoke --demo"), follow(launch, "--exp 44 --demo")),
        Followed(
            "--dry-run does not. Give one of them", launch("--config c.py --smoke --dry-run"), follow(launch, "--config c.py --dry-run")
        ),
        Followed(
            "--seed {}: --config trains one run. Give one seed",
            launch("--config c.py --seed 1 2"),
            follow(launch, "--config c.py --seed 1"),
        ),
        Followed("no run would ever start. Use 1 or more", launch("--exp 44 --jobs 0"), follow(launch, "--exp 44 --jobs 1")),
        Followed("one run at a time is trained here. Leave it out", launch("--config c.py --jobs 2"), follow(launch, "--config c.py")),
        Followed("no process would ever start. Use 1 or more", launch("--exp 44 --gpus 0"), follow(launch, "--exp 44 --gpus 1")),
        Followed("are for trainings. Leave them out", launch("--exp 44 --dry-run --gpus 1"), follow(launch, "--exp 44 --dry-run")),
    ]
)
def test_options_of_the_launcher(row):
    row.follow()


def test_a_study_and_its_rows():
    near, _ = advice("Did you mean {} ({})?", lambda: run_experiments.find_study(45, "--exp"))[-2:]
    study = run_experiments.find_study(int(near), "--exp")
    _, near = advice("--only {}: no such row or table. Did you mean '{}'?", lambda: study.select(["7.9"]))
    assert list(study.select([near])) == [near]


def test_what_the_help_of_a_command_knows(call, capsys):
    near, _ = advice("{}. Did you mean '{}'? See {} --help.", lambda: parsed(test, "c.py l.pth --wieghts model"))[1:]
    parsed(test, f"c.py l.pth {near} model")
    assert advice("See {} --help.", lambda: parsed(train, "c.py --no-such-thing")) == ["command"]
    with pytest.raises(SystemExit) as ended:
        parsed(train, "--help")
    assert ended.value.code == 0 and "--work-dir" in capsys.readouterr().out


def test_an_option_of_another_form():
    said = "Write for example train_cfg.max_iters=100."
    advice("Write for example train_cfg.max_iters=100.", lambda: parse_options(["max_iters 100"]))
    assert parse_options([said.split()[-1].strip(".")]) == {"train_cfg.max_iters": 100}


def test_a_device_that_is_not_there():
    """Whatever GPUs this machine has."""
    advice("--device {} cannot be used ({}). Use --device cpu.", lambda: chosen_device("cuda:63"))
    assert chosen_device("cpu") == "cpu"


@pytest.mark.parametrize(
    ("mistake", "mended"), [(["--resume", "--load-from", "a.pth"], ["--resume"]), (["--override"], ["--resume", "--override"])]
)
def test_options_of_a_training(call, monkeypatch, tmp_path, mistake, mended):
    """What works gets as far as the run folder."""
    command = (train.main, tiny.CONFIG, "--work-dir", tmp_path / "run")
    monkeypatch.setattr("mmseg.apis.launching.train.train", lambda *_, **options: {"iteration": options, "metrics": {}})
    monkeypatch.setattr("mmseg.evaluation.tables.print_titled", lambda *_: None)
    monkeypatch.setattr("mmseg.evaluation.tables.per_class_table", lambda *_: None)
    if "--load-from" in mistake:
        advice("{}. Leave one of them out.", lambda: call(*command, *mistake), file="tools/train.py")
        call(*command, "--load-from", "a.pth")
    else:
        advice("Add --resume, or leave it out.", lambda: call(*command, *mistake))
        call(*command)
    call(*command, *mended)


# Benchmarks


SMALL = ["train_dataloader.batch_size=1"]


def test_numbers_of_benchmarks(call, monkeypatch, capsys):
    """What is measured is not: it takes its time."""
    monkeypatch.setattr(compare, "measure", lambda *_, **steps: steps)
    monkeypatch.setattr("tools.benchmarks.report.speed_table", lambda result, _: result)
    monkeypatch.setattr("tools.benchmarks.fit.fit", lambda *_: {"changes": {}})
    monkeypatch.setattr(data, "measure_loader", lambda *_, **numbers: numbers)
    monkeypatch.setattr("tools.benchmarks.report.loader_table", lambda result: result["samples"])
    monkeypatch.setattr(start, "measure_starts", lambda *_: {})
    advice("nothing to measure. Use at least 1 of each.", lambda: call(benchmark.main, "train", tiny.CONFIG, "--rounds", 0))
    call(benchmark.main, "train", tiny.CONFIG, "--rounds", 1)
    advice("Give the GB of a GPU, such as --memory 12.", lambda: call(benchmark.main, "fit", tiny.CONFIG, "--memory", 0))
    call(benchmark.main, "fit", tiny.CONFIG, "--memory", 12)
    (least,) = advice("Use at least {} samples, 1 round and 1 scene.", lambda: call(benchmark.main, "data", "--samples", 1))
    call(benchmark.main, "data", "--samples", least, "--rounds", 1, "--scenes", 1)
    advice("nothing to measure. Use at least 1.", lambda: call(benchmark.main, "start", "--runs", 0))
    call(benchmark.main, "start", "--runs", 1)


def test_settings_of_benchmarks():
    *names, _ = (
        advice(
            "Use '{}', '{}', '{}', or entries of the config such as precision=bf16,model.backbone.with_cp=True", lambda: Setting.parse("x")
        ),
        "",
    )
    assert [Setting.parse(name).name for name in names[0]] == names[0]
    assert Setting.parse("precision=bf16,model.backbone.with_cp=True").options == {"precision": "bf16", "model.backbone.with_cp": True}


def test_presets_of_benchmarks():
    read = sessions.PredictionSession.read_config
    _, names = advice(
        "preset={} is not known. Use one of {}.", lambda: read(SimpleNamespace(), tiny.ROOT / tiny.CONFIG, {"preset": "best"})
    )
    for name in names.split(", "):
        read(SimpleNamespace(), tiny.ROOT / tiny.CONFIG, {"preset": name})


def test_what_is_too_large_for_a_gpu(monkeypatch):
    """The command that the error names exists; what it looks for takes minutes."""

    def refuse():
        raise sessions.TooLargeError.of(Setting("large"))

    command = "python tools/benchmark.py fit CONFIG --memory GB"
    advice("Find one that does: python tools/benchmark.py fit CONFIG --memory GB.", refuse)
    parsed(benchmark, command.split(" ", 2)[2].replace("GB", "12"))


def test_a_benchmark_without_a_target():
    from mmseg.config import load_config

    options = {"source": {}, "target": None}
    advice("Use a config such as configs/hrda/gtaHR2csHR_hrda.py.", lambda: data.measure_loader(options, samples=4, rounds=1))
    assert load_config(tiny.ROOT / "configs/hrda/gtaHR2csHR_hrda.py").train_dataloader.dataset.target is not None


def test_a_benchmark_without_a_size():
    from mmseg.config import load_config

    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"val_dataloader.dataset.test_scale": None})
    said = "val_dataloader.dataset.test_scale=[2048,1024]"
    advice("Give --cfg-options val_dataloader.dataset.test_scale=[2048,1024]", lambda: synthetic.validation_sample(cfg))
    cfg = load_config(tiny.ROOT / tiny.CONFIG, parse_options([said]))
    assert synthetic.validation_sample(cfg)["image"].shape[-2:] == (1024, 2048)


def test_a_start_that_fails(tmp_path, capfd):
    """By hand it shows all that it prints."""
    command = [sys.executable, "-c", "print('first'); raise SystemExit('last')"]
    said = advice(
        "{} ended with exit code {}: {} Start it by hand to see all that it prints.", lambda: start.measure_starts({"list": command}, 1)
    )
    assert said == ["list", "1", "last"]
    import subprocess

    assert subprocess.run(command, check=False).returncode == 1 and capfd.readouterr().out == "first\n"


# Demo data and pictures of samples


def test_demo_data(tmp_path):
    small = Parameters(width=64, height=32, source=1, target=1, val=1)
    width, height, *_ = advice(
        "--size {} {} is too small for a street. Use at least 32 32, such as 512 256.",
        lambda: make_demo_data.check(Parameters(width=8, height=8)),
    )
    assert (width, height) == ("8", "8")
    make_demo_data.check(Parameters(width=32, height=32))
    advice("Use counts of at least 1.", lambda: make_demo_data.check(Parameters(val=0)))
    make_demo_data.check(Parameters(source=1, target=1, val=1))
    (tmp_path / "mine/gta").mkdir(parents=True)
    advice(
        "holds data that this tool did not make. Choose another --out.",
        lambda: make_demo_data.make_demo_data(out=tmp_path / "mine", parameters=small),
    )
    assert make_demo_data.make_demo_data(out=tmp_path / "other", parameters=small)


def test_demo_data_of_other_parameters(call, tmp_path, capsys):
    out = tmp_path / "demo"
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    call(make_demo_data.main, "--out", out, *small)
    again = ("--out", out, *small, "--seed", "1")
    _, was, _, wish = advice(
        "{} holds demo data made with {}. Give the same, or replace it: python tools/make_demo_data.py --out {} --force{}",
        lambda: call(make_demo_data.main, *again),
    )
    call(make_demo_data.main, "--out", out, *small, *was.split())
    assert "Nothing to do" in capsys.readouterr().out
    call(make_demo_data.main, "--out", out, "--force", *wish.split(), "--nproc", "1")
    call(make_demo_data.main, *again)
    assert "Nothing to do" in capsys.readouterr().out


def test_demo_data_of_another_version(call, tmp_path, monkeypatch):
    out = tmp_path / "demo"
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    call(make_demo_data.main, "--out", out, *small)
    manifest = out / "demo_manifest.json"
    version = manifest.read_text()
    import json

    content = json.loads(version)
    manifest.write_text(json.dumps({**content, "drawing": 0}))
    _, place, wish = advice(
        "{} holds demo data made by another version. Choose another --out, "
        "or replace it: python tools/make_demo_data.py --out {} --force{}",
        lambda: call(make_demo_data.main, "--out", out, *small),
    )
    call(make_demo_data.main, "--out", place, "--force", *wish.split(), "--nproc", "1")
    assert manifest.read_text() == version


def test_pictures_of_samples(call, tmp_path, tiny_data):
    advice("draws nothing. Use 1 or more.", lambda: call(browse_dataset.main, tiny.CONFIG, "--number", 0))
    call(browse_dataset.main, tiny.CONFIG, "--number", 1, "--out", tmp_path, *tiny.options(tiny_data))
    assert (tmp_path / "sample_000000.png").is_file()
