"""Weights in a Python package: a made-up one with random weights of the same network."""

from pathlib import Path

import pytest
import torch

from mmseg.apis.checking.weights import check_weights, convert_packaged
from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.weights import packages
from mmseg.models.weights.packages import package_file, to_timm
from mmseg.utils.errors import UserError
from tests.models.weights.packaged import FULL, KEY, install, packaged_name, random_weights


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return random_weights()


@pytest.fixture
def installed(weights, tmp_path, monkeypatch) -> Path:
    return install(weights, tmp_path / "site", monkeypatch)


def test_every_entry_gets_the_name_of_timm(weights):
    given = {packaged_name(key, FULL.blocks): value for key, value in weights.items()}
    converted = to_timm(given, FULL.blocks)
    assert len(given) == 296 and list(converted) == list(weights)
    assert all(torch.equal(converted[key], value) for key, value in weights.items())


def test_what_has_no_name_keeps_its_own():
    assert list(to_timm({"_swish.x": torch.zeros(1), "_blocks.99._bn0.bias": torch.zeros(1)}, FULL.blocks)) == [
        "_swish.x",
        "_blocks.99._bn0.bias",
    ]


def test_a_package_is_converted_and_an_encoder_starts_from_it(installed, weights, tmp_path):
    file = tmp_path / "efficientnet_lite0.pth"
    assert convert_packaged(KEY, file) == check_weights(KEY, file) == 296
    encoder = TimmBackbone(name=FULL.network, pretrained=str(file))
    encoder.init_weights()
    assert torch.equal(encoder.network.conv_stem.weight, weights["conv_stem.weight"])
    assert encoder.out_channels == (24, 40, 112, 320)


def test_another_version_of_the_package_is_refused(installed):
    with open(installed, "ab") as file:
        file.write(b"x")
    with pytest.raises(UserError, match=r"0\.1\.0 has other weights than 0\.1\.0: .* has the SHA-256 \w{64} instead of \w{64}\."):
        package_file(KEY)
    installed.unlink()
    with pytest.raises(UserError, match=r"57934424\.pth does not exist\. Run"):
        package_file(KEY)


def test_entries_in_other_places_are_seen(installed, weights, tmp_path):
    """Two layers of one shape changed places: no name and no shape tells, but the network sees something else."""
    known = packages.PACKAGES[KEY]
    swapped = {**weights, "classifier.bias": weights["classifier.bias"].roll(1) + torch.eye(1000)[(known.clock + 1) % 1000] * 9}
    torch.save(swapped, tmp_path / "swapped.pth")
    with pytest.raises(UserError, match=rf"takes a drawn clock for class {(known.clock + 1) % 1000} of ImageNet instead of {known.clock}"):
        check_weights(KEY, tmp_path / "swapped.pth")
    torch.save({key: value for key, value in weights.items() if key != "bn1.bias"}, tmp_path / "less.pth")
    with pytest.raises(UserError, match=r"1 entries differ from those of timm's tf_efficientnet_lite0, first 'bn1.bias'"):
        check_weights(KEY, tmp_path / "less.pth")
