"""Predicts own images and videos: python tools/predict.py CONFIG CHECKPOINT INPUT… --out DIR [--save palette overlay confidence panel] …"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import os
from collections.abc import Iterable, Sequence

import torch

from mmseg.apis.launching.train import check_writable
from mmseg.apis.predicting.inference import init_model
from mmseg.apis.predicting.passes import counted, describe_passes
from mmseg.apis.predicting.predict import ATTENTION, KINDS, Options, class_colors, count_looks, output_paths, predict
from mmseg.apis.predicting.sources import READABLE, Source, check_outputs, describe_left_out, find_sources
from mmseg.config.config import OptionAction, load_config
from mmseg.datasets.conversion.convert import progress_bar
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import UserError, command_line
from tools.test import check_device


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Predict own images, folders of them, and videos, of any size.")
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("checkpoint", help="file of a training or a released one")
    parser.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help=f"files, or folders with all below them: {READABLE}")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets DIR/palette/…, DIR/overlay/…, named like the inputs")
    save_help = "default: palette overlay; of a video the overlay video alone, as the others are one picture per frame"
    parser.add_argument("--save", nargs="+", choices=KINDS, metavar="KIND", help=f"any of {' '.join(KINDS)} ({save_help})")
    parser.add_argument("--opacity", type=float, default=0.5, help="share of the colours in overlays, above 0 to 1 (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of a video, only every N-th frame")
    parser.add_argument("--weights", choices=("model", "ema_model"), default="model", help="student (default) or teacher")
    branch_help = "context or detail prediction of HRDA alone, or its scale attention (into DIR/attention)"
    parser.add_argument("--hrda-out", choices=("LR", "HR", "ATT"), help=branch_help)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if not 0 < args.opacity <= 1:
        raise UserError(f"--opacity {args.opacity} is not a share. Use a number above 0, at most 1.")
    if args.every < 1:
        raise UserError(f"--every {args.every} takes no frame. Use 1 or more.")
    if args.save and args.hrda_out == "ATT":
        raise UserError("--hrda-out ATT writes no prediction that --save could draw. Leave one of them out.")
    check_device(args.device)


def kinds(args: argparse.Namespace) -> dict[str, Sequence[str]]:
    """What to write of images and of videos."""
    if args.hrda_out == "ATT":
        return {"kinds": (ATTENTION,), "video_kinds": (ATTENTION,)}
    return {"kinds": args.save or ("palette", "overlay"), "video_kinds": args.save or ("overlay",)}


def predict_all(model: UDAMethod, sources: Sequence[Source], options: Options, out: Path, total: int) -> int:
    """Predicts everything under a progress bar, says once for each size how it is looked at; returns the number of looks."""
    sizes: set[tuple[int, int]] = set()
    done = 0
    with progress_bar() as bar:
        task = bar.add_task("Predicting", total=total)
        for source in sources:
            for look in predict(model, source, options, out):
                if look.size not in sizes:
                    print(describe_passes(look.size, look.passes))
                sizes.add(look.size)
                done += 1
                bar.advance(task)
    return done


def summary(sources: Sequence[Source], done: int, total: int, outputs: Iterable[Path], out: Path) -> str:
    """What was predicted of the ``total`` images and announced frames, and where it lies."""
    videos = sum(source.video for source in sources)
    images = len(sources) - videos
    parts = [counted(images, "image")] if images else []
    parts += [f"{counted(done - images, 'frame')} of {counted(videos, 'video')}"] if videos else []
    folders = dict.fromkeys(str(out / path.relative_to(out).parts[0]) for path in outputs)
    short = f"\nThe videos announced {counted(total - done, 'frame')} more that could not be read." if done < total else ""
    return f"Predicted {' and '.join(parts)}: {', '.join(folders)}{short}"


@command_line
def main() -> None:
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg would print on a broken video what our error says
    args = parse_args()
    check_args(args)
    sources, left_out = find_sources(args.inputs, [(args.out / kind).resolve() for kind in (*KINDS, ATTENTION)])
    if left_out:
        print(describe_left_out(left_out))
    chosen = kinds(args)
    outputs = output_paths(sources, **chosen, out=args.out)
    check_outputs(sources, outputs)
    total = sum(count_looks(source, args.every) for source in sources)
    cfg = load_config(args.config, args.cfg_options)
    check_writable(args.out)

    model = init_model(cfg, args.checkpoint, args.device, args.weights)
    classes, palette = class_colors(cfg, model.model.num_classes)
    how = {"branch": args.hrda_out or "fused", "opacity": args.opacity, "every": args.every}
    options = Options(**chosen, **how, classes=classes, palette=palette)
    done = predict_all(model, sources, options, args.out, total)
    print(summary(sources, done, total, outputs, args.out))


if __name__ == "__main__":
    main()
