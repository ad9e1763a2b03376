"""What ``tools/adapt.py`` does once its options are known: the stream, predictions, a table and a record."""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from torch.utils.data import DataLoader

from mmseg.apis.adapting.conditions import TARGET, Condition, find_conditions
from mmseg.apis.adapting.protocol import Write, run_protocol
from mmseg.apis.adapting.records import adaptation_record, adaptation_table, summary_lines
from mmseg.apis.evaluating.evaluate import evaluation_loader, target_loaders
from mmseg.apis.evaluating.records import origin_record
from mmseg.apis.predicting.inference import init_model
from mmseg.evaluation.metric_config import metric_config
from mmseg.evaluation.tables import print_titled
from mmseg.models.test_time import build_online
from mmseg.utils.computing.devices import chosen_device
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import check_target, check_writable, write_json
from mmseg.visualization import write_palette_png
from mmseg.visualization.colorize import Palette

PROTOCOL = ("weights", "method", "method_options", "conditions", "corruptions", "rounds", "reset")
"""Options that decide the numbers."""


def run(args: argparse.Namespace, cfg: Config) -> None:
    """All of an adaptation.

    Args:
        args: the options of ``tools/adapt.py``.
        cfg: complete config.
    """
    conditions = find_conditions(args.streams, cfg, corruptions=args.corruptions, order=args.conditions)
    known = known_data(args, cfg)
    result = args.out or Path(args.checkpoint).parent / "eval" / f"{Path(args.checkpoint).stem}_adapt_{args.method}{variant(args)}.json"
    check_target(result)
    if args.show_dir:
        check_writable(args.show_dir)
        check_places(conditions)
    device = chosen_device(args.device)
    network = init_model(cfg, args.checkpoint, device, args.weights)
    method = build_online(args.method, network, **{"seed": cfg.seed, **args.method_options})
    print(f"Method {args.method}: {method.describe()}")
    write = args.show_dir and prediction_writer(args.show_dir, network.palette)
    how = {"rounds": args.rounds, "reset": args.reset, "known": known, "write": write}
    outcome = run_protocol(method, conditions, metric_config(cfg), **how)
    options = {key: getattr(args, key) for key in PROTOCOL} | {"streams": list(args.streams), "seed": cfg.seed}
    options |= {"cfg_options": args.cfg_options, "forgetting": args.forgetting}
    origin = origin_record(cfg, args.config, args.checkpoint, options, device=device)
    record = {**adaptation_record(outcome, conditions), **origin}
    report(args, record, result)


def known_data(args: argparse.Namespace, cfg: Config) -> tuple[str, DataLoader] | None:
    """Name and loader of what the network should not forget; None where nobody asks."""
    if args.forgetting is None:
        return None
    if args.forgetting is True:
        return TARGET, evaluation_loader(cfg)
    ((name, loader),) = target_loaders([args.forgetting], cfg.get("scale")).items()
    return name, loader


def prediction_writer(folder: Path, palette: Palette) -> Write:
    """Writes palette PNGs to ``FOLDER/round_1/CONDITION/…``, named like the images."""

    def write(number: int, condition: Condition, index: int, prediction) -> None:
        write_palette_png(folder / f"round_{number}" / places(condition)[index], prediction, palette)

    return write


def places(condition: Condition) -> list[Path]:
    """Where the predictions of a condition go, below the folder of a round."""
    folder = Path(condition.name.replace(":", "_").replace(" ", "_"))
    return [folder / result for result in condition.results]


def check_places(conditions: Sequence[Condition]) -> None:
    """Refuses predictions of which one would replace another.

    Raises:
        UserError: two images of a round have one place, as a.jpg and a.png of one folder, or an image that a list names twice.
    """
    taken = Counter(place for condition in conditions for place in places(condition))
    if double := [place for place, count in taken.items() if count > 1]:
        given = f"{taken[double[0]]} predictions of each round would be called {double[0]}"
        raise UserError(f"--show-dir: {given}. Give images and conditions names of their own, or leave --show-dir out.")


def report(args: argparse.Namespace, record: dict, result: Path) -> None:
    """Prints the table and writes the record."""
    again = ", the source's again before each condition" if args.reset else ""
    print_titled(f"{args.checkpoint} with {args.method}{again}, mIoU of predictions before each step", adaptation_table(record))
    for line in summary_lines(record):
        print(line)
    if args.show_dir:
        print(f"Predictions: {args.show_dir}")
    write_json(result, record)
    print(f"Result: {result}")


def variant(args: argparse.Namespace) -> str:
    """What tells this protocol from that without options, for the name of the file; empty for that one."""
    given: Sequence = [args.streams, *(getattr(args, key) for key in PROTOCOL if key not in ("method",)), args.cfg_options, args.forgetting]
    usual: Sequence = [[], "model", {}, [], [], 1, False, {}, None]
    return "" if given == usual else f"_{hashlib.sha256(repr(given).encode()).hexdigest()[:5]}"
