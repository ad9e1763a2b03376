"""Evaluates a checkpoint: python tools/test.py CONFIG CHECKPOINT [--show-dir DIR] [--hrda-out LR|HR|ATT] [--device cuda]"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

import rich
import torch

from mmseg.apis.evaluate import evaluate, write_attention
from mmseg.apis.train import check_writable
from mmseg.evaluation import per_class_table
from mmseg.utils.config import OptionAction, load_config
from mmseg.utils.errors import UserError, command_line


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Evaluate a checkpoint on the validation data of its config.")
    parser.add_argument("config")
    parser.add_argument("checkpoint")
    show_help = "folder for palette PNG predictions (default with --hrda-out: preds_<out> beside the checkpoint)"
    parser.add_argument("--show-dir", type=Path, help=show_help)
    parser.add_argument("--hrda-out", choices=("LR", "HR", "ATT"), help="context prediction, detail prediction, or scale attention of HRDA")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    return parser.parse_args()


def check_device(device: str) -> None:
    """Refuses a device that this machine or this torch does not have."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].split(".")[0]
        raise UserError(f"--device {device} cannot be used ({reason}). Use --device cpu.") from error


@command_line
def main() -> None:
    args = parse_args()
    check_device(args.device)
    cfg = load_config(args.config, args.cfg_options)
    show_dir = args.show_dir
    if show_dir is None and args.hrda_out:
        show_dir = Path(args.checkpoint).parent / f"preds_{args.hrda_out}"
    if show_dir is not None:
        check_writable(show_dir)
    if args.hrda_out == "ATT":
        count = write_attention(cfg, args.checkpoint, show_dir, args.device)
        print(f"{count} attention maps (0 context: dark, 1 detail: bright) in {show_dir}")
        return
    results = evaluate(cfg, args.checkpoint, branch=args.hrda_out, show_dir=show_dir, device=args.device)
    rich.print(per_class_table(results, title=f"{args.checkpoint}{' (' + args.hrda_out + ')' if args.hrda_out else ''}"))
    if show_dir is not None:
        print(f"Predictions: {show_dir}")


if __name__ == "__main__":
    main()
