"""Everything that normalises does so by the encoder: training, colour jitter, prediction; two answers are an error."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmseg.apis.checking.browse import blind_method
from mmseg.apis.predicting.inference import init_model
from mmseg.config import load_config
from mmseg.engine.checkpoints.trained_for import TrainedFor
from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.data_preprocessor import IMAGENET_MEAN, IMAGENET_STD, SegDataPreprocessor, preprocessor_options
from mmseg.models.uda import UDAMethod
from mmseg.models.weights.facts import FREE, encoder_facts, timm_facts
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from tests.models.networks import plain
from tests.tiny import CONFIG, ROOT

CLIP = ((122.770938, 116.746125, 104.093734), (68.500533, 66.632158, 70.323163))
VIT = {"type": "TimmBackbone", "name": "test_vit"}
HEAD = {"type": "FCNHead", "in_channels": 64, "in_index": 3, "channels": 4, "num_classes": 3}
IMAGENET = SegDataPreprocessor()


def network(**backbone: object) -> dict:
    return {"type": "EncoderDecoder", "backbone": {**VIT, **backbone}, "decode_head": HEAD}


def statistics(method: UDAMethod) -> tuple:
    return method.data_preprocessor.grey_mean, method.data_preprocessor.grey_std


def test_facts_are_in_grey_levels() -> None:
    facts = timm_facts("eva02_tiny_patch14_224")
    assert facts.mean == pytest.approx(CLIP[0]) and facts.std == pytest.approx(CLIP[1])
    assert (facts.name, facts.size, facts.licence) == ("eva02_tiny_patch14_224.mim_in22k", (224, 224), "mit")
    assert timm_facts("no_such_network") is None


@pytest.mark.parametrize("name", ["resnet18", "convnext_atto", "resnet101c"])
def test_statistics_of_imagenet_stay_what_they_are_in_every_bit(name: str) -> None:
    assert (timm_facts(name).mean, timm_facts(name).std) == (IMAGENET_MEAN, IMAGENET_STD) == (IMAGENET.grey_mean, IMAGENET.grey_std)


@pytest.mark.parametrize("backbone", [None, {"type": "ResNet", "depth": 18}, {"type": "TimmBackbone", "name": "resnet18"}], ids=str)
def test_encoders_of_published_configs_keep_imagenets(backbone: dict | None) -> None:
    segmentor = plain() if backbone is None else {**network(), "backbone": backbone, "decode_head": {**HEAD, "in_channels": 512}}
    preprocessor = UDAMethod(segmentor=segmentor).data_preprocessor
    assert torch.equal(preprocessor.mean, IMAGENET.mean) and torch.equal(preprocessor.std, IMAGENET.std)


def test_the_statistics_of_the_streets_agree_with_timm() -> None:
    """(x - 127) / 128 is what the weights were trained with, (x / 255 - 0.5) / 0.5 what timm says: the config's holds."""
    cfg = load_config(ROOT / "configs/streets/streets2camvid_daformer.py")
    facts = encoder_facts(cfg.model.backbone)
    assert cfg.model.pretrained and (facts.mean, facts.std) == ((127.5,) * 3, (127.5,) * 3)
    made = preprocessor_options(cfg.uda.data_preprocessor, facts, starts_from=cfg.model.pretrained)
    assert made == cfg.uda.data_preprocessor and cfg.uda.data_preprocessor.mean == [127.0] * 3


def test_a_method_and_its_jitter_have_those_of_the_encoder() -> None:
    method = MODELS.build({"type": "DACS", "segmentor": network(), "imnet_feature_dist_lambda": 0})
    assert statistics(method) == ((127.5,) * 3, (127.5,) * 3)
    assert torch.equal(method.augment.mean, torch.full((3, 1, 1), 0.5)) and torch.equal(method.augment.std, torch.full((3, 1, 1), 0.5))


def test_prediction_has_those_of_the_encoder() -> None:
    cfg = load_config(ROOT / CONFIG, {"model": {"_delete_": True, **network()}, "uda": {"_delete_": True, "type": "SourceOnly"}})
    cfg.model.decode_head.num_classes = 19
    model = init_model(cfg)
    assert statistics(model) == ((127.5,) * 3, (127.5,) * 3)
    white = model.data_preprocessor.image(torch.full((1, 3, 2, 2), 255, dtype=torch.uint8))
    assert torch.equal(white, torch.ones(1, 3, 2, 2))
    browsed = blind_method(cfg)["data_preprocessor"]  # which never sees the encoder
    assert browsed == {"type": "SegDataPreprocessor", "mean": (127.5,) * 3, "std": (127.5,) * 3}


