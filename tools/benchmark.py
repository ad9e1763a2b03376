"""Measures this code on this machine.

    python tools/benchmark.py train configs/demo/demoHR2demoHR_hrda.py                          iterations of a training
    python tools/benchmark.py train configs/hrda/gtaHR2csHR_hrda.py --compare baseline ours     two settings in turn
    python tools/benchmark.py infer configs/hrda/gtaHR2csHR_hrda.py                             predictions of whole images
    python tools/benchmark.py fit configs/hrda/gtaHR2csHR_hrda.py --memory 12                   what fits into a GPU of 12 GB
    python tools/benchmark.py data configs/hrda/gtaHR2csHR_hrda.py               the loader over the data of a config
    python tools/benchmark.py data configs/hrda/gtaHR2csHR_hrda.py --demo        over demo scenes as large as GTA and Cityscapes
    python tools/benchmark.py labels configs/hrda/gtaHR2csHR_hrda.py             pseudo-labels, against bare forward passes
    python tools/benchmark.py self_labelling                                     what the first stage of CPSL adds to self-training
    python tools/benchmark.py picks                                              what is labelled of an image: scores and picks
    python tools/benchmark.py depth                                              densities, the spatial prior, the fit of mixtures
    python tools/benchmark.py soak configs/demo/demoHR2demoHR_hrda.py            whether a long training grows
    python tools/benchmark.py start                                              help texts, lists and configs

"train", "infer" and "fit" work on synthetic images of the config's sizes with random weights, on the GPU if there is one; see
docs/benchmarks.md. "data": samples per second of one loader worker, against a pipeline that decodes, resizes and crops step by step.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.apis.predicting.presets import PRESETS
from mmseg.config.options import OptionAction
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import write_json
from tools.benchmarks.settings import BATCH, Setting, config_of


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, step in (("train", "iteration"), ("infer", "image")):
        speed = commands.add_parser(name, help=f"speed and memory per {step}")
        speed.set_defaults(run=benchmark_speed, step=step, preset=None)
        add_speed_options(speed)
    commands.choices["infer"].add_argument(
        "--preset", choices=PRESETS, help="of tools/test.py; a side of --compare may have its own: preset=fast"
    )
    memory = commands.add_parser("fit", help="the largest setting that fits into a memory")
    memory.set_defaults(run=benchmark_fit)
    memory.add_argument("config")
    memory_help = "2^30 bytes (default: what this GPU has, or without one what this machine, its container or Slurm allows)"
    memory.add_argument("--memory", type=float, metavar="GB", help=memory_help)
    data = commands.add_parser("data", help="speed of the loader")
    data.set_defaults(run=benchmark_data)
    add_data_options(data)
    labels = commands.add_parser("labels", help="throughput of pseudo-labels")
    labels.set_defaults(run=benchmark_labels)
    add_label_options(labels)
    own = commands.add_parser("self_labelling", help="CPU time of CPSL's first stage, beside self-training with the same passes")
    own.set_defaults(run=benchmark_self_labelling)
    own.add_argument("--scale", type=float, default=0.25, help="of the sizes of images (default: %(default)s)")
    own.add_argument("--memory", type=int, default=65536, help="remembered samples (default: %(default)s)")
    own.add_argument("--rounds", type=int, default=3, help="rounds that the medians are taken of (default: %(default)s)")
    depth = commands.add_parser("depth", help="CPU time of densities beside a training step, of the spatial prior, and memory of a fit")
    depth.set_defaults(run=benchmark_depth)
    depth.add_argument("--scale", type=float, default=0.25, help="of the sides of the images of the step (default: %(default)s)")
    depth.add_argument("--rounds", type=int, default=3, help="rounds that the medians are taken of (default: %(default)s)")
    depth.add_argument("--images", type=int, default=400, help="that the pixels of the fit are drawn from (default: %(default)s)")
    depth.add_argument("--pixels", type=int, default=100_000, help="of the class that is fitted (default: %(default)s)")
    soak = commands.add_parser("soak", help="memory, open files and threads of a long small training")
    soak.set_defaults(run=benchmark_soak)
    soak.add_argument("config")
    soak.add_argument("--iterations", type=int, default=10_000, help="of the training (default: %(default)s)")
    for command in commands.choices.values():
        command.add_argument(
            "--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries"
        )
    picks = commands.add_parser("picks", help="CPU time and memory of scoring an image and picking what is labelled")
    picks.set_defaults(run=benchmark_picks)
    add_pick_options(picks)
    start = commands.add_parser("start", help="CPU time and memory of every command that trains nothing")
    start.add_argument("--runs", type=int, default=3, help="starts that the medians are taken of (default: %(default)s)")
    start.set_defaults(run=benchmark_start, subcommands=tuple(commands.choices))
    for command in commands.choices.values():
        command.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    return parser.parse_args()


def add_speed_options(parser: argparse.ArgumentParser) -> None:
    sides = "each 'ours', 'baseline', 'busy', or entries of the config such as precision=bf16,model.backbone.with_cp=True"
    parser.add_argument("config")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), help=f"how many times as fast B is as A; {sides}")
    parser.add_argument("--iterations", type=int, default=5, help="steps per round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that the medians are taken of (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=3, help="steps before the first round (default: %(default)s)")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="?", default="configs/hrda/gtaHR2csHR_hrda.py", help="crops and sampling (default: %(default)s)")
    parser.add_argument("--demo", action="store_true", help="use demo scenes of the original sizes in place of the config's data")
    parser.add_argument("--scenes", type=int, default=12, help="demo scenes per domain (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=Path("data/benchmark"), help="where demo scenes are kept (default: %(default)s)")
    parser.add_argument("--samples", type=int, default=20, help="samples per loader and round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that the medians are taken of (default: %(default)s)")


def add_label_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config")
    parser.add_argument("--soft", action="store_true", help="soft maps instead of hard labels")
    parser.add_argument("--flip", action="store_true", help="with mirror images")
    parser.add_argument("--scenes", type=int, default=12, help="different demo scenes (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=Path("data/benchmark"), help="where they are kept (default: %(default)s)")
    parser.add_argument("--images", type=int, default=100, help="images per round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that the medians are taken of (default: %(default)s)")


def add_pick_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, nargs=2, default=[2048, 1024], metavar=("W", "H"), help="of the image (default: 2048 1024)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that the medians are taken of (default: %(default)s)")


def benchmark_speed(args: argparse.Namespace) -> None:
    """Measures a training or predictions, of one setting or of two in turn."""
    if min(args.iterations, args.rounds, args.warmup) < 1:
        given = f"--iterations {args.iterations} --rounds {args.rounds} --warmup {args.warmup}"
        raise UserError(f"{given}: nothing to measure. Use at least 1 of each.")
    settings = [Setting.parse(text) for text in args.compare or ["ours"]]
    steps = {"iterations": args.iterations, "rounds": args.rounds, "warmup": args.warmup}
    options = {**args.cfg_options, **({"preset": args.preset} if args.preset else {})}
    from rich.console import Console

    from tools.benchmarks.compare import measure
    from tools.benchmarks.report import speed_table
    from tools.benchmarks.sessions import PredictionSession, TrainingSession

    kind = TrainingSession if args.step == "iteration" else PredictionSession
    result = measure(kind, settings, args.config, options, **steps)
    if args.json:
        write_json(args.json, result)
    Console().print(speed_table(result, args.step))


def benchmark_fit(args: argparse.Namespace) -> int:
    """Looks for the largest setting that fits; the exit code is 1 if none does."""
    if args.memory is not None and args.memory <= 0:
        raise UserError(f"--memory {args.memory}: no memory at all. Give the GB of a GPU, such as --memory 12.")
    from mmengine.device import get_device

    from mmseg.apis.describing.cost import cost_of
    from tools.benchmarks.data import surroundings
    from tools.benchmarks.fit import fit, memory_here
    from tools.benchmarks.peak import GIB
    from tools.benchmarks.report import fit_line

    on_gpu = get_device() == "cuda"
    if not on_gpu:
        print("No GPU: these are estimates from what the process takes in memory on the CPU.")
    size = memory_here(get_device()) if args.memory is None else round(args.memory * GIB)
    given = f"{round(size / GIB, 1):g} GB"
    print(cost := cost_of(config_of(args.config, args.cfg_options)), flush=True)
    result = fit(args.config, args.cfg_options, size, lambda tried: print(fit_line(tried), flush=True))
    if args.json:
        where = {"config": args.config, "memory": size / GIB, "estimate": not on_gpu, "environment": surroundings()}
        write_json(args.json, {**result, **where, "cost": cost.figures})
    if result["changes"] is None:
        fix = "Try smaller crops or train_dataloader.batch_size=1, which train something else"
        print(f"Nothing fits into {given}. {fix}.", file=sys.stderr)
        return 1
    changes = " ".join(f"{key}={value}" for key, value in result["changes"].items())
    print(f"Fits into {given} " + (f"with --cfg-options {changes}" if changes else "as it is"))
    return 0


def benchmark_data(args: argparse.Namespace) -> None:
    """Measures the loader of a config."""
    if args.samples < BATCH or min(args.rounds, args.scenes) < 1:
        given = f"--samples {args.samples} --rounds {args.rounds} --scenes {args.scenes}"
        raise UserError(f"{given}: nothing to measure. Use at least {BATCH} samples, 1 round and 1 scene.")
    from mmseg.config.config import load_config

    options = dict(load_config(args.config, args.cfg_options).train_dataloader.dataset)
    options.pop("type")
    from rich.console import Console

    from tools.benchmarks.data import demo_options, measure_loader, surroundings
    from tools.benchmarks.report import loader_table

    if args.demo:
        options = demo_options(options, args.cache, args.scenes)
    result = measure_loader(options, samples=args.samples, rounds=args.rounds)
    result |= {"config": args.config, "demo": args.demo, "samples": args.samples, "rounds": args.rounds, "environment": surroundings()}
    if args.json:
        write_json(args.json, result)
    Console().print(loader_table(result))


def benchmark_labels(args: argparse.Namespace) -> None:
    """Measures pseudo-labels."""
    if min(args.images, args.rounds, args.scenes) < 1:
        given = f"--images {args.images} --rounds {args.rounds} --scenes {args.scenes}"
        raise UserError(f"{given}: nothing to measure. Use at least 1 of each.")
    from rich.console import Console

    from mmseg.apis.preparing.passes import LabelOptions
    from tools.benchmarks.labels import labels_table, measure_labels

    sizes = {"images": args.images, "rounds": args.rounds, "cache": args.cache, "scenes": args.scenes}
    result = measure_labels(args.config, args.cfg_options, LabelOptions(soft=args.soft, flip=args.flip), **sizes)
    if args.json:
        write_json(args.json, result)
    Console().print(labels_table(result))


def benchmark_self_labelling(args: argparse.Namespace) -> None:
    """Measures the first stage of CPSL against self-training."""
    if min(args.scale, args.rounds, args.memory) <= 0:
        given = f"--scale {args.scale:g} --rounds {args.rounds} --memory {args.memory}"
        raise UserError(f"{given}: nothing to measure. Use values above 0.")
    from rich.console import Console

    from tools.benchmarks.self_labelling import measure_self_labelling, self_labelling_table

    result = measure_self_labelling(args.cfg_options, args.scale, args.rounds, args.memory)
    if args.json:
        write_json(args.json, result)
    Console().print(self_labelling_table(result))


def benchmark_picks(args: argparse.Namespace) -> None:
    """Measures acquisitions against the straightforward loop."""
    width, height = args.size
    if min(width, height, args.rounds) < 1:
        raise UserError(f"--size {width} {height} --rounds {args.rounds}: nothing to measure. Use at least 1 of each.")
    from rich.console import Console

    from tools.benchmarks.picks import measure_picks, picks_table

    result = measure_picks((height, width), args.rounds)
    if args.json:
        write_json(args.json, result)
    Console().print(picks_table(result))


def benchmark_depth(args: argparse.Namespace) -> None:
    """Measures what the depth distribution costs."""
    if min(args.scale, args.rounds, args.images) <= 0 or args.pixels < 5:
        given = f"--scale {args.scale:g} --rounds {args.rounds} --images {args.images} --pixels {args.pixels}"
        raise UserError(f"{given}: nothing to measure. Use values above 0, and 5 pixels or more.")
    from rich.console import Console

    from tools.benchmarks.depth import depth_table, measure_depth

    result = measure_depth(args.cfg_options, args.scale, args.rounds, args.images, args.pixels)
    if args.json:
        write_json(args.json, result)
    Console().print(depth_table(result))


def benchmark_soak(args: argparse.Namespace) -> None:
    """Looks at the processes of a long training."""
    from rich.console import Console

    from tools.benchmarks.soak import LEAST, measure_soak, soak_table

    if args.iterations < LEAST:
        raise UserError(f"--iterations {args.iterations}: nothing to measure. Use at least {LEAST}.")

    result = measure_soak(args.config, args.cfg_options, args.iterations)
    if args.json:
        write_json(args.json, result)
    Console().print(soak_table(result))


def benchmark_start(args: argparse.Namespace) -> None:
    """Measures what the commands take before they train anything."""
    if args.runs < 1:
        raise UserError(f"--runs {args.runs}: nothing to measure. Use at least 1.")
    from rich.console import Console

    from tools.benchmarks.start import commands, measure_starts, start_table

    figures = measure_starts(commands(args.subcommands), args.runs)
    if args.json:
        from tools.benchmarks.data import surroundings

        write_json(args.json, {"commands": figures, "runs": args.runs, "environment": surroundings()})
    Console().print(start_table(figures))


@command_line
def main() -> int | None:
    args = parse_args()
    return args.run(args)


if __name__ == "__main__":
    main()
