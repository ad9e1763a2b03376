"""Converts Mapillary Vistas v1.2 labels to train ids and counts the pixels of every class of the training split.

python tools/convert_datasets/mapillary.py data/mapillary --nproc 8
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this clone, also where another mmseg is installed

from mmseg.datasets.conversion import layouts
from mmseg.utils.errors import command_line
from tools.convert_datasets.command import convert, parse_args


@command_line
def main() -> None:
    args = parse_args(__doc__, layouts.MAPILLARY)
    from mmseg.datasets.conversion import raw_labels

    convert(args, raw_labels.MAPILLARY)


if __name__ == "__main__":
    main()
