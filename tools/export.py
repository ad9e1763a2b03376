"""Writes a network for use elsewhere: python tools/export.py CONFIG CHECKPOINT --out DIR [--format onnx exported_program folder] …"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mmseg.apis.predicting.choices import SUFFIXES
from mmseg.apis.predicting.model_files import add_model_arguments, choose_model
from mmseg.config.options import OptionAction, add_trust_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_writable, write_json

if TYPE_CHECKING:  # torch takes seconds, which --help need not wait for
    from mmseg.models.uda import UDAMethod

FOLDER = "folder"


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Write a network as ONNX, as a torch.export program, or as a folder (docs/export.md).")
    add_model_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the files")
    size_help = "window in pixels (default: that of the config's test_cfg, else the training crop)"
    parser.add_argument("--size", type=int, nargs=2, metavar=("H", "W"), help=size_help)
    parser.add_argument("--batch", type=int, default=1, metavar="B", help="windows per pass (default 1)")
    parser.add_argument("--weights", choices=("model", "ema_model"), default="model", help="student (default) or teacher")
    prior_help = "JSON of class priors (tools/prepare/priors.py): predict for the target's instead of the source's"
    parser.add_argument("--prior-correction", type=Path, metavar="FILE.json", help=prior_help)
    temperature_help = "confidence at the temperature of tools/prepare/temperature.py (default: temperature.json beside the checkpoint)"
    parser.add_argument("--temperature", type=Path, nargs="?", const=True, metavar="FILE.json", help=temperature_help)
    format_help = f"what to write (default: {' and '.join(SUFFIXES)}); {FOLDER}: config, safetensors, classes and licence, in DIR itself"
    parser.add_argument("--format", nargs="+", choices=(*SUFFIXES, FOLDER), default=list(SUFFIXES), help=format_help)
    parser.add_argument("--half", action="store_true", help=f"with --format {FOLDER}: weights as float16")
    parser.add_argument("--licence", metavar="TEXT", help=f"with --format {FOLDER}: of the weights (default: that of the encoder's)")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    add_trust_options(parser)
    return parser.parse_intermixed_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if FOLDER not in args.format and (args.half or args.licence is not None):
        raise UserError(f"--half and --licence are about the weights of a folder. Add --format {FOLDER}.")
    changed = [option for option in ("prior-correction", "temperature") if getattr(args, option.replace("-", "_"))]
    if FOLDER in args.format and changed:
        text = f"--format {FOLDER} writes a network as it is, without --{changed[0]}"
        raise UserError(f"{text}. Leave it out, and give it to the commands that predict with the folder.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    choose_model(args)
    from mmseg.config.config import load_config
    from mmseg.config.identity import digest

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    check_writable(args.out)
    from mmseg.apis.predicting.inference import init_model
    from mmseg.engine.checkpoints.checkpoint import read_checkpoint
    from mmseg.utils.storage.checksums import file_hash

    method = init_model(cfg, args.checkpoint, weights=args.weights, prior_correction=args.prior_correction, temperature=args.temperature)
    origin = {
        "checkpoint": {"path": args.checkpoint, "sha256": file_hash(args.checkpoint), "weights": args.weights},
        "config": {"path": args.config, "digest": digest(cfg)},
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    if FOLDER in args.format:
        from mmseg.apis.exporting.folder import export_folder
        from mmseg.apis.verifying.recorded import of_training

        meta = read_checkpoint(args.checkpoint, values=False).get("meta") or {}
        rectified = bool(meta.get("rectified"))
        measured = of_training(Path(args.checkpoint).parent, meta.get("iteration")) if args.weights == "model" else None
        if measured and not args.prior_correction:
            origin["result"] = {"metrics": measured.metrics, "provenance": measured.provenance}  # for tools/verify.py
        for file in export_folder(method, args.out, origin, half=args.half, licence=args.licence, rectified=rectified):
            print(f"{file}: {file.stat().st_size / 1e6:.2f} MB")
    if formats := [name for name in args.format if name != FOLDER]:
        export_windows(args, method, origin, formats)


def export_windows(args: argparse.Namespace, method: UDAMethod, origin: dict, formats: Sequence[str]) -> None:
    """Writes the programs of one window, and the JSON that describes them."""
    from mmseg.apis.exporting.window import description, export_window, file_records, sliding_window, versions

    window, stride = sliding_window(method.cfg, args.size)
    record = description(method, window, stride, args.batch)
    teacher = "" if args.weights == "model" else f"_{args.weights}"
    prior = f"_prior_{args.prior_correction.stem}" if args.prior_correction else ""
    warm = "_temperature" if args.temperature else ""
    base = args.out / f"{Path(args.checkpoint).stem}{teacher}{prior}{warm}_{window[0]}x{window[1]}"
    files = export_window(method, base, window, batch=args.batch, formats=formats)
    write_json(base.with_name(f"{base.name}.json"), record | {"files": file_records(files), "environment": versions()} | origin)
    for file in files.values():
        size = file.path.stat().st_size / 1e6
        print(f"{file.path}: {size:.1f} MB, differs from the network by at most {file.difference:.0e} of the logits' range")


if __name__ == "__main__":
    main()
