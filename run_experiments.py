"""Trains a config, or all rows of a study.

python run_experiments.py --list [44]                        the studies, or the rows of one
python run_experiments.py --exp 44 [--only 7.2] [--seed 0]   trains them; --demo on the demo domains, --smoke two iterations
python run_experiments.py --config configs/hrda/gtaHR2csHR_hrda.py [--smoke | --dry-run]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import argparse
import gc
from typing import TYPE_CHECKING

from mmseg.config.options import OptionAction, add_quiet_option
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.logs import lasting_console

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmseg.apis.launching.processes import Start
    from mmseg.apis.launching.runs import Run
    from mmseg.experiments import Study

ALL = -1


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", help="train this config and evaluate it")
    what.add_argument("--exp", type=int, metavar="ID", help="train all rows and seeds of a study of experiments.py")
    what.add_argument(
        "--list", type=int, nargs="?", const=ALL, metavar="ID", help="print the studies, or the rows of one and how far they are"
    )
    only_help = "of a study: these rows, such as 7.2, or tables, such as 7; 7.2@labels is one stage of a chain and what it lacks"
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help=only_help)
    parser.add_argument(
        "--seed", type=int, nargs="+", default=[], metavar="N", help="instead of the seed of the config, or those of the study"
    )
    parser.add_argument("--demo", action="store_true", help="of a study: the same on the demo domains, in minutes per run on a CPU")
    parser.add_argument("--smoke", action="store_true", help="two small iterations of the config or of each row on the CPU, kept nowhere")
    parser.add_argument("--dry-run", action="store_true", help="check the complete configs, write them to configs/generated, train nothing")
    parser.add_argument("--jobs", type=int, default=1, help="with --exp: runs at the same time, which share cores and GPUs (default: 1)")
    parser.add_argument("--gpus", type=int, metavar="N", help="train each run on N GPUs, in N processes (default: one process)")
    parser.add_argument("--launcher", choices=("none", "slurm"), default="none", help="slurm: by srun, with the options in SRUN_ARGS")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    add_quiet_option(parser)
    return parser.parse_args()


def check(args: argparse.Namespace) -> None:
    """Refuses options that contradict each other, or that would be ignored."""
    study = args.exp is not None or args.list not in (None, ALL)
    runs_changed = args.seed or args.cfg_options
    trains = not (args.smoke or args.dry_run or args.list is not None)
    refused = {
        "--only belongs to a study. Give its --exp ID": args.only and not study,
        "--demo belongs to a study. Give its --exp ID": args.demo and not study,
        "--list trains nothing and writes nothing. Leave out --smoke and --dry-run": args.list is not None and (args.smoke or args.dry_run),
        "--seed and --cfg-options belong to runs. Give --list a study, or leave them out": runs_changed and args.list == ALL,
        "--smoke and --demo are two sizes of a study. Give one of them": args.smoke and args.demo,
        "--smoke trains and --dry-run does not. Give one of them": args.smoke and args.dry_run,
        f"--seed {' '.join(map(str, args.seed))}: --config trains one run. Give one seed": args.config and len(args.seed) > 1,
        f"--jobs {args.jobs}: no run would ever start. Use 1 or more": args.jobs < 1,
        f"--jobs {args.jobs}: one run at a time is trained here. Leave it out": args.jobs > 1 and not (trains and args.exp is not None),
        f"--gpus {args.gpus}: no process would ever start. Use 1 or more": args.gpus is not None and args.gpus < 1,
        "--gpus and --launcher are for trainings. Leave them out": not trains and (args.gpus or args.launcher != "none"),
    }
    for reason, given in refused.items():
        if given:
            raise UserError(f"{reason}.")


def find_study(number: int, option: str) -> Study:
    """The study of an id."""
    from experiments import STUDIES
    from mmseg.experiments.study import known_study

    return known_study(STUDIES, number, option)


def run_config(args: argparse.Namespace, start: Start) -> int:
    """Trains one config and reports on it."""
    from mmseg.apis.launching.runs import Run
    from mmseg.config.config import load_config

    cfg, name = load_config(args.config, args.cfg_options, *args.seed), Path(args.config).stem
    if args.smoke:
        from mmseg.apis.launching.smoke import smoke

        return smoke({name: (args.config, {"": cfg})})
    run = Run.of(name, cfg)
    if args.dry_run:
        check_as_a_training({name: [run]})
        return write_all(name, {name: [run]})
    from mmseg.apis.launching.launch import launch_one, report

    launch_one(run, start)
    report(run)
    return 0


def run_study(args: argparse.Namespace, start: Start) -> int:
    """Trains a study and prints its results."""
    study = find_study(args.exp, "--exp")
    if args.smoke:
        from mmseg.apis.launching.rows import small_rows
        from mmseg.apis.launching.smoke import smoke

        return smoke(small_rows(study, args.only, [*args.seed, *study.seeds][0], args.cfg_options))
    from mmseg.apis.launching.rows import chosen_runs, study_runs

    runs = study_runs(study, only=args.only, seeds=args.seed, demo=args.demo, options=args.cfg_options)
    chosen = chosen_runs(study, runs, args.only)
    if args.dry_run:
        check_as_a_training(runs)
        return write_all(str(args.exp), chosen)
    from mmseg.apis.launching.launch import launch_all, say_what_is_missing
    from mmseg.apis.reporting.tables import print_study

    outcomes = launch_all([run for group in chosen.values() for run in group], args.jobs, start)
    print_study(study, runs)
    return say_what_is_missing(outcomes)


def write_all(name: str, runs: Mapping[str, Sequence[Run]]) -> int:
    """Writes the configs of runs by the address of their row."""
    from mmseg.apis.launching.generated import write_configs

    write_configs(name, runs)
    return 0


def check_as_a_training(runs: Mapping[str, Sequence[Run]]) -> None:
    """See :func:`mmseg.apis.training.checks.check_runs`."""
    gc.disable()  # importing torch and the networks makes no garbage, and looking for it takes half of the time
    try:
        from mmseg.apis.training.checks import check_runs

        check_runs(runs)
    finally:
        gc.freeze()  # nor is it looked for at the end of the command
        gc.enable()


def show_list(args: argparse.Namespace) -> int:
    """Prints the studies, or the rows of one."""
    from experiments import STUDIES
    from mmseg.apis.launching.listing import list_rows, list_studies
    from mmseg.apis.launching.rows import study_runs

    if args.list == ALL:
        list_studies(STUDIES)
        return 0
    study = find_study(args.list, "--list")
    runs = study_runs(study, only=args.only, seeds=args.seed, demo=args.demo, options=args.cfg_options)
    if args.cfg_options:  # a user's own, which no test of ours has tried; without them a list needs no network and is there at once
        check_as_a_training(runs)
    list_rows(study, runs)
    return 0


@command_line
def main() -> int:
    args = parse_args()
    check(args)
    if args.list is not None:
        return show_list(args)
    from mmseg.apis.launching.processes import Start

    start = Start(launcher=args.launcher, gpus=args.gpus)
    start.check()
    with lasting_console():
        return run_config(args, start) if args.config is not None else run_study(args, start)


if __name__ == "__main__":
    main()
