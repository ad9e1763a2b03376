"""Whether the numbers of a run still hold: python tools/verify.py RUN [--checkpoint FILE]

Evaluates its checkpoint again on its validation data. RUN is the folder of a run, of a released checkpoint or of an exported model that
carries numbers. Exit code 0: all hold; 1: some do not; 2: bad input.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.apis.predicting.model_files import model_files
from mmseg.config.options import OptionAction, add_device_option, add_quiet_option, add_trust_options, trusted
from mmseg.utils.errors import CommandParser, command_line


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder with a config and weights")
    checkpoint_help = "another state of the training, such as best.pth, in RUN or anywhere (default: latest.pth)"
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help=checkpoint_help)
    add_device_option(parser)
    option_help = "override config entries, such as where the data are"
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help=option_help)
    add_trust_options(parser)
    add_quiet_option(parser)
    return parser.parse_intermixed_args()


@command_line
def main() -> int:
    args = parse_args()
    config, latest = model_files(args.run)
    inside = args.checkpoint and args.run / args.checkpoint
    args.config, args.checkpoint = str(config), inside if inside and inside.is_file() else args.checkpoint or latest
    from mmseg.config.config import load_config

    cfg = load_config(config, args.cfg_options, training=False, trust=trusted(args))
    from mmseg.apis.verifying.verify import verify
    from mmseg.utils.computing.devices import chosen_device

    return 0 if verify(cfg, args.run, args.checkpoint, chosen_device(args.device)) else 1


if __name__ == "__main__":
    main()
