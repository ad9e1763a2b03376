"""Stages that are no trainings: the command that each one is, and what it leaves in the folder of its run."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from typing_extensions import NotRequired, TypedDict

from mmseg.apis.launching.runs import Run
from mmseg.config.references import with_paths
from mmseg.evaluation.curve import VERSION
from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Measure, read_product
from mmseg.utils.repository import ROOT
from mmseg.utils.storage.files import write_json
from mmseg.utils.storage.locks import locked
from mmseg.utils.storage.run_folder import CONFIG, RESULT


class Measures(TypedDict):
    """What a product may say about itself in numbers."""

    __pydantic_config__ = PRODUCT

    metrics: NotRequired[dict[str, Measure | None]]


def arguments(run: Run) -> list[str]:
    """File and arguments of the command of a run.

    Raises:
        UserError: what it takes from another run is missing.
    """
    command = with_paths(run.cfg, run.folder.parent)["command"]
    return [str(ROOT / command["tool"]), *_words(run, command)]


def _words(run: Run, command: Mapping[str, Any]) -> list[str]:
    checkpoint = [command["checkpoint"]] if command["checkpoint"] else []
    inputs = command.get("inputs") or ()
    return [str(run.folder / CONFIG), *checkpoint, *inputs, "--out", str(run.product), *option_words(command["options"])]


def check_tool_options(run: Run) -> None:
    """Has the tool of a run look at its options, before the trainings that come first.

    Raises:
        UserError: it refuses them; begins with the name of the tool.
    """
    tool, given = run.command["tool"], sys.argv
    spec = importlib.util.spec_from_file_location("tool_of_a_stage", ROOT / tool)
    module = importlib.util.module_from_spec(spec)
    try:
        sys.argv = [tool, *_words(run, run.command)]
        spec.loader.exec_module(module)
        if hasattr(module, "parse_args"):
            args = module.parse_args()
            getattr(module, "check_args", bool)(args)
    except UserError as error:
        raise UserError(f"{tool}: {error}") from None
    finally:
        sys.argv = given


def option_words(options: Mapping[str, Any]) -> list[str]:
    """Options as words of a command line: True is an option alone, False and None are none, a list is several words."""
    words = []
    for name, value in options.items():
        if value is not None and value is not False:
            values = value if isinstance(value, (list, tuple)) else [] if value is True else [value]
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return words


def run_command(run: Run, call: Callable[[], int]) -> int:
    """Runs the command of a run under the lock of its folder, and writes its result where it has worked; returns its exit code.

    Args:
        run: whose ``command`` it is.
        call: runs it to its end and gives its exit code.

    Raises:
        UserError: another process works on it, or the product is not what it should be.
    """
    with locked(run.folder):
        code = call()
        if code == 0:
            write_json(run.folder / RESULT, result(run))
        return code


def result(run: Run) -> dict:
    """The content of ``result.json``: the numbers that the product has, and how long the checkpoint was trained.

    Raises:
        UserError: the product or the checkpoint is broken.
    """
    from mmseg.engine.checkpoints.checkpoint import environment, read_checkpoint  # torch, which a command that starts nothing does without
    from mmseg.engine.provenance.record import origin_of, provenance
    from mmseg.utils.computing.devices import chosen_device
    from mmseg.utils.storage.checksums import file_hash

    checkpoint = with_paths(run.cfg, run.folder.parent)["command"]["checkpoint"]
    content = read_checkpoint(checkpoint, values=False) if checkpoint else {}
    meta, sha256 = content.get("meta"), file_hash(checkpoint) if checkpoint else None
    iteration = meta.get("iteration", 0) if isinstance(meta, dict) else 0
    return {
        "version": VERSION,
        "iteration": iteration if type(iteration) is int else 0,
        "metrics": measures(run.product),
        "seed": run.cfg.seed,
        "environment": environment(),
        "provenance": provenance(run.digest, chosen_device(None), checkpoint=sha256, origin=origin_of(content)),
    }


def measures(product: Path) -> dict[str, float | None]:
    """``metrics`` of a JSON file; none of anything else."""
    if product.suffix != ".json":
        return {}
    return read_product(product, Measures, "Move it elsewhere and run the stage again.").get("metrics", {})


def check_command(cfg: Mapping[str, Any]) -> None:
    """Refuses to train a config that is that of a command.

    Raises:
        UserError: names the command that runs it.
    """
    if cfg.get("command"):
        fix = "Run it with run_experiments.py --config FILE"
        raise UserError(f"This config is of a stage that runs {cfg['command']['tool']}: there is nothing to train. {fix}.")
