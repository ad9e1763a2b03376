"""Trains a config: python tools/train.py CONFIG [--work-dir DIR] [--resume [--override]] [--load-from FILE [--skip-classifier]] …

On N GPUs: torchrun --standalone --nproc_per_node N tools/train.py CONFIG
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import shlex
import signal
from collections.abc import Sequence

from mmseg.config.options import OptionAction, add_quiet_option
from mmseg.utils.computing.launchers import LAUNCHERS, is_first_process
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.signals import Stopped
from mmseg.utils.storage.logs import lasting_console
from mmseg.utils.storage.run_folder import LATEST, has_state


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Train a config and evaluate it at the end.")
    parser.add_argument("config", help="Python config, or a JSON of one")
    parser.add_argument("--work-dir", help="run folder (default: work_dirs/<config>_s<seed>_<digest>)")
    resume_help = "continue from latest.pth in the run folder, or from previous.pth where that is damaged"
    parser.add_argument("--resume", action="store_true", help=resume_help)
    parser.add_argument("--override", action="store_true", help="with --resume: apply what differs from the config so far, docs/resume.md")
    parser.add_argument(
        "--load-from", metavar="FILE", help="start from the networks of this checkpoint (student, teacher, ImageNet network)"
    )
    skip_help = "with --load-from: for other classes, without the layers whose rows are classes"
    parser.add_argument("--skip-classifier", action="store_true", help=skip_help)
    parser.add_argument("--seed", type=int, help="replaces the seed of the config")
    parser.add_argument("--launcher", choices=LAUNCHERS, help="what started one process per GPU (default: torchrun is found, slurm is not)")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    add_quiet_option(parser)
    check_resume(sys.argv[1:])
    return parser.parse_args()


def check_resume(arguments: Sequence[str]) -> None:
    """Says what to write where a file or a folder is given to resume from, as other trainers take it.

    Raises:
        UserError: it is.
    """
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        option, equals, joined = argument.partition("=")
        given = Path(joined if equals else following)
        named = equals or (following and (option == "--resume-from" or given.suffix == ".pth" or given.is_dir()))
        if option not in ("--resume", "--resume-from") or not named:
            continue
        folder = given.parent if given.suffix == ".pth" else given
        others = f", or start from the networks of this file: --load-from {given}" if given.name not in (LATEST, folder.name) else ""
        raise UserError(f"{option} {given}: a training goes on from {LATEST} in its folder. Write --work-dir {folder} --resume{others}")


def resume_command(arguments: Sequence[str], work_dir: Path) -> str:
    """The command that goes on where this one was interrupted; the same one where it left no state."""
    kept = list(arguments)
    if has_state(work_dir):
        if "--load-from" in kept:
            del kept[(place := kept.index("--load-from")) : place + 2]
            kept = [argument for argument in kept if argument != "--skip-classifier"]
        more = [] if "--work-dir" in kept else ["--work-dir", str(work_dir)]
        kept = [kept[0], *more, *["--resume"] * ("--resume" not in kept), *kept[1:]]
    return shlex.join(["python", "tools/train.py", *kept])


@command_line
def main() -> None:
    args = parse_args()
    if args.resume and args.load_from is not None:
        given = f"--resume goes on with the networks of its run, --load-from {args.load_from} starts from others"
        raise UserError(f"{given}. Leave one of them out.")
    if args.override and not args.resume:
        raise UserError("--override says how a training goes on. Add --resume, or leave it out.")
    from mmseg.config.config import load_config
    from mmseg.config.identity import run_name

    cfg = load_config(args.config, args.cfg_options, args.seed)
    if args.load_from is not None:
        cfg.load_from = args.load_from
    if args.skip_classifier:
        cfg.skip_classifier = True
    from mmseg.apis.training.train import train
    from mmseg.engine.distributed import found_launcher
    from mmseg.evaluation.tables import per_class_table, print_titled

    cfg.launcher = args.launcher or found_launcher()
    work_dir = Path(args.work_dir or Path("work_dirs") / run_name(Path(args.config).stem, cfg))
    with lasting_console():
        try:
            result = train(cfg, work_dir, resume=args.resume, override=args.override)
        except KeyboardInterrupt as stop:
            number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
            raise Stopped(number, f"Go on with: {resume_command(sys.argv[1:], work_dir)}") from None
        if is_first_process(cfg.launcher):
            print_titled(f"{work_dir} after {result['iteration']} iterations", per_class_table(result["metrics"]))


if __name__ == "__main__":
    main()
