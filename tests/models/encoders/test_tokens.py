"""The grid of the tokens, masking them, and levels from several blocks."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import timm
import torch
from torch import Tensor, nn

from mmseg.models.backbones import timm_backbone
from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.backbones.timm_networks.tokens import masked_tokens, token_embedding, token_grid
from mmseg.models.uda.pseudo_labels.teacher import teacher_mode
from mmseg.utils.errors import UserError
from tests.models.encoders.families import Listed, make_tiny, named, skip_unknown

FAMILIES = named("vit_large_patch14_reg4_dinov2", "vit_large_patch16_dinov3", "naflexvit_so400m", "samvit_base", "vit_pe_spatial_base")
families = pytest.mark.parametrize("row", FAMILIES, ids=lambda row: row.name)
VIT = "vit_tiny_patch16_224"


def build(name: str, **options) -> TimmBackbone:
    torch.manual_seed(0)
    backbone = TimmBackbone(name=name, **options)
    torch.manual_seed(0)
    backbone.init_weights()
    return backbone


# The grid


@pytest.mark.parametrize(
    ("size", "patch", "scale", "grid"),
    [
        ((1024, 1024), 14, 1.1, (80, 80)),  # VFM-UDA: 1120 pixels
        ((512, 1024), 14, 1.1, (40, 80)),
        ((1024, 2048), 16, 1.25, (80, 160)),
        ((160, 160), 16, 0.7, (7, 7)),
        ((13, 13), 14, 1.1, (1, 1)),
    ],
)
def test_tokens_of_an_image(size, patch, scale, grid) -> None:
    assert token_grid(*size, patch, scale) == grid


def test_a_grid_without_tokens() -> None:
    said = r"an image of 12x64 pixels, resized by 1\.1, is smaller than 1x1 patches of 14x14\. Use larger images, or a larger input_scale"
    with pytest.raises(UserError, match=said):
        token_grid(12, 64, 14, 1.1)
    image = torch.zeros(1, 3, 16, 64)
    with pytest.raises(UserError, match="an image of 16x64 pixels, resized by 1, is smaller than 2x2 patches of 16x16"):
        build("test_vit", input_scale=1.0)(image)  # whose coarsest level is half of the map
    assert [level.shape[2:] for level in build("test_vit", input_scale=1.0, levels="last")(image)] == [(1, 4)]


def test_a_crop_of_1024_has_80_tokens_per_side() -> None:
    with torch.device("meta"):
        backbone = TimmBackbone(name="vit_small_patch14_dinov2", levels="last", input_scale=1.1)
        (level,) = backbone(torch.empty(1, 3, 1024, 1024))
    assert level.shape == (1, 384, 80, 80) and backbone.out_channels == (384,)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (70, 101), (33, 256)])
def test_the_default_covers_16_pixels_with_a_token(height: int, width: int) -> None:
    backbone = build("test_vit", levels="last")
    (level,) = backbone(torch.randn(1, 3, height, width))
    assert level.shape[2:] == (-(-height // 16), -(-width // 16))
    assert backbone.token_grid(height, width) == (-(-height // 32) * 2, -(-width // 32) * 2)  # of the padded image


def test_levels_keep_their_strides_whatever_the_grid() -> None:
    backbone = build("test_vit", input_scale=1.25)
    assert backbone.token_grid(64, 96) == (5, 7)
    assert [tuple(level.shape[2:]) for level in backbone(torch.randn(1, 3, 64, 96))] == [(16, 24), (8, 12), (4, 6), (2, 3)]


def test_the_last_map_of_any_aspect_ratio_is_timms() -> None:
    backbone = build(VIT, levels="last").eval()
    image = torch.randn(1, 3, 64, 128)
    tokens = backbone.network.forward_features(image)[:, 1:]
    torch.testing.assert_close(backbone(image)[0].flatten(2).transpose(1, 2), tokens)


def test_positions_are_resampled_to_the_grid() -> None:
    """With constant positions there is nothing to interpolate; with a ramp the order of the tokens stays."""
    backbone = build(VIT, levels=(0, 1, 2, 3)).eval()
    ramp = torch.arange(14.0).view(1, 1, 14, 1).expand(1, 14, 14, 192)
    backbone.network.pos_embed.data[:, 1:] = ramp.reshape(1, 196, 192)
    seen: list[Tensor] = []
    backbone.network.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    backbone.network.patch_embed.proj.weight.data.zero_()
    backbone(torch.randn(1, 3, 64, 96))
    rows = seen[0][0, 1:].view(4, 6, 192)[..., 0] - backbone.network.patch_embed.proj.bias[0]
    assert torch.all(rows[:, 1:] > rows[:, :-1]) and torch.allclose(rows[0], rows[3], atol=1e-4)
    assert rows[0].mean().item() == pytest.approx(6.5, abs=0.05)


# Levels from blocks


def test_blocks_give_their_maps_without_the_final_normalisation() -> None:
    backbone = build("test_vit", levels=(1, 2, 3, 4)).eval()
    image = torch.randn(1, 3, 64, 96)
    maps = backbone.network.forward_intermediates(image, indices=[1, 2, 3, 4], norm=False, intermediates_only=True)
    levels = backbone(image)
    assert backbone.out_channels == (64,) * 4 and [tuple(level.shape[2:]) for level in levels] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert torch.equal(levels[2], maps[2])
    assert torch.equal(levels[0], nn.functional.interpolate(maps[0], scale_factor=4, mode="bilinear", align_corners=False))
    assert torch.equal(levels[3], nn.functional.interpolate(maps[3], scale_factor=0.5, mode="bilinear", align_corners=False))


def test_blocks_behind_the_last_level_are_not_there() -> None:
    backbone = build("test_vit", levels=(1, 3), out_indices=(1, 2))
    assert len(backbone.network.blocks) == 4 and isinstance(backbone.network.norm, nn.Identity)
    assert [level.shape[2:] for level in backbone(torch.randn(1, 3, 64, 64))] == [(8, 8), (4, 4)]


def test_a_file_of_the_whole_network_serves_its_first_blocks(tmp_path: Path) -> None:
    whole = timm.create_model("test_vit", num_classes=7)
    torch.save(whole.state_dict(), tmp_path / "a.pth")
    backbone = build("test_vit", levels=(0, 1, 2, 3), pretrained=str(tmp_path / "a.pth"))
    assert torch.equal(backbone.network.blocks[3].mlp.fc1.weight, whole.blocks[3].mlp.fc1.weight)


@pytest.mark.parametrize("levels", [(1, 2, 3, 6), (1, 2, 3), (3, 2, 1, 0), (1, 1, 2, 3)], ids=str)
def test_blocks_that_are_not_there(levels: tuple) -> None:
    said = r"got levels=\(.*\) for 4 levels \(out_indices\), and test_vit of timm has 6 blocks\. Give 4 of the blocks 0 to 5, in ascending"
    with pytest.raises(UserError, match=said):
        TimmBackbone(name="test_vit", levels=levels)


@pytest.mark.parametrize("options", [{"levels": "last"}, {"levels": (0, 1, 2, 3)}, {"input_scale": 1.1}, {"mask_token": True}], ids=str)
def test_a_network_with_stages_has_no_tokens(options: dict) -> None:
    (option,) = options
    with pytest.raises(UserError, match=rf"resnet18 of timm has stages and no grid of tokens, so no {option}\. Leave it out"):
        TimmBackbone(name="resnet18", **options)


# Masking


def test_masked_tokens_by_hand() -> None:
    tokens, keep, mask_token = torch.arange(8.0).view(1, 2, 2, 2), torch.tensor([[[[1, 0], [0, 1]]]]), torch.full((1, 1, 2), -1.0)
    expected = torch.tensor([[[0.0, 1.0], [-1.0, -1.0]], [[-1.0, -1.0], [6.0, 7.0]]])[None]
    assert torch.equal(masked_tokens(tokens, keep, mask_token), expected)
    assert torch.equal(masked_tokens(tokens.flatten(1, 2), keep.bool(), mask_token), expected.flatten(1, 2))


def first_block(backbone: TimmBackbone, image: Tensor, mask: Tensor | None) -> Tensor:
    """What comes into the first block: [B, tokens, C]."""
    seen: list[Tensor] = []
    handle = backbone.network.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    backbone(image, mask)
    handle.remove()
    return seen[0].flatten(1, 2) if seen[0].dim() == 4 else seen[0]


@families
def test_what_is_masked_is_the_mask_token_at_its_position(row: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_unknown(row)
    make_tiny(monkeypatch)
    backbone = build(row.name, levels="last", mask_token=True).eval()
    nn.init.normal_(backbone.mask_token)
    image, grid = torch.randn(2, 3, 64, 96), backbone.token_grid(64, 96)
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(2, 1, *grid, generator=generator) > 0.7
    embedded: list[Tensor] = []
    token_embedding(backbone.network).register_forward_hook(lambda *call: embedded.append(call[2].reshape(2, -1, 32).clone()))
    with torch.no_grad():
        plain, masked, everything = (first_block(backbone, image, one) for one in (None, mask, torch.zeros_like(mask)))
    kept, extra = mask.flatten(1), plain.shape[1] - mask[0].numel()
    assert torch.equal(masked[:, :extra], plain[:, :extra])  # class and register tokens
    assert torch.equal(masked[:, extra:][kept], plain[:, extra:][kept])
    assert torch.equal(masked[:, extra:][~kept], everything[:, extra:][~kept])  # which is the mask token at every position
    assert torch.equal(embedded[1][~kept], backbone.mask_token[0].expand(int((~kept).sum()), 32))


@families
def test_without_a_mask_nothing_changes(row: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_unknown(row)
    make_tiny(monkeypatch)
    backbone, other = build(row.name, mask_token=True).eval(), build(row.name).eval()
    image = torch.randn(1, 3, 64, 96)
    keep_all = torch.ones(1, 1, *backbone.token_grid(64, 96))
    for levels in (backbone(image), backbone(image, keep_all)):
        assert all(torch.equal(level, same) for level, same in zip(levels, other(image), strict=True))
    assert backbone.state_dict().keys() - other.state_dict().keys() == {"mask_token"}


def test_the_gradient_of_the_mask_token_counts_masked_tokens() -> None:
    backbone = build("test_vit", levels="last", mask_token=True)
    mask = torch.ones(2, 1, 4, 4)
    mask[0, 0, 0, :3] = mask[1, 0, 3, 3] = 0
    first_block(backbone, torch.randn(2, 3, 64, 64), mask).sum().backward()
    torch.testing.assert_close(backbone.mask_token.grad, torch.full((1, 1, 64), 4.0))


def test_a_mask_lasts_for_one_pass_and_copies_have_their_own() -> None:
    backbone = build("test_vit", levels="last", mask_token=True).eval()
    twin = copy.deepcopy(backbone)
    nn.init.ones_(twin.mask_token)
    image, mask = torch.randn(1, 3, 64, 64), torch.zeros(1, 1, 4, 4)
    before = backbone(image)[0]
    assert not torch.equal(backbone(image, mask)[0], before) and torch.equal(backbone(image)[0], before)
    assert not torch.equal(twin(image, mask)[0], backbone(image, mask)[0])
    teacher_mode(twin)
    with pytest.raises(RuntimeError):
        backbone(image, torch.zeros(1, 1, 3, 4))  # of another grid
    assert torch.equal(backbone(image)[0], before)


@families
def test_masking_in_low_precision(row: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_unknown(row)
    make_tiny(monkeypatch)
    backbone = build(row.name, levels="last", mask_token=True)
    with torch.autocast("cpu", torch.bfloat16):
        (level,) = backbone(torch.randn(1, 3, 64, 64), torch.zeros(1, 1, 4, 4))
    level.float().square().mean().backward()
    assert torch.isfinite(backbone.mask_token.grad).all() and backbone.mask_token.grad.dtype == torch.float32


def test_a_mask_without_a_mask_token() -> None:
    with pytest.raises(UserError, match=r"test_vit was built without a mask token\. Set model\.backbone\.mask_token=True"):
        build("test_vit")(torch.zeros(1, 3, 64, 64), torch.ones(1, 1, 4, 4))


def test_masking_compiles_as_a_whole() -> None:
    backbone = build("test_vit", levels="last", mask_token=True).eval()
    nn.init.ones_(backbone.mask_token)
    image, mask = torch.randn(1, 3, 32, 32), torch.tensor([[[[1, 0], [0, 1]]]])
    program = torch.compile(backbone.forward, fullgraph=True, dynamic=False, backend="eager")
    with torch.no_grad():
        assert torch.equal(program(image, mask)[0], backbone(image, mask)[0])


# The mask token of a file


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(timm_backbone, "print_log", lambda line, **_: found.append(line))
    return found


@pytest.mark.parametrize(("shape", "kept"), [((1, 64), True), ((1, 1, 64), True), ((1, 8), False), (None, False)], ids=str)
def test_the_mask_token_of_the_file(shape: tuple | None, kept: bool, tmp_path: Path, lines: list[str]) -> None:
    """Meta's files of DINOv2 have one of [1, C], which timm leaves out; files of timm have none."""
    state = timm.create_model("test_vit").state_dict()
    torch.save(state if shape is None else {**state, "mask_token": torch.full(shape, 0.5)}, tmp_path / "a.pth")
    backbone = build("test_vit", mask_token=True, pretrained=str(tmp_path / "a.pth"))
    assert torch.equal(backbone.mask_token, torch.full((1, 1, 64), 0.5 if kept else 0.0))
    assert len(lines) == (1 if kept else 2) and (kept or "holds no mask token of test_vit: it starts as zeros" in lines[1])


