"""Starting weights from a file: read only on request, checked, never half-loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

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


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mit_b0\.pth do not exist\. .* start from scratch on purpose with pretrained=None\."):
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
    with pytest.raises(UserError, match=r"does not hold the weights of MixVisionTransformer: 'norm1\.weight'"):
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
