"""How right pseudo-labels are, and how many there are: python tools/prepare/label_quality.py CONFIG FOLDER [FOLDER …] --split val …

Compares folders of tools/prepare/pseudo_labels.py with the labels of the same images. Precision is the share of the labelled pixels whose
label is true, coverage the share of the pixels that have one.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmseg.config.options import add_config_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_target, write_json

if TYPE_CHECKING:
    from mmseg.apis.preparing.label_quality import LabelQuality
    from mmseg.datasets.base import SegmentationDataset


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="of pseudo-labels, made with the same --split")
    parser.add_argument("--split", choices=("val", "test"), default="val", help="images of the config (default: val)")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all figures")
    picture_help = "also draw the image in which the first and the last folder differ most, with its labels"
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help=picture_help)
    add_config_options(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.out and args.out.suffix != ".json":
        raise UserError(f"--out {args.out}: figures are written as JSON. Use --out {args.out.with_suffix('.json')}.")
    if args.picture and args.picture.suffix != ".png":
        raise UserError(f"--picture {args.picture}: the picture is a PNG. Use --picture {args.picture.with_suffix('.png')}.")


def draw(args: argparse.Namespace, dataset: SegmentationDataset, found: Sequence[LabelQuality]) -> None:
    """Writes the picture."""
    import cv2

    from mmseg.apis.preparing.label_quality import LabelQuality
    from mmseg.datasets.sampling.made_targets import MadeTargets
    from mmseg.utils.storage.images import write_image
    from mmseg.visualization.pictures.label_quality import draw_label_quality

    index = int(abs(found[0].covered() - found[-1].covered()).argmax())
    sample, made = dataset[index], []
    truth = sample["label"].numpy()
    for folder, quality in zip(args.folders, found, strict=True):
        own = LabelQuality(quality.pixels[index : index + 1])
        label = MadeTargets.open(folder, dataset.images.names, dataset.classes, soft=False).label(index, truth.shape)
        made.append((f"{folder.name}: precision {own.precision:.1%}, coverage {own.coverage:.1%}", label))
    image = sample["image"].permute(1, 2, 0).numpy()
    write_image(args.picture, cv2.cvtColor(draw_label_quality(image, truth, made, dataset.palette, dataset.classes), cv2.COLOR_RGB2BGR))
    print(f"Picture: {args.picture}")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    for file in filter(None, (args.out, args.picture)):
        check_target(file)
    from mmseg.apis.preparing.images import labelled_images_of
    from mmseg.apis.preparing.label_quality import measure

    dataset = labelled_images_of(cfg, args.split)
    if not dataset.labelled:
        raise UserError(f"--split {args.split}: the images have no labels to compare with. Use a config that names some.")
    found = measure(dataset, args.folders)
    for folder, quality in zip(args.folders, found, strict=True):
        print(f"{folder}: precision {quality.precision:.2%}, coverage {quality.coverage:.2%}")
    if args.out:
        content = {str(folder): quality.as_dict(dataset.classes) for folder, quality in zip(args.folders, found, strict=True)}
        write_json(args.out, {"split": args.split, "images": len(dataset), "folders": content})
        print(f"Figures: {args.out}")
    if args.picture:
        draw(args, dataset, found)


if __name__ == "__main__":
    main()
