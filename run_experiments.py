"""Trains a config, or all rows of a study.

python run_experiments.py --config configs/hrda/gtaHR2csHR_hrda.py
python run_experiments.py --exp 0
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import argparse

from experiments import STUDIES
from mmseg.apis.launch import Run, launch_all, launch_one, report, study_table
from mmseg.utils.config import OptionAction
from mmseg.utils.errors import UserError, command_line


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", help="train this config and evaluate it")
    what.add_argument("--exp", type=int, metavar="ID", help="run all rows and seeds of a study of experiments.py")
    parser.add_argument("--seed", type=int, help="with --config: replaces the seed of the config")
    parser.add_argument("--jobs", type=int, default=1, help="with --exp: runs at the same time, which share the CPU cores (default: 1)")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    return parser.parse_args()


@command_line
def main() -> int:
    args = parse_args()
    if args.config:
        run = Run.of(args.config, seed=args.seed, options=args.cfg_options)
        launch_one(run)
        report(run)
        return 0
    if args.exp not in STUDIES:
        known = ", ".join(f"{number} ({study.title})" for number, study in STUDIES.items())
        raise UserError(f"--exp {args.exp}: there is no such study. Known: {known}.")
    if args.jobs < 1:
        raise UserError(f"--jobs {args.jobs}: no run would ever start. Use 1 or more.")
    study = STUDIES[args.exp]
    runs = {row: [Run.of(row.config, seed=seed, options=args.cfg_options) for seed in study.seeds] for row in study.rows}
    failed = launch_all([run for group in runs.values() for run in group], jobs=args.jobs)
    study_table(study, runs)
    return 1 if failed else 0


if __name__ == "__main__":
    main()
