"""Advice about the temperature of a network."""

import json

import pytest

from mmseg.apis import init_model
from mmseg.apis.predicting.temperature import BESIDE, read_temperature
from mmseg.apis.preparing.images import labelled_images_of
from mmseg.apis.preparing.temperature import sample_pixels
from mmseg.utils.storage.checksums import file_hash
from tests.advice.following import advice
from tests.apis.data_config import data_config
from tools.prepare import temperature as temperature_tool


@pytest.fixture
def fits(run, works):
    """Runs the command that the advice names on that run; the temperature can be read then."""

    def follow() -> None:
        works(temperature_tool.main, run / "config.py", run / "latest.pth")
        assert read_temperature(BESIDE, run / "latest.pth", "model") > 0

    return follow


def test_a_file_that_is_missing(run, fits):
    advice(
        "--temperature: {} does not exist. Run python tools/prepare/temperature.py CONFIG CHECKPOINT.",
        lambda: read_temperature(BESIDE, run / "latest.pth", "model"),
    )
    fits()


def test_a_file_that_is_broken(run, fits):
    file = run / "temperature.json"
    file.write_text("{")
    advice(
        "cannot be read. Run python tools/prepare/temperature.py CONFIG CHECKPOINT.",
        lambda: read_temperature(BESIDE, run / "latest.pth", "model"),
        file="predicting/temperature.py",
    )
    file.write_text("[]")
    advice(
        "the checkpoint that it is of. Run python tools/prepare/temperature.py CONFIG CHECKPOINT.",
        lambda: read_temperature(BESIDE, run / "latest.pth", "model"),
    )
    fits()


@pytest.mark.parametrize("value", [0, -1, True, "1", None, float("inf"), float("nan")])
def test_values_that_are_no_temperature(run, value):
    origin = {"sha256": file_hash(run / "latest.pth"), "weights": "model"}
    (run / "temperature.json").write_text(json.dumps({"temperature": value, "checkpoint": origin}))
    advice(
        "the checkpoint that it is of. Run python tools/prepare/temperature.py CONFIG CHECKPOINT.",
        lambda: read_temperature(BESIDE, run / "latest.pth", "model"),
    )


def test_a_file_of_another_checkpoint(run, fits):
    content = {"temperature": 1.5, "checkpoint": {"sha256": "0", "weights": "model", "path": "other.pth"}}
    (run / "temperature.json").write_text(json.dumps(content))
    advice(
        "not of {} ({}). Run python tools/prepare/temperature.py CONFIG CHECKPOINT.",
        lambda: read_temperature(BESIDE, run / "latest.pth", "model"),
    )
    fits()


def test_labels_without_a_class(tiny_data):
    cfg = data_config(tiny_data)
    method, dataset = init_model(cfg), labelled_images_of(cfg, "source")
    labels = dataset.read_label
    dataset.read_label = lambda *given: labels(*given) * 0 + 255
    advice("so there is nothing to fit to. Give labelled images with --data FILE.", lambda: sample_pixels(method, dataset, 1))
    dataset.read_label = labels
    assert sample_pixels(method, dataset, 1).images == 1
