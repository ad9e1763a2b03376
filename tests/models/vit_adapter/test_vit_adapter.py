"""The adapter around transformers of timm: sizes, starting values, gradients, files, copies, a training with a teacher."""

import copy

import pytest
import torch
from torch import nn

from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.backbones.vit_adapter.interaction import ConvolutionalMLP, Extractor, Injector, flattened, unflattened
from mmseg.models.backbones.vit_adapter.spatial_prior import SpatialPrior
from mmseg.models.backbones.vit_adapter.vit_adapter import quarters
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.encoders.families import make_tiny
from tests.models.uda.test_methods import run_step

VIT = "vit_small_patch14_dinov2"
SIZES = [(4, 6), (2, 3), (1, 2)]


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    make_tiny(monkeypatch)


def build(**options) -> TimmBackbone:
    backbone = TimmBackbone(**{"name": VIT, "levels": "adapter", **options})
    torch.manual_seed(0)
    backbone.init_weights()
    return backbone


def opened(backbone: TimmBackbone) -> TimmBackbone:
    """With gammas that are not 0."""
    for injector in backbone.adapter.injectors:
        nn.init.constant_(injector.gamma, 0.5)
    return backbone


# Parts


def test_maps_of_the_convolutions_are_rounded_up():
    maps = SpatialPrior(12)(torch.randn(2, 3, 70, 101))
    assert [tuple(one.shape) for one in maps] == [(2, 12, 18, 26), (2, 12, 9, 13), (2, 12, 5, 7), (2, 12, 3, 4)]


def test_an_injector_starts_as_nothing():
    injector, tokens = Injector(24), torch.randn(2, 6, 24)
    assert torch.equal(injector(tokens, torch.randn(2, 32, 24), (2, 3), SIZES), tokens)
    nn.init.ones_(injector.gamma)
    assert not torch.equal(injector(tokens, torch.randn(2, 32, 24), (2, 3), SIZES), tokens)


def test_maps_read_tokens_and_keep_their_sizes():
    extractor, tokens, maps = Extractor(24), torch.randn(2, 6, 24, requires_grad=True), torch.randn(2, 32, 24)
    extractor(tokens, maps, (2, 3), SIZES).square().mean().backward()
    assert tokens.grad.abs().sum() > 0


def test_cells_see_their_neighbours_of_the_same_map_alone():
    mixed, cells = ConvolutionalMLP(8), torch.randn(1, 32, 8, requires_grad=True)
    unflattened(mixed(cells, SIZES), SIZES)[0][0, :, 0, 0].sum().backward()
    reached = unflattened(cells.grad.abs(), SIZES)
    assert reached[0][0].sum(0).nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]] and not reached[1].any() and not reached[2].any()


def test_maps_come_back_from_their_cells():
    maps = [torch.randn(2, 5, *size) for size in SIZES]
    assert all(torch.equal(one, back) for one, back in zip(maps, unflattened(flattened(maps), SIZES), strict=True))


def test_quarters_are_as_equal_as_blocks_are():
    assert quarters(4) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert quarters(12) == [(0, 2), (3, 5), (6, 8), (9, 11)]
    for depth in range(4, 50):
        spans = quarters(depth)
        assert [block for first, last in spans for block in range(first, last + 1)] == list(range(depth))
        assert max(last - first for first, last in spans) - min(last - first for first, last in spans) <= 1


# Around a transformer


@pytest.mark.parametrize("options", [{}, {"input_scale": 1.1}, {"input_scale": 0.5}], ids=str)
def test_levels_have_the_strides_of_the_image_whatever_the_grid(options):
    backbone = build(**options)
    assert [tuple(level.shape) for level in backbone(torch.randn(2, 3, 70, 101))] == [
        (2, 32, 18, 26),
        (2, 32, 9, 13),
        (2, 32, 5, 7),
        (2, 32, 3, 4),
    ]
    assert backbone.out_channels == (32,) * 4


@pytest.mark.parametrize("name", [VIT, "vit_large_patch16_dinov3", "samvit_base_patch16"])
def test_at_the_start_the_transformer_is_what_it_was(name):
    """Gammas are 0: behind every quarter the tokens of the network alone, with registers and with kept grids, too."""
    backbone, plain = build(name=name), TimmBackbone(name=name, levels=(0, 1, 2, 3))
    plain.network.load_state_dict(backbone.network.state_dict())
    seen = []
    backbone.adapter._levels = lambda finest, done: seen.extend(done.tokens) or ()
    image = torch.randn(2, 3, 64, 96)
    with pytest.raises(ValueError, match="zip"):
        backbone.eval()(image)
    expected = plain.eval().network.forward_intermediates(
        nn.functional.interpolate(image, [side * plain.patch_size for side in plain.token_grid(64, 96)], mode="bilinear"),
        indices=[0, 1, 2, 3],
        norm=False,
        intermediates_only=True,
    )
    assert len(seen) == 4
    for tokens, block in zip(seen, expected, strict=True):
        torch.testing.assert_close(tokens, block.flatten(2).transpose(1, 2))


def test_the_levels_by_hand():
    """Finest map plus enlarged second one, each with tokens resized to it, normalised."""
    backbone = opened(build()).eval()
    adapter, kept = backbone.adapter, {}
    act = adapter._levels
    adapter._levels = lambda finest, done: kept.update(finest=finest, done=done) or act(finest, done)
    levels = backbone(torch.randn(1, 3, 64, 96))
    eighth, sixteenth, _ = unflattened(kept["done"].maps, [(8, 12), (4, 6), (2, 3)])
    first, second, third, _ = (one.transpose(1, 2).unflatten(2, (4, 6)) for one in kept["done"].tokens)
    resized = nn.functional.interpolate(first, (16, 24), mode="bilinear", align_corners=False)
    torch.testing.assert_close(levels[0], adapter.norms[0](kept["finest"] + adapter.enlarge(eighth) + resized))
    torch.testing.assert_close(levels[2], adapter.norms[2](sixteenth + third))
    assert second.shape == third.shape


