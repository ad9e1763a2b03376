"""Whether two rows differ, by runs with the same seeds: python tools/compare.py A B [--demo] [--seed S …]

A and B are rows of studies (44.7.4 is row 7.4 of study 44), folders of runs, several with commas between them, or patterns in quotes.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.config.options import OptionAction
from mmseg.utils.errors import CommandParser, command_line


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", metavar="A", help="row such as 44.7.4, folder of a run, FOLDER,FOLDER or 'work_dirs/NAME_s*'")
    parser.add_argument("second", metavar="B", help="the same; differences are B - A")
    parser.add_argument("--demo", action="store_true", help="rows: their runs on the demo domains")
    parser.add_argument("--seed", nargs="+", type=int, default=[], metavar="S", help="rows: instead of the seeds of the study")
    option_help = "rows: what the runs were launched with; digests depend on it"
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help=option_help)
    return parser.parse_intermixed_args()


@command_line
def main() -> None:
    args = parse_args()
    from experiments import STUDIES
    from mmseg.apis.comparing.report import compare_sides, comparison_text
    from mmseg.apis.comparing.rows import read_side

    how = {"demo": args.demo, "seeds": args.seed, "options": args.cfg_options}
    first, second = (read_side(text, STUDIES, **how) for text in (args.first, args.second))
    print(comparison_text(first, second, *compare_sides(first, second)))


if __name__ == "__main__":
    main()
