"""Class priors of source and target: python tools/prepare/priors.py CONFIG CHECKPOINT --out priors.json [--min-pixels N] …

Counts the images that show each class: of the source by its labels, of the target by what the network predicts in one pass. The file is
what --prior-correction of test.py, predict.py and export.py takes, and ClassifierRectification and PriorCorrection in a config.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import argparse
import shlex
from typing import TYPE_CHECKING

from mmseg.config.options import add_config_options, add_network_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_target, write_json

if TYPE_CHECKING:
    from mmengine.config import Config

    from mmseg.datasets.base import SegmentationDataset
    from mmseg.datasets.statistics.class_priors import PriorsFile
    from mmseg.models.uda import UDAMethod

SPLITS = ("target", "val", "test")
MIN_PIXELS = 1000


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("checkpoint", help="of an adapted network: a training's or a released one")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="file of the priors")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--split", choices=SPLITS, default="target", help="target images (default: target, those of the training)")
    which.add_argument("--images", type=Path, metavar="DIR", help="all images below this folder as the target instead")
    pixels_help = "a label shows a class with more than N pixels of it, at native size (default: %(default)s, as published)"
    parser.add_argument("--min-pixels", type=int, default=MIN_PIXELS, metavar="N", help=pixels_help)
    labels_help = "with --split val or test: count the target by its labels too, the true priors that an estimate is compared with"
    parser.add_argument("--target-labels", action="store_true", help=labels_help)
    picture_help = "also draw what is counted, and how many predictions show each class before and after the correction (a second pass)"
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help=picture_help)
    parser.add_argument("--as-drawn", action="store_true", help="count source images as often as class-aware sampling draws them")
    add_network_options(parser)
    add_config_options(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.out.suffix != ".json":
        raise UserError(f"--out {args.out}: priors are written as JSON. Use --out {args.out.with_suffix('.json')}.")
    if args.picture and args.picture.suffix != ".png":
        raise UserError(f"--picture {args.picture}: the picture is a PNG. Use --picture {args.picture.with_suffix('.png')}.")
    if args.min_pixels < 0:
        raise UserError(f"--min-pixels {args.min_pixels} is no number of pixels. Use 0 or more.")
    if args.target_labels and (args.images or args.split == "target"):
        raise UserError("--target-labels: the images of the training are read without labels. Use it with --split val or --split test.")


def draw(args: argparse.Namespace, cfg: Config, method: UDAMethod, dataset: SegmentationDataset, priors: PriorsFile) -> None:
    """Writes the picture of a file of priors."""
    from mmseg.apis.preparing.images import labelled_images_of
    from mmseg.apis.preparing.prior_picture import class_shares
    from mmseg.utils.storage.images import write_image
    from mmseg.visualization.figures.class_shares import class_share_picture

    labelled = labelled_images_of(cfg, args.split) if args.split != "target" and not args.images else None
    known = labelled if labelled is not None and labelled.labelled else None
    shares = class_shares(cfg, method, dataset, priors, min_pixels=args.min_pixels, labelled=known)
    title = f"Images that show each class with more than {args.min_pixels} pixels"
    write_image(args.picture, class_share_picture(priors["classes"], shares, title))
    print(f"Picture: {args.picture}")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    for file in filter(None, (args.out, args.picture)):
        check_target(file)
    from mmseg.apis.predicting.inference import init_model
    from mmseg.apis.preparing.images import images_of, labelled_images_of
    from mmseg.apis.preparing.priors import make_priors, source_of
    from mmseg.datasets.statistics.class_priors import read_priors
    from mmseg.utils.computing.devices import chosen_device

    source = source_of(cfg)
    dataset = labelled_images_of(cfg, args.split) if args.target_labels else images_of(cfg, args.split, args.images)
    method = init_model(cfg, args.checkpoint, chosen_device(args.device), args.weights)
    command = shlex.join(["python", "tools/prepare/priors.py", *sys.argv[1:]])
    options = {name: getattr(args, name) for name in ("min_pixels", "as_drawn", "target_labels", "weights")}
    made = make_priors(cfg, method, args.checkpoint, dataset, source=source, options=options, command=command)
    write_json(args.out, made)
    priors = read_priors(args.out)
    rows = zip(priors.classes, priors.source, priors.target, priors.log_ratio.exp().tolist(), strict=True)
    print("\n".join(f"{name:15} source {own:7} target {other:7} target / source {ratio:8.3f}" for name, own, other, ratio in rows))
    if priors.note:
        print(priors.note)
    print(f"Priors of {len(source)} source and {len(dataset)} target images: {args.out}")
    if args.picture:
        draw(args, cfg, method, dataset, made)


if __name__ == "__main__":
    main()
