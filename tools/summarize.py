"""The tables of a study, measured beside published: python tools/summarize.py ID [--demo] [--only ROW …] [--latex] [--curves]"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import shlex

from mmseg.config.options import OptionAction
from mmseg.utils.errors import CommandParser, command_line
from mmseg.utils.storage.run_folder import WORK_DIRS


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Print the tables of a study and write them as Markdown, CSV and one HTML page.")
    parser.add_argument("study", metavar="ID", help="of experiments.py, as for run_experiments.py --exp")
    parser.add_argument("--demo", action="store_true", help="its runs on the demo domains")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="rows such as 7.1, or whole tables such as 7")
    parser.add_argument("--seed", nargs="+", type=int, default=[], metavar="S", help="instead of the seeds of the study")
    parser.add_argument("--per-class", action="store_true", help="print the IoU of every class as well; the files always have it")
    parser.add_argument("--latex", action="store_true", help="write the tables as LaTeX (booktabs) as well")
    curves_help = "draw learning curves and the IoU of every class as PDF as well: mean, standard deviation, and each seed"
    parser.add_argument("--curves", action="store_true", help=curves_help)
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"folder for the files (default: {WORK_DIRS}/summary_ID)")
    option_help = "what the runs were launched with; digests depend on it"
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help=option_help)
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    from experiments import STUDIES
    from mmseg.apis.launching.rows import study_runs
    from mmseg.experiments.study import known_study

    study = known_study(STUDIES, args.study, "ID")
    runs = study_runs(study, only=args.only, seeds=args.seed, demo=args.demo, options=args.cfg_options)
    from mmseg.apis.reporting.files import write_summary
    from mmseg.apis.reporting.summary import collect
    from mmseg.apis.reporting.tables import print_tables, study_tables

    summary = collect(study, runs)
    print_tables(study_tables(summary, per_class=args.per_class))
    folder = args.out or Path(WORK_DIRS) / f"summary_{args.study}{'_demo' if args.demo else ''}"
    command = shlex.join(["python", "tools/summarize.py", *sys.argv[1:]])
    for path in write_summary(summary, args.study, folder, command, latex=args.latex, curves=args.curves):
        print(path)


if __name__ == "__main__":
    main()
