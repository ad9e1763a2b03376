"""Advice about options of commands: they exclude each other, or need another one, or have no such value."""

from dataclasses import dataclass

import pytest

import run_experiments
from mmseg.config.options import parse_options
from mmseg.utils.computing.devices import chosen_device
from tests import tiny
from tests.advice.command_lines import parsed
from tests.advice.following import Followed, advice, table
from tools import check_data, predict, test, train


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
            "--aug-test averages predictions, and --hrda-out ATT writes none. Leave one of them out.",
            evaluate("--aug-test --hrda-out ATT"),
            follow(evaluate, "--hrda-out ATT"),
        ),
        Followed(
            "--figures draws what was measured, and {} measures nothing. Leave one of them out.",
            evaluate("--figures --hrda-out ATT"),
            follow(evaluate, "--figures"),
        ),
        Followed(
            "--metrics trust compares predictions with labels, and {} compares none. Leave one of them out.",
            evaluate("--metrics trust --format-only"),
            follow(evaluate, "--metrics trust"),
        ),
        Followed(
            "--reference is about corrupted images. Add --corruptions all.",
            evaluate("--reference a.json"),
            follow(evaluate, "--corruptions all --reference a.json"),
        ),
        Followed(
            "--temperature changes how sure predictions are, and no labels. Add --metrics trust.",
            evaluate("--temperature"),
            follow(evaluate, "--metrics trust --temperature"),
        ),
        Followed(
            "--corruptions prints a table of mIoU, and {} asks for something else. Leave one of them out.",
            evaluate("--corruptions all --aug-test"),
            follow(evaluate, "--corruptions all"),
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
    assert advice("{}. See {} --help.", lambda: parsed(train, "c.py --no-such-thing"))[1] == "command"
    with pytest.raises(SystemExit) as ended:
        parsed(train, "--help")
    assert ended.value.code == 0 and "--work-dir" in capsys.readouterr().out


def test_an_option_of_another_form():
    advice("Write for example train_cfg.max_iters=100.", lambda: parse_options(["max_iters 100"]))
    assert parse_options(["train_cfg.max_iters=100"]) == {"train_cfg.max_iters": 100}


def test_a_device_that_is_not_there():
    """Whatever GPUs this machine has."""
    advice("--device {} cannot be used ({}). Use --device cpu.", lambda: chosen_device("cuda:63"))
    assert chosen_device("cpu") == "cpu"


def test_options_of_a_training(call, monkeypatch, tmp_path):
    """What works gets as far as the training."""
    monkeypatch.setattr("mmseg.apis.training.train.train", lambda *_, **options: {"iteration": 0, "metrics": {}})

    def start(*options: str):
        return lambda: call(train.main, tiny.CONFIG, "--work-dir", tmp_path / "run", *options)

    advice("{}. Leave one of them out.", start("--resume", "--load-from", "a.pth"), file="tools/train.py")
    advice("Add --resume, or leave it out.", start("--override"))
    for options in (["--resume"], ["--load-from", "a.pth"], ["--resume", "--override"], []):
        start(*options)()
