"""Checks all data that a config reads: python tools/check_data.py CONFIG [--split train|val|all] [--nproc N] [--limit N] [--out DIR]

Exit code 0: a training can read them; 1: a training would fail; 2: a mistake in the command.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.config.options import add_config_options, trusted
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_writable, write_json


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Read all data of a config, and report everything that is wrong with them.")
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    split_help = "train (source and target), val (validation and test), or all (default)"
    parser.add_argument("--split", choices=("train", "val", "all"), default="all", help=split_help)
    parser.add_argument("--nproc", type=int, default=usable_cores(), help="processes that decode (default: %(default)s)")
    parser.add_argument("--limit", type=int, metavar="N", help="decode only N images of each split, evenly spread")
    out_help = "folder of check_data.json and contact_sheet.png (default: work_dirs/check_<config>)"
    parser.add_argument("--out", type=Path, metavar="DIR", help=out_help)
    add_config_options(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses numbers that mean nothing."""
    for name in ("nproc", "limit"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise UserError(f"--{name} {value} is no number of {'processes' if name == 'nproc' else 'images'}. Use 1 or more.")


@command_line
def main() -> int:
    args = parse_args()
    check_args(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, trust=trusted(args))
    out = args.out or Path("work_dirs") / f"check_{Path(args.config).stem}"
    check_writable(out)
    import cv2
    from rich.console import Console

    from mmseg.apis.checking.data import check_data
    from mmseg.apis.checking.report import draw_sheet, print_report, report_json
    from mmseg.utils.storage.images import write_image

    report, splits = check_data(cfg, which=args.split, nproc=args.nproc, limit=args.limit)
    write_json(out / "check_data.json", report_json(report, args.config))
    files = "check_data.json"
    if splits:
        write_image(out / "contact_sheet.png", cv2.cvtColor(draw_sheet(splits), cv2.COLOR_RGB2BGR))
        files += " and contact_sheet.png"
    print_report(report, Console())
    print(f"Wrote {files} into {out}")
    return 1 if report.fatal else 0


if __name__ == "__main__":
    main()
