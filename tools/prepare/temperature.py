"""Makes confidence mean what it says: python tools/prepare/temperature.py CONFIG CHECKPOINT (or FOLDER) [--data FILE] [--images N]

Fits one number, the temperature, on labelled images: those of the source of the training, or of the val_dataloader in another file. It is
written beside the checkpoint, where --temperature of test.py, predict.py and export.py finds it.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import argparse
import shlex

from mmseg.apis.predicting.model_files import add_model_arguments, choose_model
from mmseg.config.options import add_config_options, add_network_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_target, write_json

IMAGES = 100


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model_arguments(parser)
    data_help = "file with a val_dataloader of labelled images that were not trained on (default: the source of the training)"
    parser.add_argument("--data", metavar="FILE", help=data_help)
    parser.add_argument("--images", type=int, default=IMAGES, metavar="N", help="of them at most, spread evenly (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="default: temperature.json beside the checkpoint")
    add_network_options(parser)
    add_config_options(parser)
    return parser.parse_intermixed_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.images < 1:
        raise UserError(f"--images {args.images} leaves nothing to fit to. Use 1 or more.")
    if args.out is not None and args.out.suffix != ".json":
        raise UserError(f"--out {args.out}: the temperature is written as JSON. Use --out {args.out.with_suffix('.json')}.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    choose_model(args)
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, training=False, trust=trusted(args))
    from mmseg.apis.evaluating.evaluate import check_classes, target_loaders
    from mmseg.apis.predicting.inference import init_model
    from mmseg.apis.predicting.temperature import temperature_file
    from mmseg.apis.preparing.images import labelled_images_of
    from mmseg.apis.preparing.temperature import fitted, sample_pixels
    from mmseg.utils.computing.devices import chosen_device
    from mmseg.utils.storage.checksums import file_hash

    out = args.out or temperature_file(args.checkpoint, args.weights)
    check_target(out)
    if args.data:
        ((name, data),) = target_loaders([args.data], cfg.get("scale")).items()
        dataset = data.dataset
    else:
        name, dataset = "source", labelled_images_of(cfg, "source")
    method = init_model(cfg, args.checkpoint, chosen_device(args.device), args.weights)
    check_classes(method.model.num_classes, method.classes, dataset.classes)
    origin = {
        "checkpoint": {"path": str(args.checkpoint), "sha256": file_hash(args.checkpoint), "weights": args.weights},
        "data": {"name": name, "trained_on": not args.data},
        "command": shlex.join(["python", "tools/prepare/temperature.py", *sys.argv[1:]]),
    }
    content = fitted(sample_pixels(method, dataset, args.images), origin)
    write_json(out, content)
    error = content["ECE"]
    print(f"Temperature {content['temperature']:.4g} of {content['pixels']} pixels in {content['images']} images of {name}: {out}")
    print(f"Calibration error there: {error['before']:.2f} %, with it {error['after']:.2f} %")
    if error["after"] > error["before"]:
        print("Note: with no other temperature are the labels more likely, and the calibration error gains nothing from it.")
    if not args.data:
        print("Note: the network was trained on these images, and is surer of them than of others. Give held-out ones with --data FILE.")


if __name__ == "__main__":
    main()
