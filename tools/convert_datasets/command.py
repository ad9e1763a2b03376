"""The command line that all converters share."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import RawLabels


def convert(description: str, raw: RawLabels) -> None:
    """Parses the arguments, converts and prints the summary.

    Args:
        description: text of ``--help``.
        raw: the labels to convert.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help=f"data folder with {raw.layout}")
    parser.add_argument("--gt-dir", default=raw.folder, help="label folder inside it (default: %(default)s)")
    parser.add_argument("-o", "--out-dir", type=Path, help="folder of the class statistics (default: the data folder)")
    parser.add_argument("--nproc", type=int, default=4, help="worker processes (default: %(default)s)")
    args = parser.parse_args()
    summary = convert_dataset(root=args.path, raw=raw, nproc=args.nproc, folder=args.gt_dir, out_dir=args.out_dir)
    print("\n".join(summary.lines()))
