"""What the page shows, as data for its script, and the page as files for a web page of a paper."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from mmseg.apis.viewing.curves import read_curves
from mmseg.apis.viewing.files import KINDS, VIEW, Index, SeenImage, inside, picture_name
from mmseg.utils.errors import UserError, one_line
from mmseg.utils.storage.files import check_writable, write_bytes, write_text

PAGE = Path(__file__).parent / "page"
STATIC = {"index.html": "text/html; charset=utf-8", "viewer.css": "text/css; charset=utf-8", "viewer.js": "text/javascript; charset=utf-8"}
"""The files of the page that are the same for all runs, with their types."""
DATA = "data.js"
"""The one that is not."""
PICTURES = "pictures"
NAME = re.compile(rf"{PICTURES}/([0-9]{{4,7}})_([a-z]+)\.(png|jpg)")
"""Addresses of pictures: number and kind."""
MAX_UPLOAD = 32 << 20
"""Bytes of a photograph of one's own."""


def page_data(run: Path, index: Index, *, upload: bool) -> dict:
    """Everything that the page shows but its pictures, ready for JSON.

    Args:
        run: the folder.
        index: of :func:`mmseg.apis.viewing.files.read_index`.
        upload: whether photographs can be predicted.
    """
    metrics = index["metrics"]
    colors = index["palette"]
    classes = [
        {"name": name, "color": color, "iou": metrics.get(f"IoU.{name}"), "accuracy": metrics.get(f"Acc.{name}")}
        for name, color in zip(index["classes"], colors, strict=False)
    ]
    return {
        "run": one_line(run.resolve().name),
        "upload": MAX_UPLOAD if upload else 0,
        "means": [[name, metrics.get(name)] for name in ("mIoU", "mAcc", "aAcc") if name in metrics],
        "classes": classes,
        "kinds": [[kind, *KINDS[kind]] for kind in KINDS],
        "images": worst_first(index),
        "curves": [[name, points] for name, points in read_curves(run).items()],
    }


def worst_first(index: Index) -> list[dict]:
    """The images with the lowest mIoU first; of those without labels, the least confident ones."""

    def score(image: SeenImage) -> float:
        return image["confidence"] if image["mIoU"] is None else image["mIoU"]

    numbered = sorted(enumerate(index["images"]), key=lambda entry: (entry[1]["mIoU"] is None, score(entry[1])))
    return [
        {"name": image["name"], "iou": image["mIoU"], "confidence": image["confidence"], "pictures": picture_addresses(index, number)}
        for number, image in numbered
    ]


def picture_addresses(index: Index, number: int) -> dict[str, str]:
    """The addresses of the pictures of an image, by their kinds."""
    return {kind: f"{PICTURES}/{picture_name(number, kind)}" for kind in index["kinds"]}


def data_script(data: dict) -> str:
    """The data as a script: a page that is opened from a disk may read no other kind of file.

    JSON in a text of JavaScript in ASCII: nothing in it can be taken for code.
    """
    return f'"use strict";\nconst DATA = JSON.parse({json.dumps(json.dumps(data))});\n'


def picture_file(run: Path, index: Index, address: str) -> Path | None:
    """The file of an address like ``pictures/0003_label.png``; None for anything else, and for what a link leads out of the run.

    The name is made anew from the number and the kind: no other file can be asked for.
    """
    asked = NAME.fullmatch(address)
    if not asked or asked[2] not in index["kinds"] or int(asked[1]) >= len(index["images"]):
        return None
    name = picture_name(int(asked[1]), asked[2])
    file = inside(run, VIEW, name) if address == f"{PICTURES}/{name}" else None
    return file if file and file.is_file() else None


def all_pictures(run: Path, index: Index) -> Iterator[tuple[str, Path]]:
    """(address, file) of the pictures that are there."""
    for number in range(len(index["images"])):
        for address in picture_addresses(index, number).values():
            if file := picture_file(run, index, address):
                yield address, file


def check_export(folder: Path) -> None:
    """Refuses a folder that others have filled, or that cannot be written to.

    Raises:
        UserError: it is one; an earlier export is none.
    """
    others = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if others and not all((folder / name).is_file() for name in (*STATIC, DATA)):
        raise UserError(f"--export {folder}: something else is there. Choose a new or an empty folder.")
    check_writable(folder)


def export(run: Path, index: Index, folder: Path) -> int:
    """Writes the page as files that need no server, without a place for photographs of one's own; returns the number of images.

    Args:
        run: the folder.
        index: of :func:`mmseg.apis.viewing.files.read_index`.
        folder: of :func:`check_export`; files of an earlier export are replaced, and pictures that are left of it go.

    Raises:
        UserError: the disk is full.
    """
    pictures = dict(all_pictures(run, index))
    for address, file in pictures.items():
        write_bytes(folder / address, file.read_bytes())
    for earlier in (folder / PICTURES).glob("*"):  # nobody should publish a picture that the page does not show
        if NAME.fullmatch(f"{PICTURES}/{earlier.name}") and f"{PICTURES}/{earlier.name}" not in pictures:
            earlier.unlink()
    for name in STATIC:
        write_bytes(folder / name, (PAGE / name).read_bytes())
    write_text(folder / DATA, data_script(page_data(run, index, upload=False)))
    return len(index["images"])
