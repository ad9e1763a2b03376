"""Tunings on tiny transformers of random weights: equal at the start, frozen bits, gradients, and what they can be merged into."""

import pytest
import timm
import torch
from torch import nn

from mmseg.models.backbones.tuning import LoRA, Rein, SoMA, build_tuning
from mmseg.models.backbones.tuning.low_rank import LowRankLinear, narrow_product, product
from mmseg.models.backbones.tuning.rein import PATCH, ReinTokens, refinement
from mmseg.models.backbones.tuning.soma import minor_components
from mmseg.utils.errors import UserError

TUNINGS = {"LoRA": {"rank": 4}, "SoMA": {"rank": 4, "first_block": 1}, "Rein": {"tokens": 6, "rank": 4}}
LOW_RANK = ("LoRA", "SoMA")
SMALL = {"embed_dim": 24, "depth": 2, "num_heads": 2, "img_size": 32, "num_classes": 0}
NETWORKS = {
    "joint query, key and value": ("vit_tiny_patch16_224", SMALL),
    "with biases apart": ("vit_tiny_patch16_dinov3_qkvb", {**SMALL, "init_values": 0.5}),
    "query, key and value of their own": ("eva02_tiny_patch14_224", {**SMALL, "img_size": 28}),
}


def network(kind: str = "joint query, key and value") -> nn.Module:
    torch.manual_seed(0)
    name, options = NETWORKS[kind]
    built = timm.create_model(name, **options).eval()
    for parameter in built.parameters():  # biases and extra tokens start at 0, which would hide them
        nn.init.normal_(parameter, std=0.2)
    return built


def image(kind: str = "joint query, key and value") -> torch.Tensor:
    side = NETWORKS[kind][1]["img_size"]
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))


def tuned(tuning: str, built: nn.Module) -> tuple:
    """The tuning, and what it keeps beside the network."""
    made = build_tuning({"type": tuning, **TUNINGS[tuning]})
    beside = made.apply(built)
    torch.manual_seed(2)
    made.start(built)
    return made, beside


def trained(built: nn.Module, beside: nn.Module | None) -> list[nn.Parameter]:
    parameters = [*built.parameters(), *(beside.parameters() if beside is not None else ())]
    return [parameter for parameter in parameters if parameter.requires_grad]


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("tuning", LOW_RANK)
def test_a_network_starts_as_it_was_bit_for_bit(tuning, kind):
    built = network(kind)
    before, names = built(image(kind)), set(built.state_dict())
    tuned(tuning, built)
    assert torch.equal(built(image(kind)), before)
    assert names <= set(built.state_dict())


def test_rein_without_its_scale_changes_nothing_and_little_with_it():
    built = network()
    before = built(image())
    _, beside = tuned("Rein", built)
    after = built(image())
    assert not torch.equal(after, before) and (after - before).norm() / before.norm() < 0.05
    with torch.no_grad():
        beside.scale.zero_()
    assert torch.equal(built(image()), before)


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("tuning", TUNINGS)
def test_a_step_leaves_frozen_bits_alone_and_reaches_all_that_is_trained(tuning, kind):
    built = network(kind)
    frozen = {name: value.clone() for name, value in built.state_dict().items()}
    _, beside = tuned(tuning, built)
    parameters, before = trained(built, beside), built(image(kind)).detach()
    optimizer = torch.optim.SGD(parameters, lr=1.0)
    for _ in range(2):  # B of LoRA starts at 0, so that A has no gradient in the first step
        optimizer.zero_grad()
        built(image(kind)).square().mean().backward()
        assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in parameters)
        optimizer.step()
    reached = [parameter.grad.abs().max() > 0 for parameter in parameters]
    assert sum(reached) >= len(reached) - 3, "but for what a softmax or a key's bias takes out again"
    assert not torch.allclose(built(image(kind)), before)
    biases = {name for name, parameter in built.named_parameters() if parameter.requires_grad and name.endswith("bias")}
    assert (tuning == "SoMA") >= bool(biases)
    for name, value in frozen.items():
        assert name in biases or torch.equal(built.state_dict()[name], value), name


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("tuning", LOW_RANK)
def test_merged_weights_do_the_same(tuning, kind):
    built = network(kind)
    names = set(built.state_dict())
    made, _ = tuned(tuning, built)
    with torch.no_grad():
        for parameter in trained(built, None):
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
        expected = built(image(kind))
        made.merge(built)
        assert set(built.state_dict()) == names and not any(isinstance(module, LowRankLinear) for module in built.modules())
        torch.testing.assert_close(built(image(kind)), expected, rtol=1e-4, atol=1e-4)


def test_rein_cannot_be_merged():
    built = network()
    made, _ = tuned("Rein", built)
    with pytest.raises(UserError, match="cannot be merged"):
        made.merge(built)


def test_minor_components_are_the_smallest_singular_values():
    weight = torch.randn(12, 8, generator=torch.Generator().manual_seed(0))
    down, up = minor_components(weight, 3)
    values = torch.linalg.svdvals(weight)
    assert torch.allclose(torch.linalg.svdvals(up @ down)[:3], values[-3:], atol=1e-5)
    assert torch.allclose(torch.linalg.svdvals(weight - up @ down)[:5], values[:5], atol=1e-5)
    assert torch.allclose(down.norm(dim=1) ** 2, values[-3:], atol=1e-5), "equal shares of the value"


