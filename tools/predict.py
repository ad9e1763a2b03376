"""Predicts own images and videos: python tools/predict.py FOLDER INPUT… (or CONFIG CHECKPOINT INPUT…) [--out DIR] [--save overlay …]"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import os
from collections.abc import Sequence

from mmseg.apis.predicting.choices import ATTENTION, KINDS, READABLE
from mmseg.apis.predicting.model_files import add_model_arguments, choose_model
from mmseg.config.options import add_config_options, add_network_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_writable


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Predict own images, folders of them, and videos, of any size.")
    add_model_arguments(parser)
    parser.add_argument("inputs", nargs="*", type=Path, metavar="INPUT", help=f"files, or folders with all below them: {READABLE}")
    out_help = "gets DIR/palette/…, DIR/overlay/…, named like the inputs (default: %(default)s)"
    parser.add_argument("--out", type=Path, default=Path("predictions"), metavar="DIR", help=out_help)
    save_help = "default: palette overlay; of a video the overlay video alone, as the others are one picture per frame"
    parser.add_argument("--save", nargs="+", choices=KINDS, metavar="KIND", help=f"any of {' '.join(KINDS)} ({save_help})")
    parser.add_argument("--opacity", type=float, default=0.5, help="share of the colours in overlays, above 0 to 1 (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of a video, only every N-th frame")
    branch_help = "context or detail prediction of HRDA alone, or its scale attention (into DIR/attention)"
    parser.add_argument("--hrda-out", choices=("LR", "HR", "ATT"), help=branch_help)
    prior_help = "JSON of class priors (tools/prepare/priors.py): predict for the target's instead of the source's"
    parser.add_argument("--prior-correction", type=Path, metavar="FILE.json", help=prior_help)
    temperature_help = "confidence at the temperature of tools/prepare/temperature.py (default: temperature.json beside the checkpoint)"
    parser.add_argument("--temperature", type=Path, nargs="?", const=True, metavar="FILE.json", help=temperature_help)
    add_network_options(parser)
    add_config_options(parser)
    args = parser.parse_intermixed_args()
    if args.checkpoint is not None and Path(args.config).is_dir():  # its files are known, and what follows is to be predicted
        args.checkpoint, args.inputs = None, [Path(args.checkpoint), *args.inputs]
    if not args.inputs:
        parser.error("the following arguments are required: INPUT")
    return args


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if not 0 < args.opacity <= 1:
        raise UserError(f"--opacity {args.opacity} is not a share. Use a number above 0, at most 1.")
    if args.every < 1:
        raise UserError(f"--every {args.every} takes no frame. Use 1 or more.")
    if args.prior_correction and args.hrda_out == "ATT":
        raise UserError("--prior-correction corrects predictions, and --hrda-out ATT writes none. Leave one of them out.")
    if args.save and args.hrda_out == "ATT":
        raise UserError("--hrda-out ATT writes no prediction that --save could draw. Leave one of them out.")


def kinds(args: argparse.Namespace) -> dict[str, Sequence[str]]:
    """What to write of images and of videos."""
    if args.hrda_out == "ATT":
        return {"kinds": (ATTENTION,), "video_kinds": (ATTENTION,)}
    return {"kinds": args.save or ("palette", "overlay"), "video_kinds": args.save or ("overlay",)}


@command_line
def main() -> int:
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg would print on a broken video what our error says
    args = parse_args()
    check_args(args)
    choose_model(args)
    from mmseg.apis.predicting.sources import check_outputs, describe_left_out, find_sources

    sources, left_out = find_sources(args.inputs, [(args.out / kind).resolve() for kind in (*KINDS, ATTENTION)])
    if left_out:
        print(describe_left_out(left_out))
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    from mmseg.apis.predicting.inference import class_colors, init_model
    from mmseg.apis.predicting.predict import Options, failures, output_paths, predict_all, summary
    from mmseg.utils.computing.devices import chosen_device

    chosen = kinds(args)
    outputs = output_paths(sources, **chosen, out=args.out)
    check_outputs(sources, outputs)
    check_writable(args.out)
    device, changes = chosen_device(args.device), {"prior_correction": args.prior_correction, "temperature": args.temperature}
    model = init_model(cfg, args.checkpoint, device, args.weights, **changes)
    classes, palette = class_colors(cfg, model.model.num_classes)
    how = {"branch": args.hrda_out or "fused", "opacity": args.opacity, "every": args.every}
    options = Options(**chosen, **how, classes=classes, palette=palette)
    outcome = predict_all(model, sources, options, args.out)
    print(summary(outcome, outputs, args.out))
    if outcome.failed:
        print(failures(outcome), file=sys.stderr)
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    main()
