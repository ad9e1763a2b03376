"""Checks an archive for a test server: python tools/check_submission.py ARCHIVE --benchmark NAME --images FOLDER."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.apis.predicting.choices import BENCHMARKS
from mmseg.config.options import add_quiet_option
from mmseg.utils.errors import CommandParser, command_line, one_line


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Check the names, sizes and ids of a zip archive of predictions, without a network.")
    parser.add_argument("archive", type=Path, help="zip file of tools/test.py --format-only --archive")
    parser.add_argument("--benchmark", choices=BENCHMARKS, required=True, help="whose test server will get it")
    parser.add_argument("--images", type=Path, required=True, metavar="FOLDER", help="the test images, such as data/acdc/rgb_anon/test")
    add_quiet_option(parser)
    return parser.parse_args()


@command_line
def main() -> int:
    """Prints one line for everything that is wrong; exit code 1 if anything is."""
    args = parse_args()
    from mmseg.apis.evaluating.submission import check_archive

    benchmark = BENCHMARKS[args.benchmark]
    problems = check_archive(args.archive, benchmark, args.images)
    for problem in problems:
        print(one_line(problem))  # names in an archive may hold anything
    verdict = f"{len(problems)} found" if problems else "none found"
    print(f"{args.archive} for the test server of {benchmark.title}, problems: {verdict}")
    return 1 if problems else 0


if __name__ == "__main__":
    main()
