"""Evaluates a checkpoint of ours or a released one: python tools/test.py CONFIG CHECKPOINT (or FOLDER) [--weights ema_model] …

On N GPUs: torchrun --standalone --nproc_per_node N tools/test.py CONFIG CHECKPOINT
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.apis.predicting.choices import BENCHMARKS
from mmseg.apis.predicting.model_files import add_model_arguments, choose_model
from mmseg.apis.predicting.presets import PRESETS
from mmseg.config.options import OptionAction, add_config_options, add_network_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line, suggestion

FORMAT_OPTIONS = ("imgfile_prefix", "to_label_id")


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Evaluate a checkpoint on the validation data of its config.")
    add_model_arguments(parser)
    parser.add_argument("--eval", nargs="+", metavar="METRIC", help="mIoU, the only metric and the default")
    metrics_help = "trust: also how sure the network is of what is right and wrong (calibration, AUROC, unknown objects: docs/trust.md)"
    parser.add_argument("--metrics", nargs="+", choices=("trust",), default=[], metavar="KIND", help=metrics_help)
    corruptions_help = "also on images that are made worse: all, or kinds such as fog (five severities) and fog:3 (one); docs/trust.md"
    parser.add_argument("--corruptions", nargs="+", default=[], metavar="KIND[:N]", help=corruptions_help)
    reference_help = "result of another network with --corruptions, which errors are compared with (mCE)"
    parser.add_argument("--reference", type=Path, metavar="FILE.json", help=reference_help)
    add_inference_options(parser)
    add_output_options(parser)
    add_server_options(parser)
    parser.add_argument("--test-set", action="store_true", help="the test split instead of the validation split")
    targets_help = "several data sets and the mean over them: those of val_dataloader in these files"
    parser.add_argument("--targets", nargs="+", metavar="[NAME=]FILE", help=targets_help)
    add_network_options(parser)
    add_config_options(parser)
    return parser.parse_intermixed_args()


def add_inference_options(parser: argparse.ArgumentParser) -> None:
    mode_help = "as the config says (default), one pass, or windows (of the config, else training crops with half overlap)"
    parser.add_argument("--inference-mode", choices=("same", "whole", "slide"), default="same", help=mode_help)
    preset_help = "paper (default) is what the config says; the others look at less, with a lower mIoU: docs/inference.md"
    parser.add_argument("--preset", choices=PRESETS, default="paper", help=preset_help)
    parser.add_argument("--hrda-out", choices=("LR", "HR", "ATT"), help="context prediction, detail prediction, or scale attention of HRDA")
    parser.add_argument("--aug-test", action="store_true", help="average six scales and their mirror images")
    prior_help = "JSON of class priors (tools/prepare/priors.py): predict for the target's instead of the source's"
    parser.add_argument("--prior-correction", type=Path, metavar="FILE.json", help=prior_help)
    temperature_help = "confidence at the temperature of tools/prepare/temperature.py (default: temperature.json beside the checkpoint)"
    parser.add_argument("--temperature", type=Path, nargs="?", const=True, metavar="FILE.json", help=temperature_help)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    show_help = "folder for predictions (preds_<…> beside the checkpoint without DIR, with --hrda-out, or of an unlabelled split)"
    parser.add_argument("--show-dir", type=Path, nargs="?", const=True, metavar="DIR", help=show_help)
    parser.add_argument("--opacity", type=float, default=1.0, help="1 (default) writes palette PNGs, less lays colours over the photo")
    figures_help = "draw the confusion matrix and the IoU of every class as PDF, beside the result"
    parser.add_argument("--figures", action="store_true", help=figures_help)
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="another copy of the result (default: eval/ beside the checkpoint)")


def add_server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format-only", action="store_true", help="no evaluation: write what a test server takes; reads no labels")
    parser.add_argument("--imgfile-prefix", type=Path, metavar="DIR", help="folder for it (default: format beside the checkpoint)")
    ids_help = "with --format-only write label ids (default), not train ids"
    parser.add_argument("--to-label-id", action=argparse.BooleanOptionalAction, help=ids_help)
    options_help = "the same two as imgfile_prefix=DIR to_label_id=True"
    parser.add_argument("--eval-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help=options_help)
    benchmark_help = (
        "with --format-only write what its server takes: label ids for Cityscapes, train ids for the others, BRAVO confidence too"
    )
    parser.add_argument("--benchmark", choices=BENCHMARKS, help=benchmark_help)
    parser.add_argument("--archive", type=Path, metavar="FILE.zip", help="with --format-only also pack the files for the upload")


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    for name in args.eval or ():
        if name != "mIoU":
            raise UserError(f"--eval {name} is not known: the only metric is mIoU. Use --eval mIoU.")
    if args.eval and args.format_only:
        raise UserError("--eval and --format-only exclude each other: a test split has no labels. Leave one of them out.")
    if args.aug_test and args.hrda_out == "ATT":
        raise UserError("--aug-test averages predictions, and --hrda-out ATT writes none. Leave one of them out.")
    if args.prior_correction and args.hrda_out == "ATT":
        raise UserError("--prior-correction corrects predictions, and --hrda-out ATT writes none. Leave one of them out.")
    if args.figures and (args.format_only or args.hrda_out == "ATT"):
        other = "--format-only" if args.format_only else "--hrda-out ATT"
        raise UserError(f"--figures draws what was measured, and {other} measures nothing. Leave one of them out.")
    if args.metrics and (args.format_only or args.hrda_out == "ATT"):
        other = "--format-only" if args.format_only else "--hrda-out ATT"
        raise UserError(f"--metrics trust compares predictions with labels, and {other} compares none. Leave one of them out.")
    if args.temperature and not args.metrics and args.benchmark != "bravo":
        raise UserError("--temperature changes how sure predictions are, and no labels. Add --metrics trust.")
    if args.preset != "paper" and args.inference_mode != "same":
        given = f"--preset {args.preset} and --inference-mode {args.inference_mode}"
        raise UserError(f"{given} exclude each other: a preset says where the network looks. Leave one of them out.")
    if not 0 < args.opacity <= 1:
        raise UserError(f"--opacity {args.opacity} is not a share. Use a number above 0, at most 1.")
    if args.out is not None and args.out.suffix != ".json":
        fix = f"Use --out {args.out.with_suffix('.json')}."
        raise UserError(f"--out {args.out}: results are written as JSON, and predictions as images. {fix}")
    for key in args.eval_options:
        if key not in FORMAT_OPTIONS:
            fix = suggestion(key, FORMAT_OPTIONS) or f" Use {' or '.join(FORMAT_OPTIONS)}."
            raise UserError(f"--eval-options has no entry '{key}'.{fix}")
    check_server_args(args)
    check_corruption_args(args)
    if args.targets and (args.test_set or args.format_only):
        other = "--test-set" if args.test_set else "--format-only"
        raise UserError(f"--targets and {other} exclude each other: the files of the targets name the splits. Leave one of them out.")


def check_corruption_args(args: argparse.Namespace) -> None:
    """Refuses what contradicts images that are made worse."""
    if args.reference and not args.corruptions:
        raise UserError("--reference is about corrupted images. Add --corruptions all.")
    excluded = {"--format-only": args.format_only, "--hrda-out ATT": args.hrda_out == "ATT", "--targets": args.targets}
    excluded |= {"--aug-test": args.aug_test, f"--show-dir {args.show_dir}": args.show_dir not in (None, True)}
    for option, given in excluded.items():
        if args.corruptions and given:
            raise UserError(f"--corruptions prints a table of mIoU, and {option} asks for something else. Leave one of them out.")


def check_server_args(args: argparse.Namespace) -> None:
    """Refuses options for a test server that contradict each other."""
    for option in ("benchmark", "archive"):
        if getattr(args, option) is not None and not args.format_only:
            raise UserError(f"--{option} is about files for a test server. Add --format-only.")
    if args.benchmark and (args.to_label_id is not None or "to_label_id" in args.eval_options):
        raise UserError(f"--benchmark {args.benchmark} says which ids are written. Leave to_label_id out.")
    if args.archive is not None and args.archive.suffix != ".zip":
        raise UserError(f"--archive {args.archive}: servers take zip archives. Use --archive {args.archive.with_suffix('.zip')}.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    choose_model(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    from mmseg.apis.evaluating.testing import run

    run(args, cfg)


if __name__ == "__main__":
    main()
