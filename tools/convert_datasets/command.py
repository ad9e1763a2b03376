"""The command line that all converters share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmseg.config.options import add_quiet_option
from mmseg.datasets.conversion.layouts import Layout
from mmseg.utils.errors import CommandParser

if TYPE_CHECKING:
    from mmseg.datasets.conversion.raw_labels import RawLabels


def parse_args(description: str, layout: Layout) -> argparse.Namespace:
    """The arguments.

    Args:
        description: text of ``--help``.
        layout: folders of the data set.
    """
    parser = CommandParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help=f"data folder with {layout.holds}")
    parser.add_argument("--gt-dir", default=layout.labels, help="label folder inside it (default: %(default)s)")
    parser.add_argument("-o", "--out-dir", type=Path, help="folder of the class statistics (default: the data folder)")
    if layout.depth:
        depth_help = "folder of the depth images inside it, which are checked where there is one (default: %(default)s)"
        parser.add_argument("--depth-dir", default=layout.depth, help=depth_help)
    parser.add_argument("--nproc", type=int, default=4, help="worker processes (default: %(default)s)")
    add_quiet_option(parser)
    return parser.parse_args()


def convert(args: argparse.Namespace, raw: RawLabels) -> None:
    """Converts the labels, checks the depth of a data set that may have some, and prints the summaries."""
    from mmseg.datasets.conversion.convert import convert_dataset

    summary = convert_dataset(root=args.path, raw=raw, nproc=args.nproc, folder=args.gt_dir, out_dir=args.out_dir)
    print("\n".join(summary.lines()))
    if raw.layout.depth:
        from mmseg.datasets.conversion.depth_check import check_depth

        depth = check_depth(root=args.path, depth_dir=args.depth_dir, raw=raw, folder=args.gt_dir, nproc=args.nproc)
        print("\n".join(depth.lines() if depth else [f"No depth images: {args.path / args.depth_dir} does not exist."]))
