"""Advice about the commands that prepare something, and about options that came with them."""

import shlex
from unittest import mock

import torch

from mmseg.apis.predicting.inference import init_model
from mmseg.config import load_config
from tests import tiny
from tests.advice.commands.test_options import Command, draw, evaluate, follow
from tests.advice.commands.test_trainings import stopped
from tests.advice.following import Followed, advice, table
from tests.apis.chain_study import write_config
from tools import benchmark
from tools.prepare import depth_distribution, label_quality, priors, prototypes, pseudo_labels, temperature

count = Command(priors, "check_args", "config.py latest.pth")
warm = Command(temperature, "check_args", "config.py latest.pth")


gather = Command(prototypes, "check_args", "config.py latest.pth")
fit = Command(depth_distribution, "check_args", "config.py")
rate = Command(label_quality, "check_args", "config.py labels")
make = Command(pseudo_labels, "check_args", "config.py latest.pth --out out")


@table(
    [
        Followed("priors are written as JSON. Use --out {}.", count("--out priors.txt"), follow(count, "--out {}")),
        Followed("the temperature is written as JSON. Use --out {}.", warm("--out warm.txt"), follow(warm, "--out {}")),
        Followed("leaves nothing to fit to. Use 1 or more.", warm("--images 0"), follow(warm, "--images 1")),
        Followed(
            "--min-pixels {} is no number of pixels. Use 0 or more.",
            count("--out a.json --min-pixels -1"),
            lambda _: [count(f"--out a.json --min-pixels {pixels}")() for pixels in (0, 1)],
        ),
        Followed(
            "--picture {}: the picture is a PNG. Use --picture {}.",
            count("--out a.json --picture b.jpg"),
            follow(count, "--out a.json --picture {1}"),
            "tools/prepare/priors.py",
        ),
        Followed(
            "--target-labels: the images of the training are read without labels. Use it with --split val or --split test.",
            count("--out a.json --target-labels"),
            lambda: [count(f"--out a.json --target-labels --split {split}")() for split in ("val", "test")],
        ),
        Followed(
            "--soft keeps the probabilities of all pixels. Leave --threshold and --class-quantile out.",
            make("--soft --threshold 0.9"),
            follow(make, "--soft"),
        ),
        Followed(
            "--soft keeps the probabilities of all pixels. Leave --threshold and --class-quantile out.",
            make("--soft --class-quantile 0.5"),
            follow(make, "--soft"),
        ),
        Followed("--{} is of soft maps. Add --soft, or leave it out.", make("--stride 2"), follow(make, "--soft --stride 2")),
        Followed("--{} is of soft maps. Add --soft, or leave it out.", make("--stride 2"), follow(make, "")),
        Followed("--{} is of soft maps. Add --soft, or leave it out.", make("--native"), follow(make, "--soft --native")),
        Followed("no map has such a size. Use 1 or more.", make("--soft --stride 0"), follow(make, "--soft --stride 1")),
        Followed(
            "--threshold {} is no probability. Use a number above 0, at most 1.",
            make("--threshold 90"),
            lambda _: [make(f"--threshold {number}")() for number in (1e-6, 0.9, 1)],
        ),
        Followed(
            "--class-quantile {} is no share. Use a number above 0 and below 1.",
            make("--class-quantile 50"),
            lambda _: [make(f"--class-quantile {number}")() for number in (1e-6, 0.5, 0.999)],
        ),
        Followed(
            "--{} is of --spatial-prior. Add --spatial-prior 50 4950, or leave it out.",
            make("--frequencies a.npz"),
            lambda _: [make(f"{text}--threshold 0.9")() for text in ("--frequencies a.npz --spatial-prior 50 4950 ", "")],
        ),
        Followed(
            "--{} is of --spatial-prior. Add --spatial-prior 50 4950, or leave it out.",
            make("--spatial-prior-size 1280 760"),
            follow(make, "--spatial-prior-size 1280 760 --spatial-prior 50 4950"),
        ),
        Followed(
            "--spatial-prior counts the pixels of hard labels that --threshold keeps. Leave --soft and --class-quantile out.",
            make("--spatial-prior 50 --class-quantile 0.5"),
            follow(make, "--spatial-prior 50 --threshold 0.9"),
        ),
        Followed(
            "--spatial-prior counts the pixels of hard labels that --threshold keeps. Leave --soft and --class-quantile out.",
            make("--spatial-prior 50 --soft"),
            follow(make, "--spatial-prior 50"),
        ),
        Followed(
            "--spatial-prior and --spatial-prior-size count pixels. Use 0 or more, and a size of 1 1 or more.",
            make("--spatial-prior -1 --spatial-prior-size 0 0"),
            follow(make, "--spatial-prior 0 --spatial-prior-size 1 1"),
        ),
        Followed(
            "--frequencies needs two areas, and --spatial-prior has {}. Use --spatial-prior 50 4950.",
            make("--spatial-prior 50 --frequencies a.npz"),
            follow(make, "--spatial-prior 50 4950 --frequencies a.npz"),
        ),
        Followed("mixtures are written as npz. Use --out {}.", fit("--out mixtures.pth"), follow(fit, "--out {}")),
        Followed(
            "--picture {}: the picture is a PNG. Use --picture {}.",
            fit("--out a.npz --picture b.jpg"),
            follow(fit, "--out a.npz --picture {1}"),
            "tools/prepare/depth_distribution.py",
        ),
        Followed(
            "{} leave nothing to fit. Use 1 or more, and at least as many pixels as components.",
            fit("--out a.npz --grid 0 5 --components 0 --pixels 0"),
            follow(fit, "--out a.npz --grid 1 1 --components 1 --pixels 1"),
        ),
        Followed("figures are written as JSON. Use --out {}.", rate("--out a.txt"), follow(rate, "--out {}")),
        Followed(
            "--picture {}: the picture is a PNG. Use --picture {}.",
            rate("--picture b.jpg"),
            follow(rate, "--picture {1}"),
            "tools/prepare/label_quality.py",
        ),
        Followed("prototypes are written as npz. Use --out {}.", gather("--out prototypes.pth"), follow(gather, "--out {}")),
        Followed(
            "--picture {}: the picture is a PNG. Use --picture {}.",
            gather("--out a.npz --picture b.jpg"),
            follow(gather, "--out a.npz --picture {1}"),
            "tools/prepare/prototypes.py",
        ),
        Followed("no image would be looked at. Use 1 or more.", gather("--out a.npz --passes 0"), follow(gather, "--out a.npz --passes 1")),
        Followed(
            "--prior-correction corrects predictions, and --hrda-out ATT writes none. Leave one of them out.",
            evaluate("--prior-correction priors.json --hrda-out ATT"),
            lambda: [evaluate(text)() for text in ("--prior-correction priors.json", "--hrda-out ATT")],
            "tools/test.py",
        ),
        Followed(
            "--prior-correction corrects predictions, and --hrda-out ATT writes none. Leave one of them out.",
            draw("--prior-correction priors.json --hrda-out ATT"),
            lambda: [draw(text)() for text in ("--prior-correction priors.json", "--hrda-out ATT")],
            "tools/predict.py",
        ),
    ]
)
def test_options(row):
    row.follow()


