"""What a data set reads again and again is known to Python, so that no path enters it anew."""

import sys

from mmseg.datasets import CityscapesDataset
from mmseg.datasets.reading.depth_files import DepthFiles
from mmseg.datasets.reading.kept_names import keep_parts
from tests.datasets.toy import make_cityscapes


def fresh(*parts: str) -> str:
    """A string that Python does not know yet: it is put together while the test runs."""
    return " ".join(parts)


def is_known(name: str) -> bool:
    """Whether the interpreter's table has a string of this content; ``name`` itself is not in it."""
    new = "".join(list(name))
    return sys.intern(new) is not new


def test_parts_are_kept():
    folder, file = ("one", "folder", "of", "this", "test"), ("one", "file", "of", "it.png")
    assert not is_known(fresh(*folder)) and not is_known(fresh(*file))
    keep_parts(["/".join((fresh(*folder), fresh(*file)))])
    assert is_known(fresh(*folder)) and is_known(fresh(*file))


def test_photographs_labels_and_depth_of_a_data_set(tmp_path):
    root = make_cityscapes(tmp_path, count=2, labels=True)
    CityscapesDataset(data_root=str(root), img_dir="leftImg8bit/val", ann_dir="gtFine/val")
    for end in ("leftImg8bit.png", "gtFine_labelTrainIds.png"):
        assert is_known("_".join(("ulm", "000101", "000019", end)))
    DepthFiles(root, ("/".join(("depths", "of this test.png")),))
    assert is_known(" ".join(("of", "this", "test.png")))
