"""Draws the demo domains: street scenes of a game (source) and of a camera in a car (target), in the layouts of GTA and Cityscapes.

    python tools/make_demo_data.py --out data/demo

Takes about a minute. Does nothing if the data is complete, and goes on where it was interrupted.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this clone, also where another mmseg is installed

import argparse
import functools
import os
import shutil

from mmseg.datasets.classes import LABEL_MAP
from mmseg.datasets.conversion import convert_dataset, find_cityscapes, find_gta, mapped
from mmseg.demo.files import MANIFEST, Parameters, jobs, manifest, write_scene
from mmseg.utils.errors import UserError, command_line
from mmseg.utils.files import read_json, write_json

DEFAULT = Parameters()
FOLDERS = {"gta": find_gta, "cityscapes": find_cityscapes}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data/demo"), help="folder to write (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=DEFAULT.seed, help="other seeds give other streets (default: %(default)s)")
    parser.add_argument("--size", type=int, nargs=2, default=(DEFAULT.width, DEFAULT.height), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--source", type=int, default=DEFAULT.source, help="source scenes (default: %(default)s)")
    parser.add_argument("--target", type=int, default=DEFAULT.target, help="target training scenes (default: %(default)s)")
    parser.add_argument("--val", type=int, default=DEFAULT.val, help="target validation scenes (default: %(default)s)")
    parser.add_argument("--nproc", type=int, default=os.cpu_count(), help="worker processes (default: all cores, %(default)s)")
    parser.add_argument("--force", action="store_true", help="replace demo data made with other parameters")
    return parser.parse_args()


def make_demo_data(*, out: Path, parameters: Parameters, nproc: int = 1, force: bool = False) -> bool:
    """Draws and converts the demo data.

    Returns:
        False if it was complete already.

    Raises:
        UserError: ``out`` holds something else, or the parameters make no sense.
    """
    check(parameters)
    wanted = manifest(parameters)
    if force:
        remove(out)
    found = existing(out)
    if found is not None and {**found, "complete": None} != {**wanted, "complete": None}:
        raise UserError(
            f"{out} holds demo data made with other parameters, or by another version. Add --force to replace it, or choose another --out."
        )
    if found is not None and found.get("complete"):
        return False
    write_json(out / MANIFEST, {**wanted, "complete": False})
    for _ in mapped(functools.partial(write_scene, parameters=parameters, out=out), list(jobs(parameters)), nproc=nproc, title="Drawing"):
        pass
    for name, find in FOLDERS.items():
        root = out / name
        convert_dataset(root=root, files=find(root), label_map=LABEL_MAP, fix="Draw it again with --force.", nproc=nproc)
    write_json(out / MANIFEST, {**wanted, "complete": True})
    return True


def check(parameters: Parameters) -> None:
    """Refuses sizes and counts that give no usable data."""
    if min(parameters.width, parameters.height) < 32:
        raise UserError(f"--size {parameters.width} {parameters.height} is too small for a street. Use at least 32 32, such as 512 256.")
    if min(parameters.source, parameters.target, parameters.val) < 1:
        given = f"--source {parameters.source} --target {parameters.target} --val {parameters.val}"
        raise UserError(f"{given}: every domain needs scenes. Use counts of at least 1.")


def existing(out: Path) -> dict | None:
    """The manifest of earlier demo data; None in a new or empty folder."""
    if (out / MANIFEST).is_file():
        return read_json(out / MANIFEST, "Delete the folder and draw it again.")
    if any((out / name).exists() for name in FOLDERS):
        raise UserError(f"{out} holds {' or '.join(FOLDERS)} data that this tool did not make. Choose another --out.")
    return None


def remove(out: Path) -> None:
    """Deletes earlier demo data, and nothing that this tool did not write."""
    if existing(out) is not None:
        for name in FOLDERS:
            shutil.rmtree(out / name, ignore_errors=True)
        (out / MANIFEST).unlink()


@command_line
def main() -> None:
    args = parse_args()
    width, height = args.size
    parameters = Parameters(seed=args.seed, width=width, height=height, source=args.source, target=args.target, val=args.val)
    drawn = make_demo_data(out=args.out, parameters=parameters, nproc=args.nproc, force=args.force)
    counts = f"{args.source} source, {args.target} target and {args.val} validation scenes of {width}x{height} in {args.out}"
    print(f"Drew {counts}." if drawn else f"Nothing to do: {counts} are complete.")


if __name__ == "__main__":
    main()
