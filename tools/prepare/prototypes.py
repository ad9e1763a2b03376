"""Prototypes of classes and their shares in the target: python tools/prepare/prototypes.py CONFIG CHECKPOINT --out prototypes.npz …

Looks at the target images of a training without their labels and keeps the mean feature of each class, and how often it is predicted. The
file is what the methods of configs/cpsl start their self-labelling from.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import argparse
import shlex

from mmseg.config.options import add_config_options, add_network_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_target

SPLITS = ("target", "source", "val", "test")


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one; its decoder has an embedding")
    parser.add_argument("checkpoint", help="file of a training or a released one")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz", help="file of the prototypes")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--split", choices=SPLITS, default="target", help="images of the config (default: target, those of the training)")
    which.add_argument("--images", type=Path, metavar="DIR", help="all images below this folder instead")
    passes_help = "look at all images N times (default: 1; published: 4, which matters where a class is in more than 3000 images of them)"
    parser.add_argument("--passes", type=int, default=1, metavar="N", help=passes_help)
    random_help = (
        "directions that are drawn at random in place of the means, to see what a good start is worth; shares are counted as usual"
    )
    parser.add_argument("--random", action="store_true", help=random_help)
    picture_help = "also draw the prototypes among vectors of single images, and an assignment before and after it is balanced"
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help=picture_help)
    add_network_options(parser)
    add_config_options(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.out.suffix != ".npz":
        raise UserError(f"--out {args.out}: prototypes are written as npz. Use --out {args.out.with_suffix('.npz')}.")
    if args.picture and args.picture.suffix != ".png":
        raise UserError(f"--picture {args.picture}: the picture is a PNG. Use --picture {args.picture.with_suffix('.png')}.")
    if args.passes < 1:
        raise UserError(f"--passes {args.passes}: no image would be looked at. Use 1 or more.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    for file in filter(None, (args.out, args.picture)):
        check_target(file)
    from mmseg.apis.predicting.inference import init_model
    from mmseg.apis.preparing.images import images_of
    from mmseg.apis.preparing.prototypes import gather, make_prototypes, random_directions, summary
    from mmseg.utils.computing.devices import chosen_device
    from mmseg.utils.products.prototype_file import write_prototypes

    dataset = images_of(cfg, args.split, args.images)
    method = init_model(cfg, args.checkpoint, chosen_device(args.device), args.weights)
    command = shlex.join(["python", "tools/prepare/prototypes.py", *sys.argv[1:]])
    gathered = gather(cfg, method, dataset, passes=args.passes, keep=args.picture is not None)
    if args.random:
        gathered.vectors = random_directions(gathered.vectors, cfg.seed)
    settings = {"passes": args.passes, "weights": args.weights, "random": args.random}
    prototypes, header = make_prototypes(method, gathered, args.checkpoint, dataset.images.names, settings=settings, command=command)
    write_prototypes(args.out, prototypes, header)
    print("\n".join(summary(prototypes, method.classes)))
    print(f"Prototypes of {header['images']} images: {args.out}")
    if args.picture:
        import torch

        from mmseg.apis.preparing.prototype_picture import draw_prototypes

        draw_prototypes(args.picture, prototypes, torch.cat(gathered.samples), method)
        print(f"Picture: {args.picture}")


if __name__ == "__main__":
    main()
