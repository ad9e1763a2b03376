"""Converts the ImageNet weights in an installed Python package: python tools/convert_weights.py NAME FILE

NAME is one of those that tools/download_checkpoints.sh gets from a package. The file gets the names of timm, and is
checked: the SHA-256 of what is in the package, all entries and their shapes, and that the network recognises a drawn clock.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.models.weights.packages import PACKAGES
from mmseg.utils.errors import CommandParser, command_line


@command_line
def main() -> None:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(PACKAGES), metavar="NAME", help=", ".join(PACKAGES))
    parser.add_argument("file", type=Path, metavar="FILE")
    args = parser.parse_args()
    from mmseg.apis.checking.weights import convert_packaged

    count = convert_packaged(args.name, args.file)
    print(f"{args.name}: all {count} entries converted; the network recognises a drawn clock")


if __name__ == "__main__":
    main()
