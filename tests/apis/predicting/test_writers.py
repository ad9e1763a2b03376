"""One file for each prediction."""

from pathlib import Path

import pytest

from mmseg.apis.predicting.writers import result_files
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.several import SeveralImageFiles
from mmseg.utils.errors import UserError

CAMERAS = ImageFiles(Path("images"), ("camA/0.png", "camA/1.jpg", "camB/0.png"))


def test_below_the_sub_folder_of_the_image():
    assert result_files(Path("preds"), CAMERAS) == {
        "images/camA/0.png": Path("preds/camA/0.png"),
        "images/camA/1.jpg": Path("preds/camA/1.png"),
        "images/camB/0.png": Path("preds/camB/0.png"),
    }


def test_a_server_takes_files_by_their_names_alone():
    expected = (
        "Predictions of images/camA/0.png and images/camB/0.png would both be written to format/0.png. "
        "Rename one of them, or use --show-dir, which keeps the sub-folders."
    )
    with pytest.raises(UserError) as raised:
        result_files(Path("format"), CAMERAS, flat=True)
    assert str(raised.value) == expected
    tree = ImageFiles(Path("images"), ("ulm/a.png", "bonn/b.png"))
    assert [str(file) for file in result_files(Path("format"), tree, flat=True).values()] == ["format/a.png", "format/b.png"]


@pytest.mark.parametrize(
    "images",
    [
        ImageFiles(Path("images"), ("a.jpg", "a.png")),
        SeveralImageFiles((ImageFiles(Path("one"), ("a.png",)), ImageFiles(Path("two"), ("a.png",)))),
        ImageFiles(Path("*.zip"), ("a.png", "a.png"), (Path("1.zip"), Path("2.zip"))),
    ],
    ids=["two suffixes", "two data sets", "two archives"],
)
def test_two_images_of_one_result_are_refused(images):
    with pytest.raises(UserError, match=r"would both be written to preds/a\.png\. Rename one of them\.$"):
        result_files(Path("preds"), images)
