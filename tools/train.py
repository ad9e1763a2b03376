"""Trains a config: python tools/train.py CONFIG [--work-dir DIR] [--resume] [--load-from FILE] [--seed N] [--cfg-options key=value ...]

On N GPUs: torchrun --standalone --nproc_per_node N tools/train.py CONFIG
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.config.options import OptionAction
from mmseg.utils.errors import CommandParser, command_line
from mmseg.utils.launchers import LAUNCHERS, is_first_process


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Train a config and evaluate it at the end.")
    parser.add_argument("config", help="Python config, or a JSON of one")
    parser.add_argument("--work-dir", help="run folder (default: work_dirs/<config>_s<seed>_<digest>)")
    parser.add_argument("--resume", action="store_true", help="continue from latest.pth in the run folder")
    parser.add_argument(
        "--load-from", metavar="FILE", help="start from the networks of this checkpoint (student, teacher, ImageNet network)"
    )
    parser.add_argument("--seed", type=int, help="replaces the seed of the config")
    parser.add_argument("--launcher", choices=LAUNCHERS, help="what started one process per GPU (default: torchrun is found, slurm is not)")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    from mmseg.config.config import load_config, run_name

    cfg = load_config(args.config, args.cfg_options, args.seed)
    if args.load_from is not None:
        cfg.load_from = args.load_from
    from mmseg.apis.launching.train import train
    from mmseg.engine.distributed import found_launcher
    from mmseg.evaluation.tables import per_class_table, print_titled

    cfg.launcher = args.launcher or found_launcher()
    work_dir = Path(args.work_dir or Path("work_dirs") / run_name(Path(args.config).stem, cfg))
    result = train(cfg, work_dir, resume=args.resume)
    if is_first_process(cfg.launcher):
        print_titled(f"{work_dir} after {result['iteration']} iterations", per_class_table(result["metrics"]))


if __name__ == "__main__":
    main()
