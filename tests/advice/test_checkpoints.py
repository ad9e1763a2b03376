"""Advice about checkpoints: files that cannot be read, networks that do not fit, starting weights."""

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
import torchvision

from mmseg.apis.checking.weights import check_weights
from mmseg.apis.predicting.inference import init_model
from mmseg.config import load_config
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.trained_for import TrainedFor
from mmseg.engine.checkpoints.weights import load_method, load_segmentor, network_state
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.models.weights.pretrained import find_weights, load_pretrained, pretrained_path, read_state
from mmseg.registry import MODELS
from mmseg.utils.computing.finite import check_finite
from tests.advice.following import Followed, advice, table
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
    advice("so it was not read. Use another file, or have its owner save the state dict alone.", lambda: read_checkpoint(path))
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


def test_classes_in_another_order():
    trained = TrainedFor(("sky", "grass"), ((1, 2, 3), (4, 5, 6)))

    def compare(classes: list[str]) -> list[str]:
        return trained.warnings(classes, trained.palette, SegDataPreprocessor(), FILE)

    advice(
        "Give the data sets of the config that order (classes=[…]), or use the config it was trained with.",
        lambda: compare(["grass", "sky"]),
    )
    assert compare(["sky", "grass"]) == []


def test_a_network_of_other_classes(trained):
    """The data decide how many classes there are; the checkpoint's own config knows them."""
    cfg = load_config(trained / "config.py", {"model.decode_head.num_classes": 16})
    with pytest.raises(ValueError, match=r"was trained with 19 classes, but the config has 16\. Use the config it was trained with\.$"):
        init_model(cfg, trained / "latest.pth")
    assert init_model(trained / "config.py", trained / "latest.pth").model.num_classes == 19


# Starting weights


def encoder(**options):
    return MODELS.build({"type": "mit_b0", **options})


@pytest.fixture
def weights(tmp_path, monkeypatch) -> Path:
    """The weights of mit_b0, as the download leaves them."""
    monkeypatch.chdir(tmp_path)
    Path("pretrained").mkdir()
    torch.save(encoder().state_dict(), "pretrained/mit_b0.pth")
    return Path("pretrained/mit_b0.pth")


@table(
    [
        Followed(
            "Use dict(type='Pretrained', checkpoint=path), or leave it out.",
            lambda: pretrained_path(None, {"type": "Kaiming"}),
            lambda: [pretrained_path(None, {"type": "Pretrained", "checkpoint": "a.pth"}), pretrained_path("a.pth", None)],
        ),
        Followed(
            "Both pretrained={} and init_cfg={} are given. Keep one of them.",
            lambda: pretrained_path("a.pth", {"type": "Pretrained", "checkpoint": "b.pth"}),
            lambda *_: [pretrained_path(None, {"type": "Pretrained", "checkpoint": "b.pth"}), pretrained_path("a.pth", None)],
        ),
    ]
)
def test_how_weights_are_named(row):
    row.follow()


def test_weights_to_download(weights):
    """The file that the command writes is there (``weights``), and the config names it."""
    advice("Download it and give its path.", lambda: find_weights("torchvision://resnet50"))
    assert find_weights(str(weights)) == weights
    weights.rename("mine.pth")
    _, how = advice(
        "The pretrained weights {} do not exist. Download it {}, or start from scratch", lambda: find_weights("pretrained/mit_b0.pth")
    )
    assert how == "with 'sh tools/download_checkpoints.sh mit_b0' (to pretrained/mit_b0.pth)"
    shutil.copy("mine.pth", "pretrained/mit_b0.pth")
    assert find_weights("pretrained/mit_b0.pth")
    _, how = advice("The pretrained weights {} do not exist. Download it {}, or start", lambda: find_weights("x/mit_b0.pth"))
    named = how.split("pretrained='")[1].rstrip("'")
    load_pretrained(encoder(), named)
    encoder(pretrained=None).init_weights()


def test_weights_that_cannot_be_read(weights, tmp_path):
    path = tmp_path / "broken.pth"
    path.write_bytes(weights.read_bytes()[:5000])
    advice("cannot be read as a file of weights ({}). Download it again.", lambda: read_state(path))
    shutil.copy(weights, path)
    assert read_state(path)
    torch.save([torch.ones(1)], path)
    advice("{} holds no state dict. Use a file of weights by name.", lambda: read_state(path))
    assert read_state(weights)


def test_weights_that_do_not_fit(weights, tmp_path):
    path = tmp_path / "other.pth"
    torch.save({**encoder().state_dict(), "norm1.weight": torch.full((32,), float("nan"))}, path)
    advice("{}: {} {}. Use another file of weights.", lambda: load_pretrained(encoder(), str(path)))
    load_pretrained(encoder(), str(weights))
    larger = MODELS.build({"type": "mit_b1", "pretrained": str(weights)})
    looks, *_ = advice("{}Use the weights of the same backbone, or pretrained=None.", larger.init_weights)
    assert looks.endswith("It looks like mit_b0. ")
    MODELS.build({"type": "mit_b1", "pretrained": None}).init_weights()
    load_pretrained(MODELS.build({"type": "mit_b0"}), str(weights))
    torch.save(torchvision.models.resnet18().state_dict(), path)
    deep = {"type": "ResNetV1c", "depth": 18}
    advice("({}). Use one of those, or pretrained=None.", MODELS.build({**deep, "pretrained": str(path)}).init_weights)
    MODELS.build({**deep, "pretrained": None}).init_weights()
    torch.save(MODELS.build(deep).state_dict(), path)  # which has such a stem
    MODELS.build({**deep, "pretrained": str(path)}).init_weights()


def test_weights_with_another_digest(weights, tmp_path):
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    other = tmp_path / "other.pth"
    torch.save(encoder().state_dict(), other)
    *_, start = advice("which should start with {}. Download it again.", lambda: check_weights("mit_b0", other, digest[:8]))
    shutil.copy(weights, other)
    assert check_weights("mit_b0", other, start)
