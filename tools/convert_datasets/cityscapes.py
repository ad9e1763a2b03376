"""Converts Cityscapes labels to train ids and counts the pixels of every class of the training split.

python tools/convert_datasets/cityscapes.py data/cityscapes --nproc 8
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this clone, also where another mmseg is installed

import argparse

from mmseg.datasets.classes import LABEL_MAP
from mmseg.datasets.conversion import convert_dataset, find_cityscapes
from mmseg.utils.errors import command_line

FIX = "Download and unpack gtFine_trainvaltest.zip again."


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cityscapes_path", type=Path, help="Cityscapes folder with leftImg8bit/ and gtFine/")
    parser.add_argument("--gt-dir", default="gtFine", help="label folder inside it (default: %(default)s)")
    parser.add_argument("-o", "--out-dir", type=Path, help="folder of the class statistics (default: the data folder)")
    parser.add_argument("--nproc", type=int, default=4, help="worker processes (default: %(default)s)")
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    files = find_cityscapes(args.cityscapes_path, args.gt_dir)
    summary = convert_dataset(root=args.cityscapes_path, files=files, label_map=LABEL_MAP, fix=FIX, nproc=args.nproc, out_dir=args.out_dir)
    print("\n".join(summary.lines()))


if __name__ == "__main__":
    main()
