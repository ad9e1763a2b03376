"""Chooses a checkpoint without labels: python tools/choose.py RUN [--images N] [--seed S]

Scores the checkpoints of a run on unlabelled images of its target and writes choice.json into its folder; docs/trust.md.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import shlex

from mmseg.config.options import add_config_options, add_device_option, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_target, write_json
from mmseg.utils.storage.run_folder import CHOICE, CONFIG

IMAGES = 50


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training that kept its checkpoints (max_keep)")
    parser.add_argument("--images", type=int, default=IMAGES, metavar="N", help="of the target, spread evenly (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of what is masked (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help=f"default: {CHOICE} in the folder, where tables look for it")
    add_device_option(parser)
    add_config_options(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.images < 1:
        raise UserError(f"--images {args.images} leaves nothing to look at. Use 1 or more.")
    if args.seed < 0:
        raise UserError(f"--seed {args.seed} is below 0. Use 0 or more.")
    if args.out is not None and args.out.suffix != ".json":
        raise UserError(f"--out {args.out}: the choice is written as JSON. Use --out {args.out.with_suffix('.json')}.")
    if not (args.run / CONFIG).is_file():
        raise UserError(f"{args.run} is no run: it has no {CONFIG}. Give the folder of a training.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    args.config, out = args.run / CONFIG, args.out or args.run / CHOICE
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    from mmseg.apis.choosing.choose import checkpoints, choice_of, scored
    from mmseg.apis.choosing.table import choice_table, verdict
    from mmseg.apis.reporting.tables import print_tables
    from mmseg.evaluation.curve import read_curve
    from mmseg.utils.computing.devices import chosen_device

    check_target(out)
    found = checkpoints(args.run)
    truth = {entry["iteration"]: entry["metrics"].get("mIoU") for entry in read_curve(args.run)}
    scores, images = scored(cfg, found, args.images, args.seed, chosen_device(args.device))
    choice = choice_of(found, scores, truth, images, args.seed)
    write_json(out, {**choice, "command": shlex.join(["python", "tools/choose.py", *sys.argv[1:]])})
    print_tables([choice_table(choice)])
    print("\n".join([*verdict(choice), f"Choice: {out}"]))


if __name__ == "__main__":
    main()
