"""Adapts a network to a stream of images, one at a time: python tools/adapt.py CONFIG CHECKPOINT (or FOLDER) [STREAM…] --method tent

Every image is predicted first; what is learned from it helps the next ones. A STREAM is a folder of images, a text file with one image
a line, or a file with a val_dataloader; without any, it is the validation data of the config.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.apis.adapting.choices import METHODS
from mmseg.apis.predicting.model_files import add_model_arguments, choose_model
from mmseg.config.options import OptionAction, add_config_options, add_network_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model_arguments(parser)
    streams_help = "conditions in their order: folders of images, lists of them (.txt), or files with a val_dataloader, for numbers"
    parser.add_argument("streams", nargs="*", metavar="[NAME=]STREAM", help=streams_help)
    parser.add_argument("--method", choices=METHODS, required=True, help="source is no adaptation; the others: docs/trust.md")
    options_help = "of the method, such as lr=1e-5: docs/options.md"
    parser.add_argument("--method-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help=options_help)
    conditions_help = "these conditions, in this order, where a data set has several, such as ACDC"
    parser.add_argument("--conditions", nargs="+", default=[], metavar="NAME", help=conditions_help)
    corruptions_help = "the images made worse, one kind after the other: fog:3 snow:3 …, or fog for its five severities"
    parser.add_argument("--corruptions", nargs="+", default=[], metavar="KIND[:N]", help=corruptions_help)
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="how often all conditions come (default: %(default)s)")
    parser.add_argument("--reset", action="store_true", help="begin each condition with the network of the checkpoint")
    forgetting_help = "evaluate before and after, too: on the val_dataloader of a file, or of the config without FILE"
    parser.add_argument("--forgetting", nargs="?", const=True, metavar="[NAME=]FILE", help=forgetting_help)
    show_help = "write predictions there, as palette PNGs by round and condition (default: none)"
    parser.add_argument("--show-dir", type=Path, metavar="DIR", help=show_help)
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="the result (default: in eval/ beside the checkpoint)")
    add_network_options(parser)
    add_config_options(parser)
    args = parser.parse_intermixed_args()
    if args.checkpoint is not None and Path(args.config).is_dir():  # its files are known, and what follows is a stream
        args.checkpoint, args.streams = None, [args.checkpoint, *args.streams]
    return args


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.rounds < 1:
        raise UserError(f"--rounds {args.rounds} looks at no image. Use 1 or more.")
    if args.out is not None and args.out.suffix != ".json":
        raise UserError(f"--out {args.out}: the result is written as JSON. Use --out {args.out.with_suffix('.json')}.")
    if args.forgetting is True and not (args.streams or args.corruptions):
        raise UserError("--forgetting asks about the validation data of the config, which are the stream itself. Name a file behind it.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    choose_model(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    from mmseg.apis.adapting.running import run

    run(args, cfg)


if __name__ == "__main__":
    main()