def test_tokens_learn_from_the_image_beside_them():
    """With gammas, what the convolutions see reaches the transformer."""
    backbone = build()
    backbone(torch.randn(2, 3, 64, 96))[3].square().mean().backward()
    assert all(injector.gamma.grad.abs().sum() > 0 for injector in backbone.adapter.injectors)


@pytest.mark.parametrize("name", ["LoRA", "SoMA", "Rein", "frozen"])
def test_a_frozen_transformer_takes_an_adapter(name):
    tuning = {"type": name, **({} if name in ("frozen", "Rein") else {"rank": 4, "first_block": 0})}
    backbone = opened(build(tuning=tuning))
    frozen = {key for key, parameter in backbone.network.named_parameters() if not parameter.requires_grad}
    sum(level.square().mean() for level in backbone(torch.randn(2, 3, 64, 96))).backward()
    assert frozen
    assert all(parameter.grad is not None for parameter in backbone.parameters() if parameter.requires_grad)


def test_the_state_of_one_is_that_of_another(tmp_path):
    backbone, other = opened(build()).eval(), build().eval()
    torch.save(backbone.state_dict(), tmp_path / "state.pth")
    nn.init.normal_(other.adapter.level_embedding)
    image = torch.randn(1, 3, 64, 96)
    assert not torch.equal(other(image)[0], backbone(image)[0])
    other.load_state_dict(torch.load(tmp_path / "state.pth", weights_only=True))
    assert all(torch.equal(one, same) for one, same in zip(other(image), backbone(image), strict=True))


def test_a_file_holds_the_transformer_alone(tmp_path):
    plain = TimmBackbone(name=VIT, levels="last")
    torch.save(plain.network.state_dict(), tmp_path / "weights.pth")
    backbone = build(pretrained=str(tmp_path / "weights.pth"))
    assert torch.equal(backbone.network.blocks[3].mlp.fc1.weight, plain.network.blocks[3].mlp.fc1.weight)
    assert isinstance(backbone.network.norm, nn.Identity)  # nothing would train it


def test_copies_have_passes_of_their_own():
    backbone = opened(build()).eval()
    twin, image = copy.deepcopy(backbone), torch.randn(1, 3, 64, 96)
    expected = backbone(image)
    nn.init.zeros_(twin.adapter.level_embedding)
    assert not torch.equal(twin(image)[1], expected[1]) and torch.equal(backbone(image)[1], expected[1])
    assert backbone.adapter._pass is None


def test_it_compiles_as_a_whole():
    backbone = opened(build()).eval()
    image = torch.randn(1, 3, 64, 64)
    program = torch.compile(backbone.forward, fullgraph=True, dynamic=False, backend="eager")
    with torch.no_grad():
        for one, same in zip(program(image), backbone(image), strict=True):
            torch.testing.assert_close(one, same)


def test_in_low_precision():
    backbone = opened(build())
    with torch.autocast("cpu", torch.bfloat16):
        levels = backbone(torch.randn(2, 3, 64, 64))
    sum(level.float().square().mean() for level in levels).backward()
    assert all(parameter.grad.isfinite().all() for parameter in backbone.parameters())


def test_blocks_are_counted_above_the_transformers_parameters_alone():
    above = build().blocks_above()
    assert {above[name] for name in above if name.startswith("adapter.")} == {0} and above["network.blocks.0.mlp.fc1.weight"] == 3


def test_what_it_needs(monkeypatch):
    with pytest.raises(UserError, match=r"levels='adapter' gives all four levels\. Leave out_indices out"):
        build(out_indices=(1, 2))
    with pytest.raises(UserError, match="resnet18 of timm has stages and no grid of tokens, so no levels"):
        monkeypatch.undo()
        build(name="resnet18")
    make_tiny(monkeypatch, depth=2)
    with pytest.raises(UserError, match=r"levels='adapter' needs 4 transformer blocks, and .* has 2\. Use a deeper network"):
        build()


# In a method


def test_a_method_trains_it_and_its_teacher_follows(monkeypatch):
    head = {"type": "TopDownHead", "in_channels": [32] * 4, "num_classes": 19}
    network = {"type": "EncoderDecoder", "backbone": {"type": "TimmBackbone", "name": VIT, "levels": "adapter", "input_scale": 1.1}}
    method = MODELS.build({"type": "DACS", "segmentor": {**network, "decode_head": head, "test_cfg": {"mode": "whole"}}})
    method.init_weights()
    before = {key: value.clone() for key, value in method.train().model.state_dict().items()}
    for iteration in range(3):
        run_step(method, monkeypatch, iteration)
    changed = {key for key, value in method.model.named_parameters() if not torch.equal(value, before[key])}
    assert {"backbone.adapter.injectors.0.gamma", "backbone.adapter.prior.stages.0.0.weight", "backbone.network.cls_token"} <= changed
    following = dict(method.ema_model.named_parameters())
    gamma = "backbone.adapter.injectors.0.gamma"
    assert following[gamma].abs().sum() > 0 and not torch.equal(following[gamma], dict(method.model.named_parameters())[gamma])