@pytest.mark.parametrize("key", ["mean", "std"])
def test_two_answers_are_an_error(key: str) -> None:
    given = {"type": "SegDataPreprocessor", key: [100.0, 110.0, 120.0]}
    weights = r"the weights of test_vit\.r160_in1k want \[127\.5, 127\.5, 127\.5\]"
    said = rf"^uda\.data_preprocessor\.{key} is \[100\.0, 110\.0, 120\.0\], but {weights}"
    with pytest.raises(UserError, match=rf"{said}\. Leave it out, or set uda\.data_preprocessor\.overrides_encoder=True"):
        UDAMethod(segmentor={**network(), "pretrained": "a.pth"}, data_preprocessor=given)
    with pytest.raises(UserError, match=said):
        UDAMethod(segmentor=network(pretrained="a.pth"), data_preprocessor=given)


@pytest.mark.parametrize(
    ("options", "pretrained"),
    [({}, None), ({"overrides_encoder": True}, "a.pth")],
    ids=["from scratch", "a file of other weights"],
)
def test_where_other_statistics_go(options: dict, pretrained: str | None) -> None:
    given = {"type": "SegDataPreprocessor", "mean": [100.0, 110.0, 120.0], **options}
    method = UDAMethod(segmentor=network(pretrained=pretrained), data_preprocessor=given)
    assert statistics(method) == ((100.0, 110.0, 120.0), (127.5,) * 3)  # what is not named is the encoder's


def test_half_a_grey_level_is_the_same() -> None:
    rounded = {"type": "SegDataPreprocessor", "mean": [127.0, 127.5, 128.0], "std": None}
    assert statistics(UDAMethod(segmentor=network(pretrained="a.pth"), data_preprocessor=rounded)) == ((127.0, 127.5, 128.0), (127.5,) * 3)


def test_encoders_without_facts_take_any_statistics() -> None:
    given = {"type": "SegDataPreprocessor", "mean": (0.0,) * 3, "std": (255.0,) * 3}
    assert statistics(UDAMethod(segmentor={**plain(), "pretrained": "a.pth"}, data_preprocessor=given)) == ((0.0,) * 3, (255.0,) * 3)


def test_a_preprocessor_of_a_user_is_left_as_it_is() -> None:
    assert preprocessor_options({"type": "Theirs"}, timm_facts("test_vit"), starts_from="a.pth") == {"type": "Theirs"}


# What checkpoints say


def test_a_checkpoint_states_its_normalisation() -> None:
    """An older one of the same config does not, and was trained with ImageNet's whatever its encoder."""
    cfg = load_config(ROOT / CONFIG, {"model": {"_delete_": True, **network()}})
    preprocessor = UDAMethod(segmentor=network()).data_preprocessor
    old = TrainedFor.of({"meta": {"config": config_text(cfg)}})
    assert old.normalisation == (IMAGENET_MEAN, IMAGENET_STD)
    (line,) = old.normalisation_warning(preprocessor, "a.pth")
    assert "trained with another normalisation" in line and "mean [127.5, 127.5, 127.5]" in line
    new = TrainedFor.of({"meta": {"config": config_text(cfg), "normalisation": preprocessor.statistics}})
    assert new.normalisation == ((127.5,) * 3, (127.5,) * 3) and new.normalisation_warning(preprocessor, "a.pth") == []


@pytest.mark.parametrize("stated", [None, 3, {}, {"mean": [1.0]}, {"mean": 1, "std": 2}], ids=str)
def test_what_is_no_statement(stated: object) -> None:
    assert TrainedFor.of({"meta": {"normalisation": stated}}).normalisation is None


# Weights that need an agreement


def test_weights_behind_an_agreement(tmp_path: Path) -> None:
    path = tmp_path / "dinov3.safetensors"
    backbone = TimmBackbone(name="vit_tiny_patch16_dinov3_qkvb", pretrained=str(path))
    with pytest.raises(UserError, match=r"dinov3\.safetensors do not exist\. Download"):
        backbone.init_weights()  # of EUPE, which is not gated
    backbone.name = "vit_small_patch16_dinov3"
    with pytest.raises(UserError) as raised:
        backbone.init_weights()
    text = str(raised.value)
    assert "\n" not in text and f"{path} do not exist, and vit_small_patch16_dinov3.lvd1689m stands under the DINOv3 License" in text
    assert "Accept it at https://ai.meta.com/" in text and all(name in text for name in FREE)
