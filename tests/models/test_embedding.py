"""``SegOutput.embedding``: the very map that the classifier reads, of the first view, of every decoder that has one."""

import gc
import weakref

import pytest
import torch

from mmseg.models.decode_heads.dlv2_head import DLV2Head
from mmseg.models.decode_heads.se_aspp_head import SEASPPHead
from mmseg.registry import MODELS
from tests.models import networks


def build(config: dict):
    torch.manual_seed(0)
    made = MODELS.build(config)
    made.init_weights()
    return made


def test_a_plain_network():
    model = build(networks.plain()).eval()
    for output in (model.segment(torch.randn(2, 3, 64, 64)), model(torch.randn(2, 3, 64, 64))):
        assert output.embedding.shape == (2, 8, 16, 16)
        assert torch.equal(model.decode_head.classify(output.embedding), output.logits)


def test_the_context_of_hrda():
    model = build(networks.hrda()).eval()
    output = model.segment(torch.randn(2, 3, 64, 64))
    assert output.embedding.shape == (2, 8, 8, 8)
    assert torch.equal(model.decode_head.head.classify(output.embedding), output.view("context").logits)


def test_no_pass_and_no_copy_is_added(monkeypatch):
    model, calls = build(networks.plain()).train(), []
    model.decode_head.fuse_layer.register_forward_hook(lambda _, inputs, output: calls.append(output))
    output = model(torch.randn(2, 3, 64, 64))
    assert len(calls) == 1 and output.embedding is calls[0]


def test_nothing_outlives_the_output():
    model = build(networks.hrda()).eval()
    with torch.no_grad():
        output = model.segment(torch.randn(1, 3, 64, 64))
    seen = weakref.ref(output.embedding)
    del output
    gc.collect()
    assert seen() is None


def test_a_decoder_without_such_a_map():
    assert DLV2Head(in_channels=4, num_classes=3).decode([torch.randn(1, 4, 5, 6)]).embedding is None


def test_the_head_of_cpsl_drops_channels_before_the_map():
    head = SEASPPHead(in_channels=4, num_classes=3, channels=32, dropout_ratio=0.5)
    level = torch.randn(2, 4, 5, 6)
    dropped = (head.train().decode([level]).embedding == 0).all(dim=(2, 3))
    assert 0 < dropped.sum() < dropped.numel()
    assert not (head.eval().decode([level]).embedding == 0).all(dim=(2, 3)).any()


@pytest.mark.parametrize(("channels", "groups"), [(256, 32), (48, 16), (8, 8)])
def test_groups_of_the_head_of_cpsl(channels, groups):
    assert SEASPPHead(in_channels=4, num_classes=3, channels=channels).bottleneck[2].num_groups == groups


@pytest.mark.parametrize("train", [False, True])
def test_an_own_forward_is_not_passed_by(train):
    class Doubled(SEASPPHead):
        def forward(self, features):
            return 2 * super().forward(features)

    heads = [kind(in_channels=4, num_classes=3, channels=32, dropout_ratio=0.0).train(train) for kind in (SEASPPHead, Doubled)]
    heads[1].load_state_dict(heads[0].state_dict())
    level = torch.randn(1, 4, 5, 6)
    plain, doubled = (head.decode([level]) for head in heads)
    assert torch.equal(doubled.logits, 2 * plain.logits) and doubled.embedding is None


WIDTHS = {
    "DAFormerHead": (networks.plain()["decode_head"], 8),
    "SegFormerHead": (networks.segformer_head(decoder_params={"embed_dim": 12, "conv_kernel_size": 1}), 12),
    "DLV3PlusHead": ({"type": "DLV3PlusHead", "in_channels": [8, 16], "channels": 32, "c1_channels": 4, "align_corners": True}, 32),
    "FCNHead": ({"type": "FCNHead", "in_channels": 8, "in_index": 0, "channels": 6}, 6),
    "SEASPPHead": ({"type": "SEASPPHead", "in_channels": 8, "channels": 32}, 32),
    "DAHead": ({"type": "DAHead", "in_channels": 8, "in_index": 0, "channels": 6, "pam_channels": 4, "norm_cfg": networks.BN}, 6),
    "DLV2Head": ({"type": "DLV2Head", "in_channels": 8}, None),
    "FADAHead": ({"type": "FADAHead", "in_channels": 8}, None),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_the_width_is_known_before_the_first_pass(name):
    options, width = WIDTHS[name]
    head = build({**options, "num_classes": 5}).eval()
    levels = [torch.randn(1, channels, 16, 16) for channels in head.in_channels]
    while len(levels) <= max(head.in_index):
        levels.append(levels[-1])
    embedding = head.decode(levels).embedding
    assert head.embedding_channels == width == (None if embedding is None else embedding.shape[1])
