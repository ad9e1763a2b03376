"""Advice about checkpoints: files that cannot be read, and networks that do not fit."""

import shutil
from pathlib import Path

import pytest
import torch

from mmseg.apis.predicting.inference import init_model
from mmseg.config import load_config
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.trained_for import TrainedFor
from mmseg.engine.checkpoints.weights import load_method, load_segmentor, network_state
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.errors import naming
from tests.advice.following import advice
from tests.engine.test_checkpoint_weights import STUDENT_FORMS, method, segmentor
from tests.models.networks import hrda, plain

FILE = "latest.pth"


# Files


@pytest.fixture
def whole(tmp_path) -> Path:
    """A file that can be read; the copy that advice asks for."""
    path = tmp_path / "whole.pth"
    torch.save({"state_dict": {"a": torch.full((64,), 1.5)}}, path)
    return path


def copied(whole: Path, path: Path) -> dict:
    """What the file holds once it is copied again."""
    shutil.copy(whole, path)
    return read_checkpoint(path)


def test_a_folder(tmp_path, whole):
    (tmp_path / "run").mkdir()
    shutil.copy(whole, tmp_path / "run/latest.pth")
    _, path = advice("Checkpoint {} is a folder. Give a file in it, such as {}.", lambda: read_checkpoint(tmp_path / "run"))
    assert read_checkpoint(path)["state_dict"]


def test_a_file_that_is_not_there(tmp_path, trained):
    advice("Check the path, or train first with tools/train.py.", lambda: read_checkpoint(tmp_path / "none.pth"))
    assert read_checkpoint(trained / "latest.pth")["state_dict"]


def test_a_file_that_is_cut_off(tmp_path, whole):
    path = tmp_path / "a.pth"
    path.write_bytes(whole.read_bytes()[:300])
    advice("{} is cut off or not a checkpoint. Download or copy it again", lambda: read_checkpoint(path), file="checkpoints/checkpoint.py")
    assert copied(whole, path)


def test_a_file_with_another_bit(tmp_path, whole):
    path, content = tmp_path / "a.pth", bytearray(whole.read_bytes())
    content[content.index(torch.tensor(1.5).numpy().tobytes() * 64) + 7] ^= 1
    path.write_bytes(content)
    advice("the checksum of {} is wrong. Copy or download it again, or use another file.", lambda: read_checkpoint(path))
    assert copied(whole, path)


def test_a_file_of_something_else(tmp_path, whole):
    path = tmp_path / "a.pth"
    torch.save([1], path)
    advice("Checkpoint {} holds no dictionary of weights. Use another file.", lambda: read_checkpoint(path))
    assert read_checkpoint(whole)["state_dict"]


def test_a_file_that_could_run_code(tmp_path):
    path, weights = tmp_path / "a.pth", {"a": torch.ones(1)}
    torch.save({"state_dict": weights, "optimizer": torch.optim.SGD([torch.ones(1)], lr=1)}, path)
    advice("Checkpoint {} {}. Use another file, or have its owner save the state dict alone.", lambda: read_checkpoint(path))
    torch.save(weights, path)
    assert read_checkpoint(path)["a"]


def test_a_pickle_of_something_else(tmp_path, whole):
    path = tmp_path / "a.pth"
    path.write_bytes(b"<!DOCTYPE html>")
    advice(
        "is cut off or not a checkpoint. Download or copy it again, or use another file.",
        lambda: read_checkpoint(path),
        file="checkpoints/checkpoint.py",
    )
    assert copied(whole, path)


# Networks of a file