def test_nobody_asks_for_the_mask_token(tmp_path: Path) -> None:
    torch.save({**timm.create_model("test_vit").state_dict(), "mask_token": torch.ones(1, 64)}, tmp_path / "a.pth")
    assert "mask_token" not in build("test_vit", pretrained=str(tmp_path / "a.pth")).state_dict()


def test_from_scratch_it_starts_as_zeros() -> None:
    backbone = build("test_vit", mask_token=True)
    nn.init.ones_(backbone.mask_token)
    backbone.init_weights()
    assert not backbone.mask_token.any()


# Patches of another side


@pytest.mark.parametrize("name", ["vit_small_patch14_dinov2", "eva02_large_patch14_224"])
def test_patches_of_14_become_16_as_timm_resamples_them(name, tmp_path, monkeypatch) -> None:
    """Positions, too: 37x37 of 518 pixels become 32x32, of 1024 pixels 64x64."""
    make_tiny(monkeypatch)
    torch.manual_seed(1)
    stored = timm.create_model(name, num_classes=0)
    nn.init.normal_(stored.pos_embed)
    torch.save(stored.state_dict(), tmp_path / "weights.pth")
    backbone = TimmBackbone(name=name, levels="last", patch_size=16, img_size=(512, 512), pretrained=str(tmp_path / "weights.pth"))
    backbone.init_weights()
    own, given = backbone.network.state_dict(), stored.state_dict()
    grid = stored.patch_embed.grid_size
    patches = timm.layers.resample_patch_embed(given["patch_embed.proj.weight"], [16, 16])
    positions = timm.layers.resample_abs_pos_embed(given["pos_embed"], [32, 32], list(grid), num_prefix_tokens=1)
    changed = {"patch_embed.proj.weight": patches, "pos_embed": positions}
    assert patches.shape[2:] == (16, 16) and positions.shape == own["pos_embed"].shape == (1, 1 + 32 * 32, 32)
    assert all(torch.equal(value, (given | changed)[key]) for key, value in own.items())

    expected = timm.create_model(name, num_classes=0, patch_size=16, img_size=512)
    expected.load_state_dict(given | changed)
    image = torch.randn(1, 3, 512, 512)
    assert backbone.token_grid(512, 512) == (32, 32) and backbone.token_grid(1024, 2048) == (64, 128)
    last = expected.eval().forward_intermediates(image, indices=1, norm=True, intermediates_only=True)[0]
    torch.testing.assert_close(backbone.eval()(image)[0], last, rtol=0, atol=0)


def test_stages_have_no_patches_of_another_side() -> None:
    with pytest.raises(UserError, match=r"has stages and no grid of tokens, so no patch_size\. Leave it out"):
        TimmBackbone(name="convnext_atto", patch_size=16)
