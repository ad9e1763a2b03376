"""SegFormerHead against its definition, layer by layer; its records are in tests/parity."""

from __future__ import annotations

import pytest
import torch

from mmseg.models.decode_heads.hrda_head import attention_options
from mmseg.registry import MODELS
from tests.models.networks import segformer_head
from tests.models.plain_layers import enlarge, layer, levels, ready

CHANNELS, SIZES = (8, 16, 24, 32), ((6, 5), (3, 3), (2, 2), (1, 1))


@pytest.mark.parametrize("kernel", [1, 3])
def test_equals_the_paper(kernel: int) -> None:
    head, state = ready(MODELS.build(segformer_head(decoder_params={"embed_dim": 4, "conv_kernel_size": kernel})))
    features, embedded = levels(CHANNELS, SIZES), []
    for index, level in enumerate(features):
        weight, bias = state[f"linear_c.{index}.proj.weight"], state[f"linear_c.{index}.proj.bias"]
        embedded.append(enlarge(torch.einsum("bchw,dc->bdhw", level, weight) + bias[:, None, None], SIZES[0]))
    merged = layer(state, "linear_fuse", torch.cat(embedded, 1))
    weight, bias = state["linear_pred.weight"][:, :, 0, 0], state["linear_pred.bias"]
    torch.testing.assert_close(head(features), torch.einsum("bchw,dc->bdhw", merged, weight) + bias[:, None, None])


def test_dropout_hides_whole_channels_before_the_classifier() -> None:
    head = ready(MODELS.build(segformer_head(dropout_ratio=1 - 1e-9)))[0].train()  # all of them, but for one in a billion
    logits = head(levels(CHANNELS, SIZES))
    assert torch.equal(logits, head.linear_pred.bias[:, None, None].expand_as(logits))


def test_new_weights_replace_all_old_ones() -> None:
    head = MODELS.build(segformer_head())
    states = []
    for _ in range(2):
        for parameter in head.parameters():
            torch.nn.init.constant_(parameter, 7.0)
        torch.manual_seed(0)
        head.init_weights()
        states.append([parameter.clone() for parameter in head.parameters()])
    assert all(torch.equal(first, second) and not (first == 7).any() for first, second in zip(*states, strict=True))


def test_attention_head_of_hrda_is_narrow() -> None:
    options = attention_options(segformer_head(), 6, 1)
    assert options["decoder_params"] == {"embed_dim": 6, "conv_kernel_size": 1}
    assert (options["channels"], options["num_classes"]) == (6, 1)