def test_networks_that_a_file_holds():
    first, second = advice("Use '{}' (student) or '{}' (teacher).", lambda: network_state(STUDENT_FORMS["wrapper"], "teacher", FILE))
    for name in (first, second):
        assert network_state(STUDENT_FORMS["wrapper"], name, FILE)
    published = STUDENT_FORMS["published"]
    *_, name = advice("Checkpoint {} holds no {} ({}), but {}. Use --weights {}.", lambda: network_state(published, "ema_model", FILE))
    assert network_state(published, name, FILE)
    advice("Use the checkpoint of a training.", lambda: network_state({"patch_embed1.weight": torch.zeros(1)}, "model", FILE))
    assert network_state(STUDENT_FORMS["wrapper"], "model", FILE)


def test_an_encoder_that_needs_a_switch():
    alone = method(imnet_feature_dist_lambda=0.1, imnet_feature_dist_classes=None, imnet_encoder_only=True)
    content = {"state_dict": alone.state_dict()}
    options = {"imnet_feature_dist_lambda": 0.1, "imnet_feature_dist_classes": None}
    advice("Set uda.imnet_encoder_only=True.", lambda: load_method(method(**options), content, FILE))
    load_method(method(**options, imnet_encoder_only=True), content, FILE)


def test_another_network():
    """The config that it was trained with has a network with these entries."""
    state, deeper = segmentor().state_dict(), plain()
    deeper["backbone"]["depths"] = (1, 2, 1, 1)
    advice(
        "Checkpoint {} {}. Use the config it was trained with.",
        lambda: load_segmentor(segmentor(deeper), state, "model", FILE),
    )
    advice(
        "{} does not belong to this model: {}. Use the config it was trained with.",
        lambda: load_segmentor(segmentor(hrda()), state, "model", FILE),
    )
    load_segmentor(segmentor(seed=1), state, "model", FILE)


def test_weights_that_are_no_use():
    broken = {**segmentor().state_dict(), "backbone.norm2.bias": torch.full((16,), float("nan"))}
    _, best = advice("{}. Use an earlier state, such as {}, or another file.", lambda: load_segmentor(segmentor(), broken, "model", FILE))
    assert best == "best.pth"
    load_segmentor(segmentor(), segmentor(seed=1).state_dict(), "model", best)


def test_a_prediction_that_is_not_finite():
    """An earlier state predicts numbers."""
    image = torch.zeros(1, 3, 64, 64)
    ruined = segmentor().eval()
    for parameter in ruined.parameters():
        parameter.data.fill_(float("nan"))
    advice("{}: {}. Use an earlier state, such as best.pth, or other weights.", lambda: check_finite(ruined(image).logits))
    check_finite(segmentor().eval()(image).logits)


def test_a_photo_that_is_too_small(tmp_path):
    def predict(side: int) -> None:
        with naming(tmp_path / "a.png"):
            segmentor().eval()(torch.zeros(1, 3, side, side))

    path, fix = advice("{} cannot be predicted. {}", lambda: predict(24))
    assert path == str(tmp_path / "a.png")
    predict(int(fix.split("at least ")[1].split()[0]))


def test_classes_in_another_order():
    trained = TrainedFor(("sky", "grass"), ((1, 2, 3), (4, 5, 6)))

    def compare(classes: list[str]) -> list[str]:
        return trained.warnings(classes, trained.palette, SegDataPreprocessor(), FILE)

    advice("{} {}. {}", lambda: compare(["grass", "sky"]), file="trained_for.py:check_order")
    advice(
        "Give the data sets of the config that order (classes=[…]), or use the config it was trained with.",
        lambda: compare(["grass", "sky"]),
    )
    assert compare(["sky", "grass"]) == []


def test_a_network_of_other_classes(trained):
    """The data decide how many classes there are; the checkpoint's own config knows them."""
    cfg = load_config(trained / "config.py", {"model.decode_head.num_classes": 16})
    *_, fix = advice(
        "Checkpoint {} was trained with {} classes, but the config has {}. {}", lambda: init_model(cfg, trained / "latest.pth")
    )
    assert fix == "Use the config it was trained with."
    assert init_model(trained / "config.py", trained / "latest.pth").model.num_classes == 19
