"""Counts the pixels of every class of the training split of CamVid; its original form of 32 colours is put into the folders of SegNet.

python tools/convert_datasets/camvid.py data/camvid --nproc 8
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this clone, also where another mmseg is installed

from mmseg.datasets.conversion import layouts
from mmseg.utils.errors import command_line
from tools.convert_datasets.command import convert, parse_args


@command_line
def main() -> None:
    args = parse_args(__doc__, layouts.CAMVID)
    from mmseg.datasets.conversion import camvid

    if placed := camvid.place_photographs(args.path):
        print(f"{placed} photographs put into folders of their split.")
    convert(args, camvid.CAMVID)


if __name__ == "__main__":
    main()