def test_products_of_blocks():
    generator = torch.Generator().manual_seed(0)
    down, up, x = (torch.randn(*shape, generator=generator) for shape in ((3, 2, 8), (3, 5, 2), (4, 7, 8)))
    expected = torch.cat([x @ down[block].T @ up[block].T for block in range(3)], dim=-1)
    assert torch.allclose(narrow_product(x, down, up), expected, atol=1e-5)
    assert torch.allclose(x @ product(down, up).T, expected, atol=1e-4)


def test_the_factor_of_lora_is_alpha_over_rank():
    built = network()
    LoRA(rank=4, alpha=8.0).apply(built)
    assert built.blocks[0].attn.qkv.scale == 2.0 and built.blocks[0].attn.qkv.down.shape == (3, 4, 24)


def test_parameters_that_are_trained_are_counted():
    """LoRA of rank r: r (c + d) for each layer, query, key and value on their own. Rein: L (m r + r c + 1) + 2 (c c + c)."""
    built = network()
    tuned("LoRA", built)
    assert sum(parameter.numel() for parameter in trained(built, None)) == 2 * 4 * (3 * 48 + 48 + 2 * (24 + 96))
    built = network()
    _, beside = tuned("Rein", built)
    assert sum(parameter.numel() for parameter in trained(built, beside)) == 2 * (6 * 4 + 4 * 24 + 1) + 2 * (24 * 24 + 24)


def test_rein_of_vit_large_trains_what_was_published():
    """2.99 million with the link to the queries: c to 256 for tokens, and 768 to 256 for queries."""
    tokens = ReinTokens(blocks=24, channels=1024, tokens=100, rank=16)
    count = sum(parameter.numel() for parameter in tokens.parameters())
    assert count == 24 * (100 * 16 + 16 * 1024 + 1) + 2 * (1024 * 1024 + 1024)
    assert (count + (1024 + 1) * 256 + (768 + 1) * 256) / 1e6 == pytest.approx(2.99, abs=0.005)


def test_soma_of_vit_large_trains_what_was_published():
    """4.87 million from block 8 on, biases included."""
    with torch.device("meta"):
        built = timm.create_model("vit_large_patch14_dinov2", num_classes=0)
    SoMA(rank=16, first_block=8).apply(built)
    assert sum(parameter.numel() for parameter in trained(built, None)) / 1e6 == pytest.approx(4.87, abs=0.005)


def test_the_first_token_gives_nothing():
    """A patch that is like the sink alone is left to the layer behind."""
    layer = nn.Linear(4, 4)
    features, tokens = torch.full((1, 1, 4), 50.0), torch.zeros(3, 4)
    tokens[0] = 50.0
    assert torch.allclose(refinement(features, tokens, nn.Linear(4, 4), layer), layer(features))


def test_tokens_start_within_the_published_bound():
    tokens = ReinTokens(blocks=2, channels=24, tokens=100, rank=16)
    tokens.reset_parameters()
    bound = (6 / (3 * PATCH**2 + (24 * 16) ** 0.5)) ** 0.5
    assert 0.95 * bound < tokens.down.abs().max() <= bound and 0.95 * bound < tokens.up.abs().max() <= bound


def test_class_tokens_pass_by():
    built = network()
    made, beside = tuned("Rein", built)
    assert beside is made.parts
    seen = torch.randn(2, 5, 24)
    refined = made._refine(0, 1, built.blocks[0], (), seen)
    assert torch.equal(refined[:, 0], seen[:, 0]) and not torch.equal(refined[:, 1:], seen[:, 1:])
    as_map, as_list = (made._refine(0, 0, built.blocks[0], (), shaped) for shaped in (seen.view(2, 1, 5, 24), seen))
    assert torch.allclose(as_map.view(2, 5, 24), as_list)


def test_nothing_is_trained_in_a_frozen_encoder():
    built = network()
    build_tuning({"type": "frozen"}).apply(built)
    assert not trained(built, None)
    whole = network()
    build_tuning(None).apply(whole)
    assert len(trained(whole, None)) == len(list(whole.parameters()))


@pytest.mark.parametrize(
    ("tuning", "text"),
    [
        ({"type": "LoRA", "rank": 25}, "rank=25 is more than 'qkv' has, a layer of 24 inputs and 24 outputs. Use 24 or less."),
        ({"type": "SoMA", "first_block": 2}, "first_block=2, but the encoder has 2 blocks. Use a smaller one."),
        ({"type": "Rein", "first_block": 8}, "first_block=8, but the encoder has 2 blocks. Use a smaller one."),
        ({"type": "LoRa"}, "Did you mean 'LoRA'?"),
        ({"type": "LoRA", "rnak": 3}, "Did you mean 'rank'?"),
    ],
)
def test_mistakes(tuning, text):
    with pytest.raises(UserError) as caught:
        build_tuning(tuning).apply(network())
    assert text in str(caught.value)


@pytest.mark.parametrize("tuning", [LoRA(), SoMA(), Rein()])
def test_adapters_on_convolutions(tuning):
    with pytest.raises(UserError, match=r"the encoder has no transformer blocks to adapt\. Use a plain transformer such as"):
        tuning.apply(nn.Sequential(nn.Conv2d(3, 4, 3)))
