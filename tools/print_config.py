"""Prints a config in its native form: python tools/print_config.py CONFIG [--cfg-options key=value ...]"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.config.options import OptionAction, add_trust_options, trusted
from mmseg.utils.errors import CommandParser, command_line


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Print a complete config; what is printed is a config as well.")
    parser.add_argument("config", help="Python config or JSON, native or in the 0.x form of published configs")
    option_help = "override entries of the native form"
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help=option_help)
    add_trust_options(parser)
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    from mmseg.config.config import load_config
    from mmseg.utils.options.config_text import config_text

    print(config_text(load_config(args.config, args.cfg_options, trust=trusted(args))), end="")


if __name__ == "__main__":
    main()
