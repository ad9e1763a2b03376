"""Shows what a network sees in training: python tools/browse_dataset.py CONFIG [--number N] [--seed S] [--checkpoint FILE] [--out DIR]

One picture per sample: source crop, label and drawn class; target crop, where pseudo-labels may be used, and those of an earlier
stage; its strong view; the mix of both domains after augmentation, its label and weight; and the masked crop, where there are such.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from mmseg.config.options import add_config_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_writable


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Draw the first samples of a training.")
    parser.add_argument("config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one")
    parser.add_argument("--number", type=int, default=8, metavar="N", help="of samples (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="replaces the seed of the config")
    checkpoint_help = "networks of a training, whose teacher gives pseudo-labels (default: none are drawn)"
    parser.add_argument("--checkpoint", metavar="FILE", help=checkpoint_help)
    parser.add_argument("--out", type=Path, metavar="DIR", help="gets sample_000000.png, … (default: work_dirs/browse_<config>)")
    parser.add_argument("--device", help="for the networks of --checkpoint, such as cpu or cuda:1 (default: the GPU if there is one)")
    add_config_options(parser)
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    if args.number < 1:
        raise UserError(f"--number {args.number} draws nothing. Use 1 or more.")
    from mmseg.config.config import load_config

    cfg = load_config(args.config, args.cfg_options, args.seed, trust=trusted(args))
    out = args.out or Path("work_dirs") / f"browse_{Path(args.config).stem}"
    check_writable(out)
    import cv2

    from mmseg.apis.checking.browse import build_browser
    from mmseg.registry import MODELS
    from mmseg.utils.computing.devices import chosen_device
    from mmseg.utils.computing.progress import progress_bar
    from mmseg.utils.storage.images import write_image
    from mmseg.visualization.pictures.training_sample import draw_training_sample

    browser = build_browser(cfg, checkpoint=args.checkpoint, device=chosen_device(args.device))
    with progress_bar() as bar:
        for sample in bar.track(browser.samples(args.number), total=args.number, description="Drawing"):
            picture = draw_training_sample(sample, palette=browser.palette, names=browser.classes)
            write_image(out / f"sample_{sample.index:06d}.png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    print(f"{args.number} samples of seed {cfg.seed} in {out}")
    if type(browser.method) is not MODELS.get(cfg.uda["type"]):
        print(f"Only what the loader gives is drawn: {cfg.uda['type']} needs networks to go on from there.")
    elif args.checkpoint is None and browser.method.teachers:
        print("Black in the labels of mixed crops: what --checkpoint FILE would fill with pseudo-labels.")


if __name__ == "__main__":
    main()
