"""Converts Cityscapes labels to train ids and counts the pixels of every class of the training split.

python tools/convert_datasets/cityscapes.py data/cityscapes --nproc 8
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this clone, also where another mmseg is installed

from mmseg.datasets.classes import LABEL_MAP
from mmseg.datasets.conversion import find_cityscapes
from mmseg.utils.errors import command_line
from tools.convert_datasets.command import convert


@command_line
def main() -> None:
    fix = "Download and unpack gtFine_trainvaltest.zip again."
    convert(__doc__, find=find_cityscapes, label_map=LABEL_MAP, layout="leftImg8bit/ and gtFine/", gt_dir="gtFine", fix=fix)


if __name__ == "__main__":
    main()
