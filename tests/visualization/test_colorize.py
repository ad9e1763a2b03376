"""Colours of labels, photos and heat maps."""

import numpy as np
import pytest
from PIL import Image

from mmseg.datasets.classes.names import PALETTE
from mmseg.utils.errors import UserError
from mmseg.visualization import colorize_labels, denormalize, heat, overlay, write_palette_png


def test_labels_get_their_colour_and_ignored_is_black():
    colors = colorize_labels(np.array([[0, 18], [255, 19]], np.uint8), PALETTE)
    assert colors.dtype == np.uint8
    assert colors.tolist() == [[list(PALETTE[0]), list(PALETTE[18])], [[0, 0, 0], [0, 0, 0]]]


def test_denormalize_inverts_the_normalisation_of_every_grey_level():
    mean, std = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    grey = np.stack([np.arange(256), np.arange(256)[::-1], np.full(256, 7)])[:, None].astype(np.float32)
    normalised = (grey - np.array(mean).reshape(3, 1, 1)) / np.array(std).reshape(3, 1, 1)
    picture = denormalize(normalised.astype(np.float32), mean, std)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, grey.transpose(1, 2, 0))


def test_denormalize_clips_instead_of_wrapping():
    assert denormalize(np.array([9.0, -9.0, 0.0]).reshape(3, 1, 1), (100, 100, 100), (50, 50, 50)).tolist() == [[[255, 0, 100]]]


def test_heat_gets_lighter_with_the_value_and_clips():
    ramp = heat(np.linspace(-0.2, 1.2, 15, dtype=np.float32)[None])
    lightness = ramp[0].astype(float) @ (0.299, 0.587, 0.114)
    assert ramp.shape == (1, 15, 3) and ramp.dtype == np.uint8
    assert (np.diff(lightness)[2:-2] > 0).all()
    assert lightness[0] == lightness[2] and lightness[-1] == lightness[-3]
    assert ramp[0, -1, 0] > ramp[0, -1, 2], "RGB: the highest value is yellow, not cyan"


@pytest.mark.parametrize(("opacity", "expected"), [(0, 200), (0.25, 160), (1, 40)])
def test_overlay_is_a_weighted_mean(opacity, expected):
    image, colors = np.full((2, 3, 3), 200, np.uint8), np.full((2, 3, 3), 40, np.uint8)
    blended = overlay(image, colors, opacity)
    assert blended.dtype == np.uint8 and (blended == expected).all()


def test_palette_png_keeps_ids_and_shows_colours(tmp_path):
    label = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_palette_png(tmp_path / "folder" / "a.png", label, PALETTE)
    picture = Image.open(tmp_path / "folder" / "a.png")
    assert picture.mode == "P"
    assert np.array_equal(np.asarray(picture), label)
    assert np.array_equal(np.asarray(picture.convert("RGB")), colorize_labels(label, PALETTE))
    assert [file.name for file in (tmp_path / "folder").iterdir()] == ["a.png"], "no temporary file stays"


def test_palette_png_of_few_ids_keeps_them(tmp_path):
    label = np.array([[255, 3], [3, 255]], np.uint8)  # a writer that optimises palettes would renumber
    write_palette_png(tmp_path / "a.png", label, PALETTE)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), label)


def test_palette_png_refuses_wide_ids(tmp_path):
    with pytest.raises(ValueError, match=r"int64 \(2, 2\).*Give train ids as uint8"):
        write_palette_png(tmp_path / "a.png", np.zeros((2, 2), np.int64), PALETTE)


def test_palette_png_that_cannot_be_written_says_what_to_do(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(UserError, match=r"a\.png: Is a directory\. Move this folder elsewhere\.$"):
        write_palette_png(tmp_path / "a.png", np.zeros((2, 2), np.uint8), PALETTE)
