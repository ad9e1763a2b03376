"""What only shows when the parts of a training meet is one line before its first step, and what fits passes."""

import time

import pytest
import torch

from mmseg.config.config import load_config
from mmseg.datasets.classes.check import check_class_lists
from mmseg.engine import dry_pass as module
from mmseg.engine.dry_pass import dry_pass
from mmseg.engine.parts import build_method
from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests import tiny
from tests.models.networks import hrda, plain, tiny_encoder

NORM = {"type": "BN", "requires_grad": True}
POOLING = {"type": "aspp", "dilations": (1, 6), "pool": True, "norm_cfg": NORM}
ADVERSARIAL = {"type": "AdvSeg", "discriminator_type": "LS", "lr_D": 1e-4, "lambda_adv_target": {"main": 0.001}}
FCN = {"type": "FCNHead", "in_channels": 24, "in_index": 2, "channels": 4, "num_classes": 5, "num_convs": 1}
SMALL_SIDES = {"type": "MixVisionTransformer", **tiny_encoder(), "sr_ratios": [1, 1, 1, 1]}
CROP = (64, 64)


def method(network: dict, **options):
    return MODELS.build({"type": "SourceOnly", "segmentor": network, **options})


def head(network: dict, **changes) -> dict:
    """The network with another decoder."""
    return {**network, "decode_head": {**network["decode_head"], **changes}}


def pooled() -> dict:
    network = plain()
    return head(network, decoder_params={**network["decode_head"]["decoder_params"], "fusion_cfg": POOLING})


def timm(**changes) -> dict:
    decoder = {"type": "UPerHead", "in_channels": [64, 128, 256, 512], "channels": 8, "num_classes": 5, **changes}
    return {"type": "EncoderDecoder", "backbone": {"type": "TimmBackbone", "name": "resnet18"}, "decode_head": decoder}


@pytest.mark.parametrize(
    ("network", "options"),
    [
        *[(plain(), {}), (hrda(), {}), (hrda(), ADVERSARIAL), (hrda(), {"type": "FADA"}), (pooled(), {}), (timm(), {})],
        (plain(auxiliary_head=FCN), {**ADVERSARIAL, "lambda_adv_target": {"main": 1, "aux": 1}}),
    ],
)
def test_what_fits_passes_and_stays_as_it_was(network, options):
    trained = method(network, **options)
    before = {key: value.clone() for key, value in trained.state_dict().items()}
    state = torch.get_rng_state()
    dry_pass(trained, 2, (64, 64))
    assert torch.equal(state, torch.get_rng_state())
    after = trained.state_dict()
    assert all(value.device.type == "cpu" and torch.equal(value, after[key]) for key, value in before.items())


@pytest.mark.parametrize(
    ("network", "options", "batch", "size", "words"),
    [
        (pooled(), {}, 1, CROP, r"model\.decode_head\.fuse_layer\.image_pool\.1\.bn normalises .* Set train_dataloader\.batch_size=2"),
        (head(plain(), in_channels=[8, 16, 24, 48]), {}, 2, CROP, r"Set in_channels=\[8, 16, 24, 32\]"),
        (head(plain(), in_index=[0, 1, 2, 4]), {}, 2, CROP, r"but the encoder gives 4 levels, of \[8, 16, 24, 32\] channels"),
        (plain(auxiliary_head={**FCN, "in_channels": 16}), {}, 2, CROP, r"FCNHead: the encoder gives \[24\] .* Set in_channels=24"),
        (timm(in_channels=[64, 64, 128, 256, 512], in_index=[0, 1, 2, 3, 4]), {}, 2, CROP, "the encoder gives 4 levels"),
        (hrda(hr_crop_size=(96, 96)), {}, 2, CROP, "detail crop 96x96 does not fit into the 64x64 training crop"),
        (hrda(), {}, 2, (60, 64), "the 60x64 training crop is not divisible by 8"),
        ({**hrda(), "backbone": SMALL_SIDES}, ADVERSARIAL, 2, (32, 32), "The discriminator needs predictions of 32x32 pixels or more"),
        ({**plain(), "neck": {"type": "SegFormerAdapter", "scales": [1] * 5}}, {}, 2, CROP, "for the 4 levels of the encoder"),
        (plain(), {}, 2, (24, 24), "at least 32 pixels per side"),
    ],
)
def test_what_does_not_fit_is_one_line(network, options, batch, size, words):
    with pytest.raises(UserError, match=words) as caught:
        dry_pass(method(network, **options), batch, size)
    assert "\n" not in str(caught.value)


def test_torchs_complaint_names_the_part():
    trained = method(plain())
    trained.model.decode_head.fuse_layer = torch.nn.Conv2d(7, 8, 1)
    words = r"^model\.decode_head\.fuse_layer does not fit what comes in, for a batch of 2 crops of 64x32: .* Correct the options"
    with pytest.raises(UserError, match=words):
        dry_pass(trained, 2, (64, 32))


class Reading(DecodeHead):
    """A decoder that looks at numbers."""

    def forward(self, features):
        if features[0].mean().item() > 1:
            features = features[::-1]
        return self.classify(self.select(features)[0])


def test_a_layer_that_needs_numbers_is_not_refused(monkeypatch):
    noted = []
    monkeypatch.setattr(module, "print_log", lambda text, **_: noted.append(text))
    trained = method(plain())
    trained.model.decode_head = Reading(in_channels=8, in_index=0, channels=8, num_classes=5)
    dry_pass(trained, 2, (64, 64))
    assert len(noted) == 1 and "not checked before the first step: model.decode_head" in noted[0]


def test_an_error_of_ours_keeps_its_traceback():
    trained = method(plain())
    del trained.model.decode_head.in_index
    with pytest.raises(AttributeError):
        dry_pass(trained, 2, (64, 64))


def test_first_level_of_a_decoder_with_two():
    decoder = {"type": "DepthwiseSeparableASPPHead", "in_channels": 32, "channels": 4, "num_classes": 5}
    decoder |= {"c1_in_channels": 16, "c1_channels": 2}
    with pytest.raises(UserError, match=r"first level of the encoder has 8 channels, but c1_in_channels=16\. Set c1_in_channels=8\."):
        dry_pass(method({**plain(), "decode_head": decoder}), 2, (64, 64))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (
            "model.decode_head.loss_decode",
            {"class_weight": [1.0, 2.0]},
            "loss_decode.class_weight has 2 numbers, but the source",
        ),
        ("uda.source_class_weight", [1.0], "uda.source_class_weight has 1 numbers"),
        ("uda.objectives", {"source": {"class_weight": [1.0]}}, "uda.objectives.source.class_weight has 1 numbers"),
        ("uda.imnet_feature_dist_classes", [19], "names the class 19, but the source data have 19 classes"),
        ("model.decode_head.num_classes", 18, "Set model.decode_head.num_classes=19"),
    ],
)
def test_options_of_other_classes(key, value, words):
    with pytest.raises(UserError, match=words):
        check_class_lists(load_config(tiny.ROOT / tiny.CONFIG, {key: value}))


def test_a_pass_costs_less_than_a_third_of_a_second():
    """With the demo's config; the best of three, since tests share their cores."""
    cfg = load_config(tiny.ROOT / tiny.CONFIG)
    trained, times = build_method(cfg), []
    for _ in range(3):
        start = time.process_time()
        dry_pass(trained, cfg.train_dataloader.batch_size, cfg.crop_size)
        times.append(time.process_time() - start)
    assert min(times) < 0.3
