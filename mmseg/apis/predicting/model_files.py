"""The config and the weights that a folder holds: of a run of ours, of a released checkpoint, or of an exported model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmseg.utils.errors import UserError, one_line
from mmseg.utils.storage.run_folder import CHOICE, CONFIG, CURVE, LATEST, RESULT

MODEL_CONFIG, MODEL_WEIGHTS, MODEL_CARD = "config.json", "model.safetensors", "model.json"
"""Of an exported model: its config, its weights, and what a user has to know (:mod:`mmseg.apis.exporting.folder`)."""
NO_CONFIGS = (RESULT, CURVE, CHOICE, "temperature.json", "temperature_ema_model.json")
"""JSON files beside a config that the commands of this project write."""
FOLDERS = "Give the folder of a run, of a released checkpoint or of an exported model, or a config and its checkpoint"


def model_files(folder: str | Path) -> tuple[Path, Path]:
    """The config and the checkpoint of a folder, which need not have the names that ours have.

    Args:
        folder: with ``config.py``, ``config.json``, or another ``.json`` or ``.py`` alone or named like the folder; with ``latest.pth``,
            ``model.safetensors``, or another file of weights alone.

    Raises:
        UserError: it is no folder, cannot be read, or holds none or several of them.
    """
    folder = Path(folder)
    names = _files(folder)
    others = (*NO_CONFIGS, MODEL_CARD) if MODEL_WEIGHTS in names else NO_CONFIGS
    configs = [name for name in names if name.endswith((".json", ".py")) and name not in others and not name.endswith(".log.json")]
    weights = [name for name in names if name.endswith((".pth", ".safetensors"))]
    config = _chosen(folder, "config", configs, (CONFIG, MODEL_CONFIG, f"{folder.resolve().name}.json"), names)
    return folder / config, folder / _chosen(folder, "checkpoint", weights, (LATEST, MODEL_WEIGHTS), names)


def _files(folder: Path) -> list[str]:
    """Names of the files of a folder, in their order; hidden ones are left out."""
    try:
        if folder.is_dir():
            return sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be read: {error.strerror}. {FOLDERS}.") from error
    raise UserError(f"{folder} is not a folder. {FOLDERS}.")


def _chosen(folder: Path, what: str, candidates: Sequence[str], preferred: Sequence[str], names: Sequence[str]) -> str:
    """The first of the preferred names that is there, else the only candidate."""
    if found := [name for name in preferred if name in candidates]:
        return found[0]
    if not candidates:
        near = [] if names else [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        meant = f" Did you mean {near[0]}?" if len(near) == 1 else ""  # an archive is often unpacked into a folder of its name
        raise UserError(f"{folder} holds no {what} among its files ({' '.join(names) or 'none'}). {FOLDERS}.{meant}")
    if len(candidates) > 1:
        raise UserError(
            f"{folder} holds several {what}s: {' '.join(candidates)}. Give a config and a checkpoint in the place of the folder."
        )
    return candidates[0]


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """``config`` and ``checkpoint``, or a folder of both; see :func:`choose_model`."""
    parser.add_argument(
        "config", help="Python config, ours or in the 0.x vocabulary, or a JSON of one; or a folder with a config and weights"
    )
    parser.add_argument("checkpoint", nargs="?", help="file of a training or a released one; left out behind a folder")


def choose_model(args: argparse.Namespace) -> None:
    """Puts the files of a folder into ``args.config`` and ``args.checkpoint``, and says which they are.

    Raises:
        UserError: see :func:`model_files`; or a config came without a checkpoint, a folder with one.
    """
    if not Path(args.config).is_dir():
        if args.checkpoint is None:
            raise UserError(f"No checkpoint is given for the config {args.config}. {FOLDERS}.")
        return
    if args.checkpoint is not None:
        raise UserError(f"{args.config} is a folder, and {args.checkpoint} would be its checkpoint. {FOLDERS}.")
    config, checkpoint = model_files(args.config)
    print(one_line(f"config {config}, checkpoint {checkpoint}"), flush=True)
    args.config, args.checkpoint = str(config), str(checkpoint)
