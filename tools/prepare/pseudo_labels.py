"""Pseudo-labels of a domain or a folder of images: python tools/prepare/pseudo_labels.py CONFIG CHECKPOINT --out DIR [--images DIR] …

Writes DIR/NAME.png for each image NAME (train ids, 255 where the network is not sure enough or an area is too small), or with --soft
DIR/NAME.npz, and DIR/header.json with the share of every class. The same command goes on with what an interrupted one has begun.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import argparse
import shlex
from collections.abc import Sequence

from mmseg.config.options import add_config_options, add_network_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line

SPLITS = ("target", "source", "val", "test")


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("checkpoint", help="file of a training or a released one")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder, or one that the same command has begun")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--split", choices=SPLITS, default="target", help="images of the config (default: target, those of the training)")
    which.add_argument("--images", type=Path, metavar="DIR", help="all images below this folder instead")
    parser.add_argument("--soft", action="store_true", help="the probabilities of all classes: uint8 [K, h, w] in steps of 1/255")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--stride", type=int, metavar="N", help="with --soft: pixels per value and side, averaged (default: 4)")
    size.add_argument("--native", action="store_true", help="with --soft: the network's own values of the whole image, not enlarged")
    parser.add_argument("--flip", action="store_true", help="average the probabilities with those of the mirror image")
    parser.add_argument("--threshold", type=float, metavar="P", help="255 where the probability is below P")
    quantile_help = "255 for this share of the pixels of each class, the least sure ones; with --threshold, unless they reach P"
    parser.add_argument("--class-quantile", type=float, metavar="Q", help=quantile_help)
    area_help = (
        "255 where fewer connected pixels have one class than AREA, counted as the network sees the image: one per class, or one for all"
    )
    parser.add_argument("--spatial-prior", type=float, nargs="+", metavar="AREA", help=area_help)
    size_help = "the areas are those of images of this size, and in proportion where the network sees others"
    parser.add_argument("--spatial-prior-size", type=int, nargs=2, metavar=("W", "H"), help=size_help)
    frequencies_help = (
        "mixtures of the source: the two areas are then that of its rarest class, and how much more its most frequent one has"
    )
    parser.add_argument("--frequencies", type=Path, metavar="FILE.npz", help=frequencies_help)
    prior_help = "JSON of class priors (tools/prepare/priors.py): predict for the target's instead of the source's"
    parser.add_argument("--prior-correction", type=Path, metavar="FILE.json", help=prior_help)
    add_network_options(parser)
    add_config_options(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.soft and (args.threshold is not None or args.class_quantile is not None):
        raise UserError("--soft keeps the probabilities of all pixels. Leave --threshold and --class-quantile out.")
    for name in ("stride", "native"):
        if getattr(args, name) and not args.soft:
            raise UserError(f"--{name} is of soft maps. Add --soft, or leave it out.")
    if args.stride is not None and args.stride < 1:
        raise UserError(f"--stride {args.stride}: no map has such a size. Use 1 or more.")
    if args.threshold is not None and not 0 < args.threshold <= 1:
        raise UserError(f"--threshold {args.threshold} is no probability. Use a number above 0, at most 1.")
    if args.class_quantile is not None and not 0 < args.class_quantile < 1:
        raise UserError(f"--class-quantile {args.class_quantile} is no share. Use a number above 0 and below 1.")
    if args.spatial_prior is None:
        for name in ("frequencies", "spatial_prior_size"):
            if getattr(args, name) is not None:
                raise UserError(f"--{name.replace('_', '-')} is of --spatial-prior. Add --spatial-prior 50 4950, or leave it out.")
        return
    if args.soft or args.class_quantile is not None:
        raise UserError("--spatial-prior counts the pixels of hard labels that --threshold keeps. Leave --soft and --class-quantile out.")
    if min(args.spatial_prior) < 0 or min(args.spatial_prior_size or [1]) < 1:
        raise UserError("--spatial-prior and --spatial-prior-size count pixels. Use 0 or more, and a size of 1 1 or more.")
    if args.frequencies and len(args.spatial_prior) != 2:
        raise UserError(f"--frequencies needs two areas, and --spatial-prior has {len(args.spatial_prior)}. Use --spatial-prior 50 4950.")


def areas(args: argparse.Namespace, classes: Sequence[str]) -> tuple[float, ...] | None:
    """The smallest component of each class; None without the prior."""
    if args.spatial_prior is None:
        return None
    from mmseg.models.uda.pseudo_labels.spatial_prior import class_thresholds, per_class

    if not args.frequencies:
        return tuple(per_class(args.spatial_prior, len(classes), "--spatial-prior").tolist())
    from mmseg.utils.products.header import check_header
    from mmseg.utils.products.mixture_file import KIND, read_mixture_header

    header = read_mixture_header(args.frequencies)
    check_header(header, args.frequencies, kind=KIND, classes=classes)
    return tuple(class_thresholds([header["frequencies"][name] for name in classes], *args.spatial_prior).tolist())


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    from mmseg.apis.predicting.inference import init_model
    from mmseg.apis.preparing.images import images_of
    from mmseg.apis.preparing.pseudo_labels import LabelOptions, make_labels
    from mmseg.utils.computing.devices import chosen_device
    from mmseg.utils.storage.locks import locked

    dataset = images_of(cfg, args.split, args.images)
    command = shlex.join(["python", "tools/prepare/pseudo_labels.py", *sys.argv[1:]])
    chosen = {"soft": args.soft, "flip": args.flip, "threshold": args.threshold, "class_quantile": args.class_quantile}
    method = init_model(cfg, args.checkpoint, chosen_device(args.device), args.weights, prior_correction=args.prior_correction)
    chosen |= {
        "spatial_prior": areas(args, method.classes),
        "spatial_prior_size": args.spatial_prior_size and tuple(args.spatial_prior_size),
    }
    options = LabelOptions(**chosen, native=args.native, **({"stride": args.stride} if args.stride else {}))
    try:
        with locked(args.out):
            header = make_labels(cfg, method, args.checkpoint, dataset, args.out, options, weights=args.weights, command=command)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"What is done stays. Go on with: {command}") from None
    print(", ".join(f"{name} {share:.2f}" for name, share in header["shares"].items()) + " (percent of the pixels)")
    print(f"Pseudo-labels of {header['images']} images: {args.out}")


if __name__ == "__main__":
    main()
