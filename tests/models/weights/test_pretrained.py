"""Starting weights from a file: read only on request, checked, never half-loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
import torchvision

from mmseg.models.weights import pretrained
from mmseg.models.weights.pretrained import find_weights
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.networks import plain


def _save(path: Path, **changes: torch.Tensor) -> dict[str, torch.Tensor]:
    state = {**MODELS.build({"type": "mit_b0"}).state_dict(), "head.weight": torch.zeros(10, 256), "head.bias": torch.zeros(10), **changes}
    torch.save(state, path)
    return state


def _backbone(path: Path | None) -> torch.nn.Module:
    return MODELS.build({"type": "mit_b0", "pretrained": None if path is None else str(path)})


def test_weights_are_loaded_by_init_weights_only(tmp_path: Path) -> None:
    state = _save(tmp_path / "mit_b0.pth")
    backbone = _backbone(tmp_path / "mit_b0.pth")
    assert not torch.equal(backbone.state_dict()["block1.0.attn.q.weight"], state["block1.0.attn.q.weight"])
    backbone.init_weights()
    assert all(torch.equal(value, state[key]) for key, value in backbone.state_dict().items())


def test_segmentor_hands_the_file_to_its_backbone(tmp_path: Path) -> None:
    model = plain(pretrained=str(tmp_path / "mit_b5.pth"))
    with torch.device("meta"):
        built = MODELS.build(model)  # builds without the file
    assert built.backbone.pretrained == str(tmp_path / "mit_b5.pth")


def test_mmsegmentation_spelling() -> None:
    backbone = MODELS.build({"type": "mit_b0", "init_cfg": {"type": "Pretrained", "checkpoint": "a.pth"}})
    assert backbone.pretrained == "a.pth"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "x/mit_b5.pth",
            r"x/mit_b5\.pth do not exist\. Download it with 'sh tools/download_checkpoints\.sh mit_b5' \(to pretrained/mit_b5\.pth\) "
            r"and set pretrained='pretrained/mit_b5\.pth'",
        ),
        ("x/mine.pth", r"x/mine\.pth do not exist\. Download it to that path"),
        ("open-mmlab://resnet101_v1c", r"pretrained/resnet101_v1c\.pth do not exist\. .*checkpoints\.sh resnet101_v1c' \(.*\)"),
        ("torchvision://resnet50", r"'torchvision://resnet50' is no file, .* Download it and give its path\.$"),
    ],
)
def test_missing_file(name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ending = "" if text.endswith("$") else r", or start from scratch on purpose with pretrained=None\.$"
    with pytest.raises(UserError, match=text + ending):
        MODELS.build({"type": "mit_b0", "pretrained": name}).init_weights()


@pytest.mark.parametrize("file", ["resnet18_v1c.pth", "resnet18_v1c-b5776b93.pth", "resnet18_v1c_of_mine.pth"])
def test_names_of_openmmlab(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pretrained").mkdir()
    (tmp_path / "pretrained" / "resnet18_v1d.pth").touch()
    (tmp_path / "pretrained" / file).touch()
    assert find_weights("open-mmlab://resnet18_v1c") == Path("pretrained") / file


def test_what_was_in_the_file_and_its_licence_are_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(pretrained, "print_log", lambda line, **_: lines.append(line))
    _save(tmp_path / "mit_b0.pth")
    _backbone(tmp_path / "mit_b0.pth").init_weights()
    report = "all 176 entries of MixVisionTransformer loaded, 2 others are not needed (such as 'head.weight')"
    licence = "licence of published weights of this encoder: NVIDIA Source Code License for SegFormer, for research and"
    licence += " evaluation only, no commercial use; SHA-256 " + hashlib.sha256((tmp_path / "mit_b0.pth").read_bytes()).hexdigest()
    assert lines == [f"{tmp_path / 'mit_b0.pth'}: {text}" for text in (report, licence)]


def test_file_of_another_size_is_named(tmp_path: Path) -> None:
    _save(tmp_path / "mit_b0.pth")
    backbone = MODELS.build({"type": "mit_b1", "pretrained": str(tmp_path / "mit_b0.pth")})
    with pytest.raises(UserError, match=r"not hold the weights of mit_b1: .* It looks like mit_b0\. Use the weights of the same backbone"):
        backbone.init_weights()


def test_large_stem_is_refused_by_the_deep_one(tmp_path: Path) -> None:
    path = tmp_path / "resnet18.pth"
    torch.save(torchvision.models.resnet18().state_dict(), path)
    plain_resnet = MODELS.build({"type": "ResNet", "depth": 18, "pretrained": str(path)})
    plain_resnet.init_weights()
    text = r"7x7 convolution as its stem instead of three 3x3 ones \(OpenMMLab's resnet101_v1c and timm's resnet101c have it"
    with pytest.raises(UserError, match=text):
        MODELS.build({"type": "ResNetV1c", "depth": 18, "pretrained": str(path)}).init_weights()


@pytest.mark.parametrize("content", [{"state_dict": {}}, {"epoch": torch.zeros(1), "lr": 0.1}, [torch.zeros(1)]], ids=str)
def test_no_state_dict(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "mit_b0.pth")
    with pytest.raises(UserError, match=r"holds no state dict\. Use a file of weights by name\."):
        _backbone(tmp_path / "mit_b0.pth").init_weights()


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"version https://git-lfs", bytes(8) + b"{" + bytes(20)], ids=str)
def test_file_of_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "mit_b0.pth").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot be read as a file of weights .* Download it again\."):
        _backbone(tmp_path / "mit_b0.pth").init_weights()


def test_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "mit_b0.pth"
    _save(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"cannot be read as a file of weights .* Download it again\."):
        _backbone(path).init_weights()


def test_file_that_would_run_code(tmp_path: Path) -> None:
    path = tmp_path / "mit_b0.pth"
    torch.save({"state_dict": Path("x")}, path)
    with pytest.raises(UserError, match="cannot be read as a file of weights"):
        _backbone(path).init_weights()


def test_weights_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "mit_b0.pth"
    _save(path, **{"norm1.weight": torch.zeros(64)})
    backbone = _backbone(path)
    before = backbone.state_dict()["norm2.weight"].clone()
    counts = r"0 entries missing, 0 unexpected, 1 of another shape, first 'norm1\.weight'"
    with pytest.raises(UserError, match=rf"does not hold the weights of mit_b0: {counts}\. .* or pretrained=None\."):
        backbone.init_weights()
    assert torch.equal(backbone.state_dict()["norm2.weight"], before)


def test_new_weights_follow_the_seed_and_the_published_deviations() -> None:
    states = []
    for _ in range(2):
        model = MODELS.build(plain())
        torch.manual_seed(3)
        model.init_weights()
        states.append(model.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    wide = MODELS.build({"type": "mit_b0"})
    wide.init_weights()
    assert wide.state_dict()["block4.0.mlp.fc1.weight"].std().item() == pytest.approx(0.02, rel=0.02)
    assert wide.state_dict()["patch_embed4.proj.weight"].std().item() == pytest.approx((2 / (9 * 256)) ** 0.5, rel=0.02)
    assert wide.state_dict()["block1.0.mlp.dwconv.dwconv.weight"].std().item() == pytest.approx((2 / 9) ** 0.5, rel=0.05)
