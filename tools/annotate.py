"""Labels by hand for a training that waits: python tools/annotate.py {export RUN --out DIR | import RUN DIR} [--round N]

``export`` writes what has to be labelled: images/, marked/ with a frame around each region, regions.csv, classes.csv, and labels/NAME.png,
palette PNGs to draw on: 254 (white) is to be replaced by train ids, or by 255 where no class fits. ``import`` takes them back.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.config.options import add_quiet_option
from mmseg.utils.errors import CommandParser, command_line, one_line


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="export|import")
    export = commands.add_parser("export", help="write what has to be labelled")
    export.add_argument("run", type=Path, help="folder of the training")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder")
    back = commands.add_parser("import", help="take labels back; images whose template is untouched can follow later")
    back.add_argument("run", type=Path, help="folder of the training")
    back.add_argument("folder", type=Path, metavar="DIR", help="the exported folder, or that of its labels")
    for command in (export, back):
        command.add_argument("--round", type=int, metavar="N", help="number of the round (default: the one that waits)")
        add_quiet_option(command)
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    from mmseg.apis.annotating.export import export
    from mmseg.apis.annotating.importing import import_labels
    from mmseg.apis.annotating.waiting import find_round
    from mmseg.utils.storage.locks import locked

    waiting = find_round(args.run, args.round)
    if args.command == "export":
        count = export(waiting, args.out)
        print(f"Round {waiting.folder.number}, {count} images: draw on {args.out / 'labels'}")
        print(f"Then: python tools/annotate.py import {args.run} {args.out}")
        return
    with locked(args.run):
        missing = import_labels(waiting, args.folder)
    if missing:
        what = f"{len(missing)} of {len(waiting.stems)} images have no labels yet, first {one_line(missing[0])}"
        print(f"Round {waiting.folder.number}: {what}")
    else:
        print(f"Round {waiting.folder.number} is labelled. Go on with: {waiting.header['made_by']}")


if __name__ == "__main__":
    main()
