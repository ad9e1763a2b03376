"""Converts SYNTHIA-RAND-CITYSCAPES labels to train ids, counts the pixels of every class, and checks the depth images.

python tools/convert_datasets/synthia.py data/synthia --nproc 8
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this clone, also where another mmseg is installed

from mmseg.datasets.conversion import layouts
from mmseg.utils.errors import command_line
from tools.convert_datasets.command import convert, parse_args


@command_line
def main() -> None:
    args = parse_args(__doc__, layouts.SYNTHIA)
    from mmseg.datasets.conversion import raw_labels

    convert(args, raw_labels.SYNTHIA)


if __name__ == "__main__":
    main()
