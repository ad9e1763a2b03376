"""Converts Mapillary Vistas v1.2 labels to train ids and counts the pixels of every class of the training split.

python tools/convert_datasets/mapillary.py data/mapillary --nproc 8
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this clone, also where another mmseg is installed

from mmseg.datasets.conversion.raw_labels import MAPILLARY
from mmseg.utils.errors import command_line
from tools.convert_datasets.command import convert


@command_line
def main() -> None:
    convert(__doc__, MAPILLARY)


if __name__ == "__main__":
    main()
