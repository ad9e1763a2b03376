"""Evaluates a checkpoint of ours or a released one: python tools/test.py CONFIG CHECKPOINT [--weights ema_model] [--show-dir DIR] …

On N GPUs: torchrun --standalone --nproc_per_node N tools/test.py CONFIG CHECKPOINT
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import hashlib

import rich
import torch
from mmengine.config import Config
from mmengine.dist import barrier, is_main_process
from torch.utils.data import DataLoader

from mmseg.apis.launching.train import check_writable
from mmseg.apis.predicting.evaluate import (
    Evaluation,
    evaluate,
    evaluation_loader,
    result_record,
    target_loaders,
    target_name,
    write_attention,
)
from mmseg.apis.predicting.inference import describe_inference, init_model
from mmseg.apis.predicting.passes import describe_work
from mmseg.apis.predicting.presets import PRESETS, apply_preset, preset_precision
from mmseg.apis.predicting.submission import BENCHMARKS, submission_writer, write_archive
from mmseg.apis.predicting.writers import Writer, label_id_writer, overlay_writer, palette_writer
from mmseg.config.config import OptionAction, load_config
from mmseg.engine.distributed import found_launcher, one_printer, one_voice, process_group
from mmseg.evaluation import metric_config, per_class_table, targets_table
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import UserError, command_line, suggestion
from mmseg.utils.files import write_json

FORMAT_OPTIONS = ("imgfile_prefix", "to_label_id")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Evaluate a checkpoint on the validation data of its config.")
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("checkpoint", help="file of a training or a released one")
    parser.add_argument("--weights", choices=("model", "ema_model"), default="model", help="student (default) or teacher")
    parser.add_argument("--eval", nargs="+", metavar="METRIC", help="mIoU, the only metric and the default")
    add_inference_options(parser)
    add_output_options(parser)
    add_server_options(parser)
    parser.add_argument("--test-set", action="store_true", help="the test split instead of the validation split")
    targets_help = "several data sets and the mean over them: those of val_dataloader in these files"
    parser.add_argument("--targets", nargs="+", metavar="[NAME=]FILE", help=targets_help)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    return parser.parse_args()


def add_inference_options(parser: argparse.ArgumentParser) -> None:
    mode_help = "as the config says (default), one pass, or windows (of the config, else training crops with half overlap)"
    parser.add_argument("--inference-mode", choices=("same", "whole", "slide"), default="same", help=mode_help)
    preset_help = "paper (default) is what the config says; the others look at less, with a lower mIoU: docs/inference.md"
    parser.add_argument("--preset", choices=PRESETS, default="paper", help=preset_help)
    parser.add_argument("--hrda-out", choices=("LR", "HR", "ATT"), help="context prediction, detail prediction, or scale attention of HRDA")
    parser.add_argument("--aug-test", action="store_true", help="average six scales and their mirror images")


def add_output_options(parser: argparse.ArgumentParser) -> None:
    show_help = "folder for predictions (default with --hrda-out or an unlabelled split: preds_<…> beside the checkpoint)"
    parser.add_argument("--show-dir", type=Path, help=show_help)
    parser.add_argument("--opacity", type=float, default=1.0, help="1 (default) writes palette PNGs, less lays colours over the photo")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="another copy of the result (default: eval/ beside the checkpoint)")


def add_server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format-only", action="store_true", help="no evaluation: write what a test server takes; reads no labels")
    parser.add_argument("--imgfile-prefix", type=Path, metavar="DIR", help="folder for it (default: format beside the checkpoint)")
    ids_help = "with --format-only write label ids (default), not train ids"
    parser.add_argument("--to-label-id", action=argparse.BooleanOptionalAction, help=ids_help)
    options_help = "the same two as imgfile_prefix=DIR to_label_id=True"
    parser.add_argument("--eval-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help=options_help)
    benchmark_help = "with --format-only write what its server takes: label ids for Cityscapes, train ids for the others"
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
    if args.targets and (args.test_set or args.format_only):
        other = "--test-set" if args.test_set else "--format-only"
        raise UserError(f"--targets and {other} exclude each other: the files of the targets name the splits. Leave one of them out.")
    check_device(args.device)


def check_server_args(args: argparse.Namespace) -> None:
    """Refuses options for a test server that contradict each other."""
    for option in ("benchmark", "archive"):
        if getattr(args, option) is not None and not args.format_only:
            raise UserError(f"--{option} is about files for a test server. Add --format-only.")
    if args.benchmark and (args.to_label_id is not None or "to_label_id" in args.eval_options):
        raise UserError(f"--benchmark {args.benchmark} says which ids are written. Leave to_label_id out.")
    if args.archive is not None and args.archive.suffix != ".zip":
        raise UserError(f"--archive {args.archive}: servers take zip archives. Use --archive {args.archive.with_suffix('.zip')}.")


def check_device(device: str) -> None:
    """Refuses a device that this machine or this torch does not have."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].split(".")[0]
        raise UserError(f"--device {device} cannot be used ({reason}). Use --device cpu.") from error


def variant(args: argparse.Namespace) -> str:
    """What distinguishes this evaluation from others of the same checkpoint, for file names."""
    parts = [args.weights] if args.weights != "model" else []
    parts += [args.inference_mode] if args.inference_mode != "same" else []
    parts += [args.preset] if args.preset != "paper" else []
    parts += [args.hrda_out] if args.hrda_out else []
    parts += ["aug"] if args.aug_test else []
    parts += ["test"] if args.test_set else []
    parts += [target_name(target) for target in args.targets or ()]
    parts += [hashlib.sha256(repr(sorted(args.cfg_options.items())).encode()).hexdigest()[:5]] if args.cfg_options else []
    return "".join(f"_{part}" for part in parts)