def test_numbers_of_the_benchmark_of_labels(call, monkeypatch):
    """What is measured is not: it takes its time."""
    monkeypatch.setattr("tools.benchmarks.labels.measure_labels", lambda *_, **sizes: sizes)
    monkeypatch.setattr("tools.benchmarks.labels.labels_table", lambda result: result["images"])
    for option in ("--images", "--rounds", "--scenes"):
        advice(
            "nothing to measure. Use at least 1 of each.",
            lambda given=option: call(benchmark.main, "labels", tiny.CONFIG, given, 0),
            file="benchmark.py:benchmark_labels",
        )
        call(benchmark.main, "labels", tiny.CONFIG, option, 1)


def test_pseudo_labels_that_were_interrupted(call, tiny_data, tmp_path, monkeypatch, capsys):
    (tmp_path / "two words").mkdir()
    config, checkpoint, out = write_config(tmp_path, tiny_data).path, tmp_path / "a.pth", tmp_path / "two words/labels"
    state = init_model(load_config(config)).model.state_dict()
    torch.save({"state_dict": {f"model.{key}": value for key, value in state.items()}}, checkpoint)
    images = tiny_data / "cityscapes/leftImg8bit/val"
    with monkeypatch.context() as patch:
        patch.setattr("mmseg.apis.preparing.pseudo_labels.predict_missing", mock.Mock(side_effect=KeyboardInterrupt))
        (command,) = advice(
            "What is done stays. Go on with: {}",
            stopped(lambda: call(pseudo_labels.main, config, checkpoint, "--out", out, "--images", images, "--device", "cpu")),
        )
    python, file, *arguments = shlex.split(command)
    assert (python, file) == ("python", "tools/prepare/pseudo_labels.py")
    call(pseudo_labels.main, *arguments)
    assert f"Pseudo-labels of 2 images: {out}\n" in capsys.readouterr().out and len(list(out.rglob("*.png"))) == 2
