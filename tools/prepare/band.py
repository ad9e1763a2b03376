"""A reference band: python tools/prepare/band.py RUN RUN RUN [--out FILE.json]

From finished trainings of one config with different seeds. Written where bands ship, a training of the same config, whatever its seed,
is compared with it while it runs (docs/trust.md); elsewhere, by ReferenceBandHook(file=…) in custom_hooks.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import argparse
import shlex
from datetime import datetime, timezone

from mmseg.config.options import add_trust_options
from mmseg.utils.errors import CommandParser, UserError, command_line
from mmseg.utils.storage.files import check_target, check_writable


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folders of finished trainings, one for each seed")
    out_help = "default: mmseg/evaluation/bands/shipped/DIGEST.json"
    parser.add_argument("--out", type=Path, metavar="FILE.json", help=out_help)
    add_trust_options(parser)
    return parser.parse_intermixed_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuses options that mean nothing, before anything is read."""
    if args.out is not None and args.out.suffix != ".json":
        raise UserError(f"--out {args.out}: bands are written as JSON. Use --out {args.out.with_suffix('.json')}.")


@command_line
def main() -> None:
    args = parse_args()
    check_args(args)
    from mmseg.evaluation.bands.file import SHIPPED, write_band

    if args.out:
        check_target(args.out)
    else:
        check_writable(SHIPPED)
    from mmseg.apis.bands.making import band_of_runs
    from mmseg.engine.provenance.code import code_state
    from mmseg.evaluation.curve import read_result

    band = band_of_runs(args.runs, args.trust)
    out = args.out or SHIPPED / f"{band.digest}.json"
    origin = {
        "command": shlex.join(["python", "tools/prepare/band.py", *sys.argv[1:]]),
        "code": code_state(),
        "results": {str(run): read_result(run).get("provenance") for run in args.runs},
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    write_band(out, band, origin)
    points = sum(len(curve.iterations) for curve in band.curves.values())
    size = f"{out.stat().st_size / 1e3:.0f} kB"
    print(f"Band of {band.config}: {len(band.curves)} quantities, {points} points, {len(band.seeds)} seeds, {size}: {out}")


if __name__ == "__main__":
    main()
