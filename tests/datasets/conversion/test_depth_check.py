"""The converter of SYNTHIA looks at the depth images, too: one line for each kind of bad file."""

import numpy as np
import pytest

from mmseg.datasets.conversion.depth_check import DepthSummary, check_depth
from mmseg.datasets.conversion.raw_labels import SYNTHIA
from tests.datasets.toy import make_synthia, position_depth, write_png
from tools.convert_datasets import synthia as synthia_tool


@pytest.fixture
def root(tmp_path):
    """With raw labels as well."""
    root = make_synthia(tmp_path / "synthia")
    for number in range(6):
        write_png(root / f"GT/LABELS/{number:07}.png", np.full((40, 80, 3), 3, np.uint16))
    return root


def break_some(root) -> None:
    depth = root / "Depth/Depth"
    (depth / "0000000.png").unlink()
    (depth / "0000001.png").write_bytes(b"")
    write_png(depth / "0000002.png", np.zeros((40, 80), np.uint16))
    write_png(depth / "0000003.png", position_depth(3)[:20])
    some = position_depth(4)
    some[0, 0] = 0
    write_png(depth / "0000004.png", some)


def test_each_kind_is_counted(root):
    break_some(root)
    found = check_depth(root=root, depth_dir="Depth/Depth", raw=SYNTHIA)
    lines = list(found.lines())
    assert lines[0] == f"6 depth images in {root / 'Depth/Depth'}: 2 of them can be used."
    assert lines[1].startswith(f"1 missing, first {root / 'Depth/Depth/0000000.png'}. Unpack")
    assert lines[2].startswith("2 unreadable, first: ") and "0000001.png is empty" in lines[2]
    assert lines[3].startswith("1 of another size than the label, first: ") and "has 80x20, its image 80x40" in lines[3]
    assert lines[4].startswith("1 with pixels of the depth 0") and len(lines) == 5


def test_whole_depth_is_one_line(root):
    found = check_depth(root=root, depth_dir="Depth/Depth", raw=SYNTHIA, nproc=2)
    assert found == DepthSummary(root / "Depth/Depth", 6, [], [], [], 0) and len(list(found.lines())) == 1
    assert check_depth(root=root, depth_dir="nowhere", raw=SYNTHIA) is None


def test_the_command(root, monkeypatch, capsys):
    break_some(root)
    monkeypatch.setattr("sys.argv", ["synthia.py", str(root), "--nproc", "1"])
    synthia_tool.main.__wrapped__()
    out = capsys.readouterr().out
    assert "6 labels, 6 of them newly written" in out and "2 of them can be used" in out and out.count("first") == 3
    monkeypatch.setattr("sys.argv", ["synthia.py", str(root), "--nproc", "1", "--depth-dir", "other"])
    synthia_tool.main.__wrapped__()
    assert f"No depth images: {root / 'other'} does not exist." in capsys.readouterr().out
