"""The command line that all converters share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmseg.datasets.conversion import convert_dataset


def convert(
    description: str, *, find: Callable[[Path, str], Sequence], label_map: Mapping[int, int], layout: str, gt_dir: str, fix: str
) -> None:
    """Parses the arguments, converts and prints the summary.

    Args:
        description: text of ``--help``.
        find: lists the label files of a data folder and its label folder.
        label_map: raw id -> train id.
        layout: what the data folder holds.
        gt_dir: default label folder.
        fix: what mends a broken label file, a full sentence.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help=f"data folder with {layout}")
    parser.add_argument("--gt-dir", default=gt_dir, help="label folder inside it (default: %(default)s)")
    parser.add_argument("-o", "--out-dir", type=Path, help="folder of the class statistics (default: the data folder)")
    parser.add_argument("--nproc", type=int, default=4, help="worker processes (default: %(default)s)")
    args = parser.parse_args()
    files = find(args.path, args.gt_dir)
    summary = convert_dataset(root=args.path, files=files, label_map=label_map, fix=fix, nproc=args.nproc, out_dir=args.out_dir)
    print("\n".join(summary.lines()))
