"""Options that several commands share: overrides of config entries, trust, quiet, the network and its device."""

from __future__ import annotations

import argparse
import ast
import os
from collections.abc import Sequence
from typing import Any

from mmseg.utils.errors import QUIET, UserError


def parse_options(texts: Sequence[str], given_as: str = "--cfg-options") -> dict[str, Any]:
    """Overrides by dotted key from ``key.path=value`` texts; values are Python literals, anything else is a string.

    Args:
        texts: the arguments.
        given_as: where the user wrote them, for the error.

    Raises:
        UserError: a text has another form.
    """
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UserError(f"{given_as} {text}: not of the form key=value. Write for example train_cfg.max_iters=100.")
        try:
            options[key] = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):  # keys that no dictionary takes, and too many brackets
            options[key] = value
    return options


class OptionAction(argparse.Action):
    """Collects ``key.path=value`` arguments of a command line, see :func:`parse_options`."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: list[str], option_string: str | None = None):
        setattr(namespace, self.dest, {**(getattr(namespace, self.dest) or {}), **parse_options(values)})


def add_trust_options(parser: argparse.ArgumentParser) -> None:
    """``--safe-config`` and ``--trust-config``, see :func:`trusted`."""
    choice = parser.add_mutually_exclusive_group()
    plain_help = "read the config as plain values and run nothing of it (default where a checkpoint lies beside it)"
    choice.add_argument("--safe-config", dest="trust", action="store_false", default=None, help=plain_help)
    code_help = "run the code of the config and its own modules (default elsewhere); whoever made them can do what you can"
    choice.add_argument("--trust-config", dest="trust", action="store_true", default=None, help=code_help)


def trusted(args: argparse.Namespace) -> bool:
    """Whether ``config`` of a command line may run its code: as :func:`add_trust_options` says, else unless others may have made it."""
    from mmseg.config.reading.safe import may_be_of_others

    return not may_be_of_others(args.config, getattr(args, "checkpoint", None)) if args.trust is None else args.trust


class QuietAction(argparse.Action):
    """``--quiet`` holds for this process and those that it starts; no entry of the namespace."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: list, option_string: str | None = None):
        os.environ[QUIET] = "1"


def add_quiet_option(parser: argparse.ArgumentParser) -> None:
    """``--quiet``: no progress bars, see :func:`mmseg.utils.computing.progress.progress_bar`."""
    quiet_help = "no progress bars (there are none where the output is no terminal)"
    parser.add_argument("--quiet", action=QuietAction, nargs=0, default=argparse.SUPPRESS, help=quiet_help)


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """What every command takes that reads a config: overrides, trust, quiet."""
    parser.add_argument("--cfg-options", nargs="+", action=OptionAction, default={}, metavar="KEY=VALUE", help="override config entries")
    add_trust_options(parser)
    add_quiet_option(parser)


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Which network of a checkpoint predicts, and where."""
    parser.add_argument("--weights", choices=("model", "ema_model"), default="model", help="student (default) or teacher")
    add_device_option(parser)


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """``--device``, see :func:`mmseg.utils.computing.devices.chosen_device`."""
    parser.add_argument("--device", help="such as cpu or cuda:1 (default: the GPU if there is one)")
