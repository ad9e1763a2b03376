"""Several targets: margins, sizes and shares of their own."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from mmseg.datasets import UDADataset
from mmseg.datasets.sampling.target_margins import margins_in_pixels
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.datasets.toy import crop, make_cityscapes, make_gta, position_image, source_config, target_config, write_png

CITY = [3, 25, 3, 3]
"""Top, bottom, left and right of Cityscapes in VFM-UDA++, per cent."""


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """A source, and two targets of 5 and of 3 images: 80x40 pixels, and 200x100."""
    root = tmp_path_factory.mktemp("data")
    for number in range(3):
        image = np.full((100, 200, 3), number, np.uint8)
        image[..., 0], image[..., 1] = np.mgrid[:100, :200]
        write_png(root / f"large/leftImg8bit/train/ulm/ulm_{number:06}_leftImg8bit.png", image)
    return make_gta(root / "gta"), make_cityscapes(root / "city", labels=True), root / "large"


def build(roots, weights=None, first: dict | None = None, **options) -> UDADataset:
    parts = [{**target_config(roots[1]), **(first or {})}, target_config(roots[2])]
    joined = {"type": "SeveralDatasets", "datasets": parts, **({"weights": weights} if weights else {})}
    return UDADataset(**{"source": source_config(roots[0]), "target": joined, "source_crop": crop(), "target_crop": crop(), **options})


@pytest.mark.parametrize("size", [(100, 200), (1000, 2000), (1024, 2048), (512, 1024), (37, 91)])
def test_margins_are_the_share_of_pixels_whose_centre_lies_in_them(size):
    found = margins_in_pixels(CITY, size)
    for pixels, percent, side in zip(found, CITY, (size[0], size[0], *[size[1]] * 2), strict=True):
        inside = [number for number in range(side) if Fraction(2 * number + 1, 2 * side) < Fraction(percent, 100)]
        assert pixels == len(inside)
        if side % 100 == 0:
            assert Fraction(pixels, side) == Fraction(percent, 100)  # exactly


def test_the_weight_of_a_whole_image_is_that_of_its_margins(roots):
    """3 % above, 25 % below and 3 % on both sides of 100x200 pixels leave 72 x 188 of them."""
    whole = {"img_scale": (200, 100), "crop_size": (100, 200), "keep_ratio": False}
    dataset = build(roots, target_crop=whole, source_crop=whole, target_margins=[None, CITY])
    for index in range(20):
        valid = dataset[index]["target"]["valid"]
        second = dataset.draw_target_file(Streams(0, index)) >= 5
        assert int(valid.sum()) == (72 * 188 if second else 100 * 200)
        if second:
            assert valid[3:75, 6:194].all() and not valid[:3].any() and not valid[75:].any() and not valid[:, :6].any()


def test_margins_are_scaled_and_cropped_with_the_image(roots):
    """The image of 100x200 pixels becomes one of 40x80; its colours tell rows and columns before. Its margins lie on them."""
    dataset = build(roots, target_margins=[None, [5, 25, 5, 5]])
    for index in range(40):
        target = dataset[index]["target"]
        if dataset.draw_target_file(Streams(0, index)) < 5:
            assert target["valid"].all()
            continue
        _, columns, rows = target["image"].float()
        inside = (rows >= 5) & (rows < 75) & (columns >= 10) & (columns < 190)
        assert torch.equal(target["valid"].bool(), inside)


def test_one_margin_for_all_and_none_without(roots):
    assert build(roots, target_margins=CITY).margins.shares == (CITY, CITY) and "valid" not in build(roots)[0]["target"]
    alone = UDADataset(
        source=source_config(roots[0]), target=target_config(roots[1]), source_crop=crop(), target_crop=crop(), target_margins=[5, 10, 5, 5]
    )
    pixels = UDADataset(
        source=source_config(roots[0]),
        target=target_config(roots[1]),
        source_crop=crop(),
        target_crop=crop(),
        crop_pseudo_margins=[2, 4, 4, 4],
    )
    for index in range(10):
        assert torch.equal(alone[index]["target"]["valid"], pixels[index]["target"]["valid"])


def test_a_size_for_each_target(roots):
    dataset = build(roots, target_crop={"img_scale": [(80, 40), (200, 100)], "crop_size": (16, 16)})
    for index in range(30):
        _, columns, rows = dataset[index]["target"]["image"].long()
        step = (rows[1:] - rows[:-1]).unique().tolist(), (columns[:, 1:] - columns[:, :-1]).abs().unique().tolist()
        assert step == ([1], [1]), "no target is resized"
    few = build(roots, first={"labeled": 2}, target_crop={"img_scale": [(80, 40), (200, 100)], "crop_size": (16, 16)})
    assert [crop.img_scale for crop in few.labeled.crops] == [(80, 40)] and few[0]["labeled"]["image"].shape == (3, 16, 16)


def drawn(dataset, name: str, samples: int = 10_000) -> float:
    """Share of the first data set in the draws."""
    if name == "target":
        files = [dataset.draw_target_file(Streams(0, index)) for index in range(samples)]
        return np.mean([dataset.target.part_number(file) == 0 for file in files])
    files = [dataset.draw_source_file(Streams(0, index))[1] for index in range(samples)]
    return np.mean([dataset.source.part_number(file) == 0 for file in files])


@pytest.mark.parametrize(("weights", "share"), [(None, 5 / 8), ([1, 1], 1 / 2), ([1, 4], 1 / 5)])
def test_shares_of_targets(roots, weights, share):
    """Within five standard deviations of a share of 10,000 draws; each file of a target as often as another."""
    dataset = build(roots, weights)
    assert abs(drawn(dataset, "target") - share) < 5 * (share * (1 - share) / 10_000) ** 0.5
    rest = build(roots, weights, first={"labeled": 1}, unlabeled="rest")
    assert len(rest.target) == 7 and (weights is None or rest.target.file_weights.reshape(-1)[:4].sum() == pytest.approx(share))


@pytest.mark.parametrize(("weights", "share"), [(None, 6 / 8), ([1, 1], 1 / 2), ([1, 4], 1 / 5)])
def test_shares_of_sources(roots, tmp_path, weights, share):
    other = make_gta(tmp_path / "other", count=2)
    joined = {"type": "SeveralDatasets", "datasets": [source_config(roots[0]), source_config(other)]}
    dataset = UDADataset(source={**joined, **({"weights": weights} if weights else {})}, source_crop=crop())
    deviation = (share * (1 - share) / 10_000) ** 0.5
    assert abs(drawn(dataset, "source") - share) < 5 * deviation


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"target_margins": [CITY]}, r"target_margins lists 1 margins, but the target is 2 data set\(s\)"),
        ({"target_margins": [50, 50, 0, 0]}, "leave nothing of an image"),
        ({"target_margins": CITY, "crop_pseudo_margins": [1, 1, 1, 1]}, "crop_pseudo_margins and target_margins"),
        (
            {"target_crop": {"img_scale": [(80, 40)] * 3, "crop_size": (16, 16)}},
            "target_crop.img_scale lists 3 scales",
        ),
    ],
)
def test_what_is_refused(roots, options, text):
    with pytest.raises(UserError, match=text):
        build(roots, **options)


def test_position_images_are_what_the_tests_think():
    assert position_image(7)[3, 5].tolist() == [3, 5, 7]
