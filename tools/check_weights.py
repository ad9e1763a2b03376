"""Checks a file of ImageNet weights: python tools/check_weights.py NAME FILE [--sha256 START]

NAME is one of those of tools/download_checkpoints.sh. The file must hold all keys of that encoder in their
shapes, in any layout that training reads. Exit code 2 and one line if it does not.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.models.weights.networks import NETWORKS
from mmseg.models.weights.packages import PACKAGES
from mmseg.utils.errors import CommandParser, command_line


@command_line
def main() -> None:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted({*NETWORKS, *PACKAGES}), metavar="NAME", help=", ".join((*NETWORKS, *PACKAGES)))
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--sha256", default="", metavar="START", help="how the digest of the file starts, in hexadecimal")
    args = parser.parse_args()
    from mmseg.apis.checking.weights import check_weights

    count = check_weights(args.name, args.file, args.sha256.lower())
    print(f"{args.file}: all {count} entries of {args.name}")


if __name__ == "__main__":
    main()