def output_folders(args: argparse.Namespace, labelled: bool) -> tuple[Path | None, Path | None]:
    """Folders for predictions to look at and for a test server; None where nothing is to be written."""
    beside = Path(args.checkpoint).parent
    show_dir = args.show_dir
    if show_dir is None and (args.hrda_out or not labelled) and not args.format_only:
        show_dir = beside / f"preds{variant(args)}"
    format_dir = Path(args.eval_options.get("imgfile_prefix") or args.imgfile_prefix or beside / "format") if args.format_only else None
    return show_dir, format_dir


def make_writers(args: argparse.Namespace, dataset_info: dict, show_dir: Path | None, format_dir: Path | None) -> list[Writer]:
    """Writers of the files that are asked for."""
    palette, writers = dataset_info["palette"], []
    if show_dir is not None:
        writers.append(palette_writer(show_dir, palette) if args.opacity == 1 else overlay_writer(show_dir, palette, args.opacity))
    if format_dir is not None and args.benchmark:
        writers.append(submission_writer(args.benchmark, format_dir, dataset_info))
    elif format_dir is not None:
        raw = args.eval_options.get("to_label_id", args.to_label_id is not False)
        writers.append(label_id_writer(format_dir, palette, dataset_info["label_ids"]) if raw else palette_writer(format_dir, palette))
    return writers


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    cfg = load_config(args.config, args.cfg_options)
    launcher = found_launcher()
    with one_voice(launcher), process_group(launcher, cfg.env_cfg.dist_cfg.backend), one_printer():
        run(args, cfg)


def run(args: argparse.Namespace, cfg: Config) -> None:
    """All of an evaluation; of several processes, the first one prints and writes the result."""
    if args.targets:
        loaders = target_loaders(args.targets, cfg.get("scale"))
    else:
        loaders = {"": evaluation_loader(cfg, test_set=args.test_set, labels=not args.format_only)}
    method = init_model(cfg, args.checkpoint, args.device, args.weights, inference_mode=args.inference_mode)
    apply_preset(method.model, PRESETS[args.preset])
    print(f"Inference: {describe_inference(method.model.test_cfg)}")
    with preset_precision(PRESETS[args.preset], args.device):
        evaluations = {name: evaluate_one(args, method, loader, metric_config(cfg), name) for name, loader in loaders.items()}
    measured = {name: evaluation for name, evaluation in evaluations.items() if evaluation and evaluation.metrics}
    if measured and is_main_process():
        outcome = measured if args.targets else measured[""]
        report(args, measured, result_record(cfg, args.config, args.checkpoint, outcome, options(args)))


def evaluate_one(args: argparse.Namespace, method: UDAMethod, loader: DataLoader, metric: dict, target: str) -> Evaluation | None:
    """Evaluates one data set and writes its predictions, below the name of the target if there are several; None for attention maps."""
    labelled, info = loader.dataset.labelled, loader.dataset.metainfo
    show_dir, format_dir = output_folders(args, labelled)
    show_dir = show_dir and show_dir / target
    for folder in filter(None, (show_dir, format_dir, args.archive and args.archive.parent)):
        if is_main_process():
            check_writable(folder)
    if args.hrda_out == "ATT":
        count = write_attention(method, loader, show_dir)
        print(f"{count} attention maps (0 context: dark, 1 detail: bright) in {show_dir}")
        return None
    writers = make_writers(args, info, show_dir, format_dir)
    evaluation = evaluate(method, loader, metric, branch=args.hrda_out, augment=args.aug_test, writers=writers)
    print(f"Preset {args.preset}, per image: {describe_work(evaluation.work)}")
    for folder in filter(None, (show_dir, format_dir)):
        print(f"Predictions of {evaluation.images} images: {folder}")
    barrier()  # every process writes the predictions of its images
    if args.archive is not None and is_main_process():
        write_archive(args.archive, format_dir, loader.dataset.images.names)
        print(f"Archive: {args.archive}")
    return evaluation


def options(args: argparse.Namespace) -> dict:
    """What decides the numbers, for the record."""
    return {key: getattr(args, key) for key in ("weights", "inference_mode", "preset", "hrda_out", "aug_test", "test_set", "cfg_options")}


def report(args: argparse.Namespace, evaluations: dict[str, Evaluation], record: dict) -> None:
    """Prints the tables and writes the record."""
    checkpoint = Path(args.checkpoint)
    name = f"{checkpoint.stem}{variant(args)}"
    for target, evaluation in evaluations.items():
        title = f"{checkpoint.parent / name}{target and f', {target}'}, {evaluation.images} images"
        title = "\n".join(filter(None, (title, evaluation.absent_note)))
        conditions = {condition: part.metrics for condition, part in evaluation.conditions.items()}
        rich.print(per_class_table(evaluation.metrics, title, conditions))
    if "targets" in record:
        metrics = {target: evaluation.metrics for target, evaluation in evaluations.items()}
        rich.print(targets_table(metrics, record["mean"], f"{checkpoint.parent / name}, mean over the targets"))
    for path in filter(None, (checkpoint.parent / "eval" / f"{name}.json", args.out)):
        write_json(path, record)
        print(f"Result: {path}")


if __name__ == "__main__":
    main()
