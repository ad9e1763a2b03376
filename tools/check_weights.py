"""Checks a file of ImageNet weights: python tools/check_weights.py NAME FILE [--sha256 START]

NAME is one of those of tools/download_checkpoints.sh. The file must hold all keys of that encoder in their
shapes, in any layout that training reads. Exit code 2 and one line if it does not.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import hashlib

import torch

import mmseg.models  # noqa: F401  registers the encoders
from mmseg.models.weights.pretrained import NETWORKS, fitting_weights
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError, command_line


def check_weights(name: str, path: Path, digest_start: str = "") -> int:
    """Returns the number of entries of the encoder.

    Args:
        name: key of ``NETWORKS``.
        path: the file.
        digest_start: how the file's SHA-256 starts, in hexadecimal digits.

    Raises:
        UserError: the file is missing, of another network, or has another digest.
    """
    with torch.device("meta"):
        network = MODELS.build(NETWORKS[name])
    state, _ = fitting_weights(network, path)
    if digest_start:
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        if not digest.startswith(digest_start):
            raise UserError(f"{path} has the SHA-256 {digest}, which should start with {digest_start}. Download it again.")
    return len(state)


@command_line
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(NETWORKS), metavar="NAME", help=", ".join(NETWORKS))
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--sha256", default="", metavar="START", help="how the digest of the file starts, in hexadecimal")
    args = parser.parse_args()
    count = check_weights(args.name, args.file, args.sha256.lower())
    print(f"{args.file}: all {count} entries of {args.name}")


if __name__ == "__main__":
    main()
