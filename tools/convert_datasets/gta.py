"""Converts GTA labels to train ids and counts the pixels of every class.

python tools/convert_datasets/gta.py data/gta --nproc 8
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this clone, also where another mmseg is installed

import argparse

from mmseg.datasets.classes import LABEL_MAP
from mmseg.datasets.conversion import convert_dataset, find_gta
from mmseg.utils.errors import command_line

FIX = "Download and unpack the GTA label archive that holds it again."


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gta_path", type=Path, help="GTA folder with images/ and labels/")
    parser.add_argument("--gt-dir", default="labels", help="label folder inside it (default: %(default)s)")
    parser.add_argument("-o", "--out-dir", type=Path, help="folder of the class statistics (default: the data folder)")
    parser.add_argument("--nproc", type=int, default=4, help="worker processes (default: %(default)s)")
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    files = find_gta(args.gta_path, args.gt_dir)
    summary = convert_dataset(root=args.gta_path, files=files, label_map=LABEL_MAP, fix=FIX, nproc=args.nproc, out_dir=args.out_dir)
    print("\n".join(summary.lines()))


if __name__ == "__main__":
    main()
