"""Measures this code on this machine.

    python tools/benchmark.py data configs/hrda/gtaHR2csHR_hrda.py               the loader over the data of a config
    python tools/benchmark.py data configs/hrda/gtaHR2csHR_hrda.py --demo        over demo scenes as large as GTA and Cityscapes

"data": samples per second of one loader worker, against a pipeline that decodes, resizes and crops step by step.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from rich.console import Console
from rich.table import Table

from mmseg.utils.config import OptionAction, load_config
from mmseg.utils.errors import UserError, command_line
from mmseg.utils.files import write_json
from tools.benchmarks.data import BATCH, demo_options, measure_loader, surroundings


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    data = commands.add_parser("data", help="speed of the loader")
    data.set_defaults(run=benchmark_data)
    data.add_argument("config", nargs="?", default="configs/hrda/gtaHR2csHR_hrda.py", help="crops and sampling (default: %(default)s)")
    data.add_argument("--demo", action="store_true", help="use demo scenes of the original sizes in place of the config's data")
    data.add_argument("--scenes", type=int, default=12, help="demo scenes per domain (default: %(default)s)")
    data.add_argument("--cache", type=Path, default=Path("data/benchmark"), help="where demo scenes are kept (default: %(default)s)")
    data.add_argument("--samples", type=int, default=20, help="samples per loader and round (default: %(default)s)")
    data.add_argument("--rounds", type=int, default=5, help="rounds that the medians are taken of (default: %(default)s)")
    data.add_argument("--json", type=Path, metavar="FILE", help="write the figures: plain, ours, ratio, each with and without")
    data.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    return parser.parse_args()


def benchmark_data(args: argparse.Namespace) -> None:
    """Measures the loader of a config."""
    if args.samples < BATCH or min(args.rounds, args.scenes) < 1:
        given = f"--samples {args.samples} --rounds {args.rounds} --scenes {args.scenes}"
        raise UserError(f"{given}: nothing to measure. Use at least {BATCH} samples, 1 round and 1 scene.")
    options = dict(load_config(args.config, args.cfg_options).train_dataloader.dataset)
    options.pop("type")
    if args.demo:
        options = demo_options(options, args.cache, args.scenes)
    result = measure_loader(options, samples=args.samples, rounds=args.rounds)
    result |= {"config": args.config, "demo": args.demo, "samples": args.samples, "rounds": args.rounds, "environment": surroundings()}
    if args.json:
        write_json(args.json, result)
    Console().print(table(result))


def table(result: dict) -> Table:
    """The figures in samples per second, one line per variant."""
    table = Table("rare classes", "plain", "ours", "ratio", "of the rounds", "by the clock", "passes of plain")
    for name, ratio in result["ratio"].items():
        low, high = result["spread"][name]["cpu"]
        speeds = (f"{result[key][name]:.2f}" for key in ("plain", "ours"))
        wall = f"{result['wall']['ratio'][name]:.2f}"
        table.add_row(name.partition("_")[0], *speeds, f"{ratio:.2f}", f"{low:.2f} to {high:.2f}", wall, f"{result['passes'][name]:.1f}")
    return table


@command_line
def main() -> None:
    args = parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
