"""A folder of pseudo-labels: what it is made of, how far it is, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mmengine.config import Config
from typing_extensions import NotRequired

from mmseg.config.identity import digest
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import read_config_text
from mmseg.utils.products.header import HEADER, VERSION, Header, images_digest, read_header
from mmseg.utils.products.json_file import PRODUCT, Count, Percent
from mmseg.utils.storage.checksums import file_hash
from mmseg.utils.storage.files import write_json

KIND = "pseudo-labels"
UNKNOWN = "unknown"
"""Stands for 255 among the shares."""
SETTINGS = {"network": "another config", "images": "images at another size"}
"""What entries of the settings are, where their names do not say it."""


class LabelHeader(Header):
    """``header.json`` of a folder of pseudo-labels.

    Attributes:
        settings: what decides the labels beside images and checkpoint.
        limits: probability from which on a pixel of each class has its label, where quantiles decide.
        levels: the same as :mod:`mmseg.apis.preparing.thresholds` counts.
        shares: percent of all pixels by class, and by 'unknown'; of soft maps, mean probability in percent.
    """

    __pydantic_config__ = PRODUCT

    kind: Literal["pseudo-labels"]
    settings: dict[str, Any]
    limits: NotRequired[dict[str, float]]
    levels: NotRequired[list[Count]]
    shares: NotRequired[dict[str, Percent]]


def new_header(
    checkpoint: str | Path, classes: Sequence[str], names: Sequence[str], settings: Mapping[str, Any], command: str
) -> LabelHeader:
    """The header of a folder that nothing is in yet.

    Args:
        checkpoint: file of the network.
        classes: names by train id.
        names: of the images.
        settings: values that JSON keeps.
        command: that makes the folder.
    """
    return {
        "version": VERSION,
        "kind": KIND,
        "made_by": command,
        "digest": run_digest(checkpoint),
        "checkpoint": file_hash(checkpoint),
        "classes": list(classes),
        "images": len(names),
        "images_digest": images_digest(names),
        "complete": False,
        "settings": dict(settings),
    }


def run_digest(checkpoint: str | Path) -> str | None:
    """Digest of the config that a checkpoint was trained with; None where it holds none of ours."""
    meta = read_checkpoint(checkpoint, values=False).get("meta")
    text = meta.get("config") if isinstance(meta, Mapping) else None
    try:
        return digest(Config(read_config_text(text))) if isinstance(text, str) else None
    except (UserError, ValueError):
        return None


def open_folder(out: Path, header: LabelHeader) -> LabelHeader:
    """Begins a folder, or goes on with one that the same settings have begun.

    Returns:
        the header that holds from now on: the older one knows limits and shares.

    Raises:
        UserError: the folder holds something else, or its header is broken.
    """
    if not (out / HEADER).exists():
        if out.is_dir() and any(entry.name[0] != "." for entry in out.iterdir()):
            raise UserError(f"--out {out} holds files, but no {HEADER}: pseudo-labels were not begun there. Choose another folder.")
        write_json(out / HEADER, header)
        return header
    for half in out.rglob(".*.part.*"):  # of a process that was killed
        half.unlink(missing_ok=True)
    old = read_header(out, KIND, LabelHeader)
    if what := other(old, header):
        raise UserError(f"--out {out} holds pseudo-labels of {what}. Choose another folder, or move this one elsewhere.")
    return {**old, "made_by": header["made_by"]}


def other(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """What an older header is about instead; None if of the same."""
    if old["checkpoint"] != new["checkpoint"]:
        return f"another checkpoint ({str(old['checkpoint'])[:8]}, not {new['checkpoint'][:8]}, SHA-256)"
    if old["classes"] != new["classes"]:
        return "other classes"
    if old["images_digest"] != new["images_digest"]:
        return f"other images ({old['images']}, not {new['images']})" if old["images"] != new["images"] else "other images"
    for key in sorted({*old["settings"], *new["settings"]}):
        before, now = old["settings"].get(key), new["settings"].get(key)
        if before != now:
            return SETTINGS.get(key) or f"other options ({key} {before}, not {now})"
    return None
