"""Class probabilities as files."""

import numpy as np
import pytest

from mmseg.utils.errors import BadFileError
from mmseg.utils.products.soft_maps import probabilities, read_soft_map, write_soft_map

LEVELS = np.array([[[255, 128]], [[0, 126]], [[0, 0]]], np.uint8)  # [3, 1, 2]


def test_probabilities_sum_to_one_again(tmp_path):
    write_soft_map(tmp_path / "a.npz", LEVELS)
    read = read_soft_map(tmp_path / "a.npz")
    assert read.dtype == np.float32 and np.array_equal(read, probabilities(LEVELS))
    np.testing.assert_allclose(read[:, 0], [[1, 128 / 254], [0, 126 / 254], [0, 0]], rtol=1e-6)


def test_the_same_map_is_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_soft_map(tmp_path / f"{name}.npz", LEVELS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_files_that_are_no_soft_maps(tmp_path):
    path = tmp_path / "a.npz"
    write_soft_map(path, LEVELS)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(content)
        with pytest.raises(BadFileError, match=r"a\.npz is missing, cut off, or no soft map .*Move it elsewhere and make it again\."):
            read_soft_map(path)
    np.savez(path, levels=LEVELS.astype(np.float32))
    with pytest.raises(BadFileError, match=r"holds float32 \(3, 1, 2\), no soft map uint8 \[K, h, w\]"):
        read_soft_map(path)
    np.savez(path, other=LEVELS)
    with pytest.raises(BadFileError, match="no soft map"):
        read_soft_map(path)
