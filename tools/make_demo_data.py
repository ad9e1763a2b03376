"""Draws the demo domains: street scenes of a game (source) and of a camera in a car (target), in the layouts of GTA and Cityscapes.

    python tools/make_demo_data.py --out data/demo
    python tools/make_demo_data.py --out data/demo --layout synthia acdc
    python tools/make_demo_data.py --out data/demo --layout night fog town      validation scenes that no demo training sees
    python tools/make_demo_data.py --out data/demo_shift --target-frequency car=0.4 bicycle=4      a target with another share of classes
    python tools/make_demo_data.py --out data/streets --layout streets --size 480 360 --source 500      for training towards photographs

Takes about a minute, and about a quarter of an hour for 500 of the last. Does nothing if the data is complete, goes on where it was
interrupted, and adds layouts to those that are there, of the same seed, size and counts unless others are given; Synthia's of earlier
versions get their depth.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this clone, also where another mmseg is installed

import argparse
import functools
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace

from mmseg.config.options import add_quiet_option
from mmseg.demo.choices import DEMO_FOLDERS, MANIFEST, STREETS, UNSEEN_FOLDERS, Parameters
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import write_json

DEFAULT = Parameters()
LAYOUTS = (*DEMO_FOLDERS.values(), *UNSEEN_FOLDERS, STREETS)
DEFAULT_LAYOUTS = ("gta", "cityscapes")


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data/demo"), help="folder to write (default: %(default)s)")
    parser.add_argument("--seed", type=int, help=f"other seeds give other streets (default: {DEFAULT.seed})")
    size_help = f"of a scene in pixels (default: {DEFAULT.width} {DEFAULT.height})"
    parser.add_argument("--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"), help=size_help)
    parser.add_argument("--source", type=int, help=f"source scenes (default: {DEFAULT.source})")
    parser.add_argument("--target", type=int, help=f"target training scenes (default: {DEFAULT.target})")
    parser.add_argument("--val", type=int, help=f"target validation scenes (default: {DEFAULT.val})")
    frequency_help = "a label shift: things of a class occur in the target as often as usual times a factor, such as bicycle=4 truck=0.1"
    parser.add_argument("--target-frequency", type=class_factor, nargs="*", metavar="CLASS=FACTOR", help=frequency_help)
    parser.add_argument(
        "--layout",
        nargs="+",
        choices=LAYOUTS,
        default=DEFAULT_LAYOUTS,
        help="data sets to imitate, and unseen streets (default: gta cityscapes)",
    )
    parser.add_argument("--nproc", type=int, default=usable_cores(), help="worker processes (default: all cores, %(default)s)")
    parser.add_argument("--force", action="store_true", help="replace the demo data of all layouts by those that are asked for")
    add_quiet_option(parser)
    return parser.parse_args()


def class_factor(text: str) -> tuple[str, float]:
    """Name and factor of an argument such as bicycle=4."""
    name, _, factor = text.partition("=")
    try:
        return name, float(factor)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form CLASS=FACTOR, such as bicycle=4") from error


def wanted_parameters(args: argparse.Namespace) -> Parameters:
    """What the command line asks for; what it leaves out is as the folder has it, where that has demo data and they are to stay."""
    from mmseg.demo.manifest import read_manifest

    found = None if args.force else read_manifest(args.out)
    names = {field.name for field in fields(Parameters)}
    before = {name: value for name, value in (found or {}).get("parameters", {}).items() if name in names}
    width, height = args.size or (None, None)
    factors = None if args.target_frequency is None else dict(args.target_frequency)
    given = {"seed": args.seed, "width": width, "height": height, "target_frequencies": factors}
    given |= {name: getattr(args, name) for name in ("source", "target", "val")}
    return Parameters(**{**before, **{name: value for name, value in given.items() if value is not None}})


def make_demo_data(
    *, out: Path, parameters: Parameters, layouts: Sequence[str] = DEFAULT_LAYOUTS, nproc: int = 1, force: bool = False
) -> bool:
    """Draws and converts the demo data.

    Args:
        out: folder that gets one data set per layout; those that it has already are kept and, if need be, completed.
        parameters: size and number of scenes.
        layouts: of :data:`LAYOUTS`.
        nproc: worker processes.
        force: whether all demo data in ``out`` are removed first.

    Returns:
        False if it was complete already.

    Raises:
        UserError: ``out`` holds something else, or the parameters make no sense.
    """
    from mmseg.demo.manifest import read_manifest

    check(parameters)
    found = read_manifest(out)
    begun = [name for name in LAYOUTS if found and name in found.get("layouts", DEFAULT_LAYOUTS)]
    check_free(out, [name for name in layouts if name not in begun])
    if force:
        remove(out, begun)
        found, begun = None, []
    elif found:
        check_same(found, out, parameters, begun)
    from mmseg.demo.files import lacks_depth  # decodes images: a mistake above does without

    wanted = [name for name in LAYOUTS if name in begun or name in layouts]
    if found and found["complete"] and len(wanted) == len(begun) and not lacks_depth(parameters, begun, out):
        return False
    write_manifest(out, parameters, wanted, complete=False)
    draw(out, parameters, wanted, nproc)
    write_manifest(out, parameters, wanted, complete=True)
    return True


def draw(out: Path, parameters: Parameters, layouts: Sequence[str], nproc: int) -> None:
    """Draws what is missing and converts it."""
    from mmseg.datasets.conversion.convert import convert_dataset
    from mmseg.demo import files
    from mmseg.utils.computing.progress import mapped

    write = functools.partial(files.write_scene, parameters=parameters, out=out)
    for _ in mapped(write, list(files.jobs(parameters, layouts)), nproc=nproc, title="Drawing", out=out):
        pass
    for name in layouts:
        if files.LAYOUTS[name].raw:
            raw = replace(files.LAYOUTS[name].raw, fix="Draw it again with --force.")
            for folder in files.LAYOUTS[name].roots:
                convert_dataset(root=out / name / folder, raw=raw, nproc=nproc)


def check(parameters: Parameters) -> None:
    """Refuses sizes, counts and factors that give no usable data."""
    from mmseg.demo.class_frequencies import check_factors

    if min(parameters.width, parameters.height) < 32:
        raise UserError(f"--size {parameters.width} {parameters.height} is too small for a street. Use at least 32 32, such as 512 256.")
    if min(parameters.source, parameters.target, parameters.val) < 1:
        given = f"--source {parameters.source} --target {parameters.target} --val {parameters.val}"
        raise UserError(f"{given}: every domain needs scenes. Use counts of at least 1.")
    check_factors(parameters.target_frequencies)


def check_same(found: dict, out: Path, parameters: Parameters, begun: Sequence[str]) -> None:
    """Refuses demo data of the layouts ``begun`` whose manifest ``found`` tells of other parameters."""
    from mmseg.demo.files import manifest

    if any(found.get(key) != value for key, value in manifest(parameters, begun).items()):
        before, now, usual = (as_options(values) for values in (found["parameters"], asdict(parameters), asdict(DEFAULT)))
        was = " ".join(f"{name} {value}".rstrip() for name, value in before.items() if value != now[name])
        wish = "".join(f" {name} {value}" for name, value in now.items() if value != usual[name])
        text = f"with {was}. Give the same" if was else "by another version. Choose another --out"
        raise UserError(f"{out} holds demo data made {text}, or replace it: python tools/make_demo_data.py --out {out} --force{wish}")


def as_options(parameters: Mapping[str, object]) -> dict[str, str]:
    """Parameters as options of the command line."""
    counts = {f"--{name}": f"{parameters.get(name)}" for name in ("seed", "source", "target", "val")}
    factors = shlex.join(f"{name}={factor:g}" for name, factor in parameters.get("target_frequencies", {}).items())
    return {"--size": f"{parameters.get('width')} {parameters.get('height')}", **counts, "--target-frequency": factors}


def write_manifest(out: Path, parameters: Parameters, layouts: Sequence[str], *, complete: bool) -> None:
    """Notes what this tool draws into ``out``; layouts are named unless they are the default ones, as in earlier versions."""
    from mmseg.demo.files import manifest
    from mmseg.demo.manifest import VERSION

    named = {} if set(layouts) == set(DEFAULT_LAYOUTS) else {"layouts": list(layouts)}
    write_json(out / MANIFEST, {"version": VERSION, **manifest(parameters, layouts), **named, "complete": complete})


def check_free(out: Path, layouts: Sequence[str]) -> None:
    """Refuses to write into folders of real data."""
    for name in layouts:
        if (out / name).exists():
            raise UserError(f"{out / name} holds data that this tool did not make. Choose another --out.")


def remove(out: Path, layouts: Sequence[str]) -> None:
    """Deletes earlier demo data, and nothing that this tool did not write."""
    for name in layouts:
        shutil.rmtree(out / name, ignore_errors=True)
    (out / MANIFEST).unlink(missing_ok=True)


@command_line
def main() -> None:
    args = parse_args()
    parameters = wanted_parameters(args)
    drawn = make_demo_data(out=args.out, parameters=parameters, layouts=args.layout, nproc=args.nproc, force=args.force)
    target = "" if set(args.layout) == {STREETS} else f", {parameters.target} target"  # of which the streets have none
    scenes = f"{parameters.source} source{target} and {parameters.val} validation scenes"
    counts = f"{scenes} of {parameters.width}x{parameters.height} in {args.out}"
    print(f"Drew {counts}." if drawn else f"Nothing to do: {counts} are complete.")


if __name__ == "__main__":
    main()
