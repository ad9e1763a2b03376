"""Shows a run in a browser: python tools/view.py RUN [--port PORT] [--host HOST] [--export DIR] …"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
from typing import TYPE_CHECKING

from mmseg.config.options import add_device_option, add_quiet_option, add_trust_options, trusted
from mmseg.utils.errors import CommandParser, UserError, command_line

if TYPE_CHECKING:
    from mmseg.apis.viewing.files import Index, RunFiles


def parse_args() -> argparse.Namespace:
    parser = CommandParser(description="Show what the network of a run predicts for its validation images, worst first.")
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training, or a released one: a config and a checkpoint")
    parser.add_argument("--port", type=int, default=8017, help="of the page (default: %(default)s); 0 takes a free one")
    host_help = "address that the page is served on (default: %(default)s, which no other machine reaches)"
    parser.add_argument("--host", default="127.0.0.1", help=host_help)
    export_help = "write the page as files for a web server, or to open from a disk, instead of serving it"
    parser.add_argument("--export", type=Path, metavar="DIR", help=export_help)
    add_device_option(parser)
    add_trust_options(parser)
    add_quiet_option(parser)
    return parser.parse_args()


def read_config(args: argparse.Namespace, files: "RunFiles"):
    """The complete config of the run."""
    from mmseg.config.config import load_config

    args.config, args.checkpoint = files.config, files.checkpoint
    return load_config(files.config, training=False, trust=trusted(args))


def opened(args: argparse.Namespace) -> "tuple[Index, RunFiles | None]":
    """What there is to see, made where it is not there or of an earlier state; and the files of the network, if they are there.

    Raises:
        UserError: there is neither a network nor something that was made of it.
    """
    from mmseg.apis.viewing.files import RunFiles, read_index

    index = read_index(args.run)
    try:
        files = RunFiles.find(args.run)
    except UserError:
        if index is None:
            raise
        return index, None
    if index is None or index["made_of"] != files.state:
        from mmseg.apis.viewing.predicting import make_view
        from mmseg.utils.computing.devices import chosen_device

        make_view(files, read_config(args, files), chosen_device(args.device))
        index = read_index(args.run)
    return index, files


def loader(args: argparse.Namespace, files: "RunFiles"):
    """What loads the network when the first photograph comes: the page is there before torch is."""

    def load():
        from mmseg.apis.predicting.inference import init_model
        from mmseg.apis.viewing.photographs import predict_photo
        from mmseg.utils.computing.devices import chosen_device

        model = init_model(read_config(args, files), files.checkpoint, chosen_device(args.device))
        return lambda data: predict_photo(model, data)

    return load


@command_line
def main() -> None:
    args = parse_args()
    if args.export is not None:
        from mmseg.apis.viewing.content import check_export, export

        check_export(args.export)
        print(f"Page of {export(args.run, opened(args)[0], args.export)} images: {args.export / 'index.html'}")
        return
    from mmseg.apis.viewing.server import ViewServer

    with ViewServer(args.host, args.port) as server:
        index, files = opened(args)
        print(f"{len(index['images'])} images: {server.address} (Ctrl-C ends it)", flush=True)
        server.show(args.run, index, files and loader(args, files))


if __name__ == "__main__":
    main()
