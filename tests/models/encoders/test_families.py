"""Every encoder of docs/encoders.md: what the page says of it is what timm says, and a tiny form of it runs and learns."""

from __future__ import annotations

import pytest
import timm
import torch

from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.data_preprocessor import TOLERANCE, preprocessor_options
from mmseg.models.weights.facts import FREE, GATED, timm_facts
from mmseg.registry import MODELS
from tests.models.encoders.families import LISTED, Listed, make_tiny, named, skip_unknown, table

each = pytest.mark.parametrize("row", LISTED, ids=lambda row: row.name)
STATISTICS = {
    name: [[float(value) for value in cell.split(",")] for cell in cells]
    for name, *cells in table("| normalisation | mean | standard deviation |")
}
# One of each family, small enough to be built quickly; the others differ in width and depth.
FAMILIES = (
    *named("vit_small_patch14_dinov2", "vit_small_patch16_dinov3", "vit_tiny_patch16_dinov3_qkvb", "convnext_tiny.dinov3"),
    *named("eva02_base_patch14", "eva02_base_patch16_clip", "vit_base_patch16_siglip", "vit_pe_spatial_base"),
    *named("vit_base_patch16_radio", "samvit_base"),
)
NATIVE = named("vit_large_patch14_reg4", "vit_so400m_patch16_siglip_gap", "naflexvit_so400m", "naflexvit_large")
family = pytest.mark.parametrize("row", FAMILIES, ids=lambda row: row.name)
SIZES = [(18, 26), (9, 13), (5, 7), (3, 4)]
"""Of the levels of an image of 70x101 pixels: no multiple of the strides, no square."""


@each
def test_the_page_says_what_timm_says(row: Listed) -> None:
    skip_unknown(row)
    published = timm.get_pretrained_cfg(row.name)
    assert (published.license, published.input_size) == (row.licence, (3, row.size, row.size))
    assert f"{published.architecture}.{published.tag}" == row.name
    for stated, shares in zip(STATISTICS[row.normalisation], (published.mean, published.std), strict=True):
        assert stated == pytest.approx([255 * share for share in shares], abs=0.006)


@family
def test_the_page_counts_parameters(row: Listed) -> None:
    skip_unknown(row)
    with torch.device("meta"):
        backbone = TimmBackbone(name=row.name, **({"levels": "last"} if row.plain else {}))
    assert sum(parameter.numel() for parameter in backbone.parameters()) / 1e6 == pytest.approx(row.parameters, abs=0.051)


@each
def test_a_tiny_form_runs_and_learns(row: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_unknown(row)
    make_tiny(monkeypatch)
    assert_learns(TimmBackbone(name=row.name), None, SIZES)


OPTIONS = {"last": {"levels": "last", "input_scale": 1.1}, "blocks": {"levels": (0, 1, 2, 3)}, "adapter": {"levels": "adapter"}}


@pytest.mark.parametrize("row", [row for row in (*FAMILIES, *NATIVE) if row.plain], ids=lambda row: row.name)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_tokens_of_a_tiny_form(row: Listed, options: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_unknown(row)
    make_tiny(monkeypatch)
    backbone = TimmBackbone(name=row.name, mask_token=True, **options)
    mask = torch.ones(1, 1, *backbone.token_grid(70, 101))
    mask[..., ::2] = 0
    assert_learns(backbone, mask, [backbone.token_grid(70, 101)] if "input_scale" in options else SIZES)


def assert_learns(backbone: TimmBackbone, mask: torch.Tensor | None, sizes: list[tuple[int, int]]) -> None:
    """Levels of these sizes, finite, and a gradient for every parameter."""
    torch.manual_seed(0)
    backbone.init_weights()
    levels = backbone(torch.randn(1, 3, 70, 101), mask)
    assert [tuple(level.shape) for level in levels] == [
        (1, channels, *size) for channels, size in zip(backbone.out_channels, sizes, strict=True)
    ]
    assert all(torch.isfinite(level).all() for level in levels)
    sum(level.square().mean() for level in levels).backward()
    assert [name for name, parameter in backbone.named_parameters() if parameter.grad is None] == []


@each
def test_the_preprocessor_does_what_the_weights_want(row: Listed) -> None:
    skip_unknown(row)
    preprocessor = MODELS.build(preprocessor_options(None, timm_facts(row.name)))
    published = timm.get_pretrained_cfg(row.name)
    image = torch.randint(0, 256, (1, 3, 4, 4), dtype=torch.uint8)
    mean, std = (torch.tensor(shares).view(3, 1, 1) for shares in (published.mean, published.std))
    torch.testing.assert_close(preprocessor.image(image), (image / 255 - mean) / std, rtol=1e-5, atol=1e-5)


def test_free_encoders_are_free() -> None:
    for name in FREE:
        if timm.is_model(name):
            assert timm_facts(name).licence == "apache-2.0" and not timm_facts(name).gated
    assert {row.licence for row in LISTED if "dinov3" in row.name and "eupe" not in row.name} == {GATED}


def test_statistics_of_the_page_are_further_apart_than_what_counts_as_the_same() -> None:
    means = [values[0] for values in STATISTICS.values()]
    assert all(max(abs(a - b) for a, b in zip(one, other, strict=True)) > TOLERANCE for one in means for other in means if one is not other)
