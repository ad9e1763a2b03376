"""Writes a network for use without this code: python tools/export.py CONFIG CHECKPOINT --out DIR [--size H W] [--format onnx] …"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
from datetime import datetime, timezone

from mmseg.apis.predicting.choices import SUFFIXES
from mmseg.config.options import OptionAction, add_trust_options, trusted
from mmseg.utils.errors import CommandParser, command_line
from mmseg.utils.storage.files import check_writable, write_json


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Write the network of one window as ONNX and as a torch.export program (docs/export.md).")
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("checkpoint", help="file of a training or a released one")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the files")
    size_help = "window in pixels (default: that of the config's test_cfg, else the training crop)"
    parser.add_argument("--size", type=int, nargs=2, metavar=("H", "W"), help=size_help)
    parser.add_argument("--batch", type=int, default=1, metavar="B", help="windows per pass (default 1)")
    parser.add_argument("--weights", choices=("model", "ema_model"), default="model", help="student (default) or teacher")
    prior_help = "JSON of class priors (tools/prepare/priors.py): predict for the target's instead of the source's"
    parser.add_argument("--prior-correction", type=Path, metavar="FILE.json", help=prior_help)
    parser.add_argument("--format", nargs="+", choices=tuple(SUFFIXES), default=list(SUFFIXES), help="files to write (default: both)")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    add_trust_options(parser)
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    from mmseg.config.config import digest, load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    check_writable(args.out)
    from mmseg.apis.predicting.export import description, export_window, file_records, sliding_window, versions
    from mmseg.apis.predicting.inference import init_model
    from mmseg.engine.checkpoints.checkpoint import file_hash

    method = init_model(cfg, args.checkpoint, weights=args.weights, prior_correction=args.prior_correction)
    window, stride = sliding_window(cfg, args.size)
    record = description(method, window, stride, args.batch)
    teacher = "" if args.weights == "model" else f"_{args.weights}"
    prior = f"_prior_{args.prior_correction.stem}" if args.prior_correction else ""
    base = args.out / f"{Path(args.checkpoint).stem}{teacher}{prior}_{window[0]}x{window[1]}"
    files = export_window(method, base, window, batch=args.batch, formats=args.format)
    record |= {
        "files": file_records(files),
        "checkpoint": {"path": args.checkpoint, "sha256": file_hash(args.checkpoint), "weights": args.weights},
        "config": {"path": args.config, "digest": digest(cfg)},
        "environment": versions(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    write_json(base.with_name(f"{base.name}.json"), record)
    for file in files.values():
        size = file.path.stat().st_size / 1e6
        print(f"{file.path}: {size:.1f} MB, differs from the network by at most {file.difference:.0e} of the logits' range")


if __name__ == "__main__":
    main()
