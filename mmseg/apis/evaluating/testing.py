"""What ``tools/test.py`` does once its options are known: predictions, tables, records, files for a test server."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import barrier, is_main_process
from torch.utils.data import DataLoader

from mmseg.apis.evaluating.evaluate import (
    Evaluation,
    evaluate,
    evaluation_loader,
    own_share,
    target_loaders,
    target_name,
    write_attention,
)
from mmseg.apis.evaluating.records import result_record, trust_metrics
from mmseg.apis.evaluating.robustness import (
    chosen_corruptions,
    corrupted_loaders,
    corruption_record,
    corruption_table,
    read_reference,
)
from mmseg.apis.evaluating.submission import submission_writer, write_archive, written_files
from mmseg.apis.predicting.choices import BENCHMARKS
from mmseg.apis.predicting.inference import init_model
from mmseg.apis.predicting.inference_modes import describe_inference
from mmseg.apis.predicting.passes import describe_work
from mmseg.apis.predicting.presets import PRESETS, apply_preset, preset_precision
from mmseg.apis.predicting.writers import Files, Writer, label_id_writer, overlay_writer, palette_writer, result_files
from mmseg.datasets.reading.value_range import ValueRange
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.distributed import found_launcher, one_printer, one_voice, process_group
from mmseg.engine.provenance.record import origin_of
from mmseg.evaluation.depth_errors import PREFIX as DEPTH
from mmseg.evaluation.metric_config import metric_config
from mmseg.evaluation.names import class_names
from mmseg.evaluation.tables import per_class_table, print_titled, targets_table
from mmseg.evaluation.trust.measures import reliability, risk_coverage, undefined_reason
from mmseg.evaluation.trust.record import ALL
from mmseg.evaluation.trust.table import trust_table
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.devices import chosen_device
from mmseg.utils.errors import UserError
from mmseg.utils.products.array_file import SUFFIX
from mmseg.utils.storage.files import check_writable, write_bytes, write_json
from mmseg.utils.storage.run_folder import BEST, LATEST
from mmseg.utils.storage.space import SpaceWatch


def run(args: argparse.Namespace, cfg: Config) -> None:
    """All of an evaluation; of several processes, the first one prints and writes the result.

    Args:
        args: the options of ``tools/test.py``.
        cfg: complete config.
    """
    args.device = chosen_device(args.device)
    launcher = found_launcher()
    with one_voice(launcher, cfg.env_cfg) as peers, process_group(launcher, cfg.env_cfg, peers), one_printer():
        _run(args, cfg)


def _run(args: argparse.Namespace, cfg: Config) -> None:
    chosen = chosen_corruptions(args.corruptions)
    reference = read_reference(args.reference, chosen) if args.reference else None
    if args.targets:
        loaders = target_loaders(args.targets, cfg.get("scale"))
    else:
        loaders = {"": evaluation_loader(cfg, test_set=args.test_set, labels=not args.format_only)}
    how = {"inference_mode": args.inference_mode, "prior_correction": args.prior_correction, "temperature": args.temperature}
    method = init_model(cfg, args.checkpoint, args.device, args.weights, **how)
    apply_preset(method.model, PRESETS[args.preset])
    print(f"Inference: {describe_inference(method.model.test_cfg)}")
    counts = args.hrda_out != "ATT" and any(loader.dataset.labelled for loader in loaders.values())
    results = result_paths(args) if counts and is_main_process() else []
    with preset_precision(PRESETS[args.preset], args.device):
        evaluations = {name: evaluate_one(args, method, loader, metric_config(cfg), name) for name, loader in loaders.items()}
        worse = evaluate_corrupted(args, cfg, method, chosen) if loaders.get("") and loaders[""].dataset.labelled else {}
    measured = {name: evaluation for name, evaluation in evaluations.items() if evaluation and evaluation.metrics}
    if measured and is_main_process():
        outcome = measured if args.targets else measured[""]
        origin = origin_of(read_checkpoint(args.checkpoint, values=False))
        record = result_record(cfg, args.config, args.checkpoint, outcome, options(args), device=args.device, origin=origin)
        if worse:
            record["corruptions"] = corruption_record(worse, cfg.seed, reference)
        report(args, measured, record, results)
        if args.targets:
            sizes = {name: loader.dataset.test_scale for name, loader in loaders.items()}
            print("\n".join(protocol(sizes, Path(args.checkpoint))))


def evaluate_corrupted(args: argparse.Namespace, cfg: Config, method: UDAMethod, chosen: list[tuple[str, int]]) -> dict:
    """The evaluation of every chosen (kind, severity); predictions are written for images as they are alone."""
    build = partial(evaluation_loader, cfg, test_set=args.test_set)
    looks = {"branch": args.hrda_out, "trust": bool(args.metrics)}
    evaluations = {}
    for number, (kind, severity, loader) in enumerate(corrupted_loaders(build, chosen, cfg.seed), start=1):
        print(f"Corruption {number} of {len(chosen)}: {kind}, severity {severity}")
        evaluations[kind, severity] = evaluate(method, loader, metric_config(cfg), **looks)
    return evaluations


def result_paths(args: argparse.Namespace) -> list[Path]:
    """Where the result goes: beside the checkpoint, where that may be written, and to ``--out``.

    Raises:
        UserError: nowhere.
    """
    beside = Path(args.checkpoint).parent / "eval" / f"{Path(args.checkpoint).stem}{variant(args)}.json"
    try:
        check_writable(beside.parent)
    except UserError as error:
        if args.out is None:
            reason = str(error).partition(". ")[0]
            raise UserError(f"{reason}, and the result would be lost. Add --out FILE.json, in a folder that is writable.") from None
        return [args.out]
    return [beside, args.out] if args.out else [beside]


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
    images = loader.dataset.images
    shown = show_dir and result_files(show_dir, images)
    benchmark = BENCHMARKS.get(args.benchmark)
    in_folders = benchmark is not None and benchmark.confidence
    sent = format_dir and result_files(format_dir, images, flat=not in_folders)
    writers = make_writers(args, info, shown, sent, images.values)
    writers += [SpaceWatch(folder, len(own_share(len(images)))).step for folder in (show_dir, format_dir) if folder]
    looks = {"branch": args.hrda_out, "augment": args.aug_test, "trust": bool(args.metrics)}
    evaluation = evaluate(method, loader, metric, **looks, writers=writers, confidence=in_folders)
    print(f"Preset {args.preset}, per image: {describe_work(evaluation.work)}")
    for folder in filter(None, (show_dir, format_dir)):
        print(f"Predictions of {evaluation.images} images: {folder}")
    barrier()  # every process writes the predictions of its images
    if args.archive is not None and is_main_process():
        write_archive(args.archive, written_files(benchmark, sent), format_dir if in_folders else None)
        print(f"Archive: {args.archive}")
    return evaluation


def options(args: argparse.Namespace) -> dict:
    """What decides the numbers, for the record."""
    keys = ("weights", "inference_mode", "preset", "hrda_out", "aug_test", "test_set", "cfg_options")
    prior = {"prior_correction": str(args.prior_correction)} if args.prior_correction else {}
    temperature = {"temperature": True if args.temperature is True else str(args.temperature)} if args.temperature else {}
    return {**{key: getattr(args, key) for key in keys}, **prior, **temperature}


def report(args: argparse.Namespace, evaluations: dict[str, Evaluation], record: dict, results: list[Path]) -> None:
    """Prints the tables and writes the record to the files ``results``."""
    checkpoint = Path(args.checkpoint)
    name = f"{checkpoint.stem}{variant(args)}"
    for target, evaluation in evaluations.items():
        title = f"{checkpoint.parent / name}{target and f', {target}'}, {evaluation.images} images"
        title = "\n".join(filter(None, (title, evaluation.absent_note)))
        conditions = {condition: part.metrics for condition, part in evaluation.conditions.items()}
        print_titled(title, per_class_table(evaluation.metrics, conditions))
        depth = [f"{name} {value:.2f}" for name, value in evaluation.metrics.items() if name.startswith(DEPTH)]
        if depth:
            print(f"Errors of the predicted depth: {', '.join(depth)}")
        if evaluation.trust:
            print_titled("How far confidence can be trusted, percent (docs/trust.md)", trust_table(trust_metrics(evaluation)))
            if note := undefined_reason(evaluation.trust[ALL]):
                print(f"Note: {note}")
    if "targets" in record:
        metrics = {target: evaluation.metrics for target, evaluation in evaluations.items()}
        print_titled(f"{checkpoint.parent / name}, mean over the targets", targets_table(metrics, record["mean"]))
    if "corruptions" in record:
        title = f"{checkpoint.parent / name}, mIoU on images that are made worse"
        print_titled(title, corruption_table(record["corruptions"], evaluations[""].metrics["mIoU"]))
    for path in results:
        write_json(path, record)
        if counts := evaluations[""].counts if "" in evaluations else None:
            counts.write(path.with_suffix(SUFFIX))  # beside it, for tools/compare.py
        print(f"Result: {path}")
    if args.figures:
        for target, evaluation in evaluations.items():
            write_figures(results[0].with_name(f"{results[0].stem}{target and f'_{target}'}"), evaluation)


def protocol(sizes: Mapping[str, Sequence[int] | None], checkpoint: Path) -> list[str]:
    """What decides a mean over targets and differs between papers: sizes of the images, and which state of the training it is.

    Args:
        sizes: (w, h) that the images of each target are resized to fit into; None for their native size.
        checkpoint: what was measured.
    """
    shown = ", ".join(f"{name} {'x'.join(map(str, size)) if size else 'at native size'}" for name, size in sizes.items())
    lines = [f"Protocol: images in {shown}; labels at native size. Papers differ in the sizes: docs/foundation.md, Three unseen targets."]
    if checkpoint.name == BEST:
        text = f"{BEST} was chosen by labels of the validation data. Where these are a target, it is an upper line, as in Rein and SoMA"
        lines.append(f"{text}, and {LATEST} the result.")
    return lines


def write_figures(stem: Path, evaluation: Evaluation) -> None:
    """Draws ``STEM_confusion.pdf`` and ``STEM_classes.pdf``; where reliability was measured, also ``STEM_reliability.pdf``."""
    from mmseg.visualization.figures.charts import as_pdf  # matplotlib takes a second
    from mmseg.visualization.figures.evaluation import class_bars, confusion_figure
    from mmseg.visualization.figures.reliability import reliability_figure

    metrics, names = evaluation.metrics, class_names(evaluation.metrics)
    bars = class_bars([metrics[f"IoU.{name}"] for name in names], names, metrics["mIoU"])
    figures = {"confusion": confusion_figure(evaluation.confusion, names), "classes": bars}
    if evaluation.trust and evaluation.trust[ALL][:2].any():
        counts = evaluation.trust[ALL]
        figures["reliability"] = reliability_figure(reliability(counts), risk_coverage(counts))
    for name, figure in figures.items():
        path = Path(f"{stem}_{name}.pdf")
        write_bytes(path, as_pdf(figure))
        print(f"Figure: {path}")


def variant(args: argparse.Namespace) -> str:
    """What distinguishes this evaluation from others of the same checkpoint, for file names."""
    parts = [args.weights] if args.weights != "model" else []
    parts += [args.inference_mode] if args.inference_mode != "same" else []
    parts += [args.preset] if args.preset != "paper" else []
    parts += [args.hrda_out] if args.hrda_out else []
    parts += ["aug"] if args.aug_test else []
    parts += ["_".join(["corruptions", *(text.replace(":", "") for text in args.corruptions)])] if args.corruptions else []
    parts += [f"prior_{args.prior_correction.stem}"] if args.prior_correction else []
    parts += ["temperature"] if args.temperature else []
    parts += ["test"] if args.test_set else []
    parts += [target_name(target) for target in args.targets or ()]
    parts += [hashlib.sha256(repr(sorted(args.cfg_options.items())).encode()).hexdigest()[:5]] if args.cfg_options else []
    return "".join(f"_{part}" for part in parts)


def output_folders(args: argparse.Namespace, labelled: bool) -> tuple[Path | None, Path | None]:
    """Folders for predictions to look at and for a test server; None where nothing is to be written.

    ``--show-dir`` without a folder is True: one beside the checkpoint, which no other options write to.
    """
    beside = Path(args.checkpoint).parent
    show_dir = args.show_dir
    if show_dir is True or (show_dir is None and (args.hrda_out or not labelled) and not args.format_only):
        blended = f"_opacity{args.opacity:g}" if args.opacity < 1 else ""
        show_dir = beside / f"preds{variant(args)}{blended}"
    format_dir = Path(args.eval_options.get("imgfile_prefix") or args.imgfile_prefix or beside / "format") if args.format_only else None
    if show_dir is not None and show_dir == format_dir:
        raise UserError(f"Predictions to look at and those for a server would both be written to {show_dir}. Choose another --show-dir.")
    return show_dir, format_dir


def make_writers(
    args: argparse.Namespace, dataset_info: dict, shown: Files | None, sent: Files | None, values: ValueRange | None
) -> list[Writer]:
    """Writers of the files that are asked for, to look at and for a test server; overlays read the photos with ``values``."""
    palette, writers = dataset_info["palette"], []
    if shown is not None:
        writers.append(palette_writer(shown, palette) if args.opacity == 1 else overlay_writer(shown, palette, args.opacity, values))
    if sent is not None and args.benchmark:
        writers.append(submission_writer(args.benchmark, sent, dataset_info))
    elif sent is not None:
        raw = args.eval_options.get("to_label_id", args.to_label_id is not False)
        writers.append(label_id_writer(sent, palette, dataset_info["label_ids"]) if raw else palette_writer(sent, palette))
    return writers
