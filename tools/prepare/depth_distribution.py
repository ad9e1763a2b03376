"""Where the classes of the source lie in image and depth: python tools/prepare/depth_distribution.py CONFIG --out mixtures.npz …

Fits a Gaussian mixture over (column, row, inverse depth) to the pixels of each class. The file is what the methods of
configs/depth_distribution compare their predictions with. The source of the config needs the option depth_dir.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import argparse
import shlex

from mmseg.config.options import add_config_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_target


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="Python config of a training, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz", help="file of the mixtures")
    units_help = "columns and rows of the grid with inverse depth, as published (default), or shares of the image with its logarithm"
    parser.add_argument("--units", choices=("raw", "normalized"), default="raw", help=units_help)
    grid_help = "columns and rows that each image is looked at; in raw units, those of the network's output (default: 161 96, published)"
    parser.add_argument("--grid", type=int, nargs=2, default=(161, 96), metavar=("W", "H"), help=grid_help)
    parser.add_argument("--components", type=int, default=5, metavar="N", help="Gaussians of a class (default: 5, published)")
    parser.add_argument("--pixels", type=int, default=100_000, metavar="N", help="drawn of each class (default: %(default)s)")
    parser.add_argument("--without", nargs="+", default=[], metavar="CLASS", help="classes that get no mixture: their density is 0")
    shuffle_help = "give the classes each other's mixtures, to see what a training gains from the true ones"
    parser.add_argument("--shuffle", action="store_true", help=shuffle_help)
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="also draw the density of each class")
    add_config_options(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.out.suffix != ".npz":
        raise UserError(f"--out {args.out}: mixtures are written as npz. Use --out {args.out.with_suffix('.npz')}.")
    if args.picture and args.picture.suffix != ".png":
        raise UserError(f"--picture {args.picture}: the picture is a PNG. Use --picture {args.picture.with_suffix('.png')}.")
    if min(args.grid) < 1 or args.components < 1 or args.pixels < args.components:
        given = f"--grid {args.grid[0]} {args.grid[1]} --components {args.components} --pixels {args.pixels}"
        raise UserError(f"{given} leave nothing to fit. Use 1 or more, and at least as many pixels as components.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    for file in filter(None, (args.out, args.picture)):
        check_target(file)
    from mmseg.apis.preparing.depth_distribution import MixtureOptions, make_mixtures, summary
    from mmseg.apis.preparing.priors import source_of
    from mmseg.utils.products.mixture_file import write_mixtures

    source = source_of(cfg)
    options = MixtureOptions(
        units=args.units,
        grid=tuple(args.grid),
        components=args.components,
        pixels=args.pixels,
        without=tuple(args.without),
        shuffle=args.shuffle,
    )
    command = shlex.join(["python", "tools/prepare/depth_distribution.py", *sys.argv[1:]])
    mixtures, header = make_mixtures(cfg, source, options, command=command)
    write_mixtures(args.out, mixtures, header)
    print("\n".join(summary(header)))
    print(f"Mixtures of {header['images']} images: {args.out}")
    if args.picture:
        import cv2

        from mmseg.utils.storage.images import write_image
        from mmseg.visualization.pictures.mixtures import draw_mixtures

        write_image(args.picture, cv2.cvtColor(draw_mixtures(mixtures, header["classes"]), cv2.COLOR_RGB2BGR))
        print(f"Picture: {args.picture}")


if __name__ == "__main__":
    main()
