"""What a product says of itself: what made it, from which weights, for which classes, over which images.

Products are what one training makes for another: class priors, pseudo-labels, prototypes. A product of one file is a JSON that holds these
entries beside its own, or an npz with them as a text; a folder of files has them in :data:`HEADER`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict

from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Count, read_product

VERSION = 1
HEADER = "header.json"
"""Name of the file of a folder of products."""
TOOLS = {
    "priors": "python tools/prepare/priors.py",
    "pseudo-labels": "python tools/prepare/pseudo_labels.py",
    "prototypes": "python tools/prepare/prototypes.py",
    "mixtures": "python tools/prepare/depth_distribution.py",
}
"""What makes a product, by its kind."""


class Header(TypedDict):
    """The entries that all products have; each kind adds its own in a class that derives from this one and repeats its first line.

    Attributes:
        version: :data:`VERSION`.
        kind: of :data:`TOOLS`.
        made_by: the command that made it, and makes it again.
        digest: of the config whose training made the checkpoint; None without a checkpoint, or where the file does not say.
        checkpoint: SHA-256 of its file; None where no network was asked.
        classes: names by train id.
        images: how many it is made of.
        images_digest: of their names, see :func:`images_digest`.
        complete: False as long as a part of it is missing.
    """

    __pydantic_config__ = PRODUCT

    version: Literal[1]
    kind: str
    made_by: str
    digest: str | None
    checkpoint: str | None
    classes: list[str]
    images: Count
    images_digest: str
    complete: bool


def images_digest(names: Iterable[str]) -> str:
    """Sixteen hexadecimal digits of the names of images, whatever their order.

    Args:
        names: paths relative to the folder of the images, so that a copy of the folder has the same.
    """
    text = "\n".join(sorted(names))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def read_header(path: str | Path, kind: str, form: Any = Header) -> Any:
    """Reads a product of one file, or the header of a folder of them.

    Args:
        path: the JSON file, or the folder.
        kind: of :data:`TOOLS`; decides what the errors advise.
        form: type of the content.

    Raises:
        UserError: it is missing, broken, or no such product.
    """
    return read_product(header_file(path), form, f"Make a new one with {TOOLS[kind]}, see its --help.")


def header_file(path: str | Path) -> Path:
    """The file with the header of a product."""
    return Path(path) / HEADER if Path(path).suffix != ".json" else Path(path)


def check_header(
    header: Mapping[str, Any],
    path: str | Path,
    *,
    kind: str,
    classes: Sequence[str] | None = None,
    images: Sequence[str] | None = None,
) -> None:
    """Refuses a product that is not what its reader needs.

    Args:
        header: of :func:`read_header`.
        path: of the product, for the error.
        kind: that is needed, of :data:`TOOLS`.
        classes: names by train id that are needed; None takes any.
        images: names of the images that it has to be made of, in any order; None takes any.

    Raises:
        UserError: says in one line what differs, and names the command that makes it.
    """
    made_by = header["made_by"]
    if header["kind"] != kind:
        fix = f"Make it with {TOOLS[kind]}, see its --help."
        raise UserError(f"{path} holds a product of the kind '{header['kind']}', and '{kind}' are needed. {fix}")
    if not header["complete"]:
        raise UserError(f"{path} is not complete: what makes it was interrupted. Finish it with: {made_by}")
    if classes is not None and list(classes) != list(header["classes"]):
        fix = f"Make another with a network of the classes that are needed. This one was made with: {made_by}"
        raise UserError(f"{path} is made for other classes: {_first_difference(header['classes'], classes)}. {fix}")
    if images is not None and images_digest(images) != header["images_digest"]:
        counts = f"of {header['images']}, and {len(images)} are needed" if len(images) != header["images"] else "of other names"
        raise UserError(f"{path} is made of other images: {counts}. Move it elsewhere and make it anew, of these images, with: {made_by}")


def _first_difference(made: Sequence[str], needed: Sequence[str]) -> str:
    if len(made) != len(needed):
        return f"{len(made)}, and {len(needed)} are needed"
    place = next(index for index, (own, other) in enumerate(zip(made, needed, strict=True)) if own != other)
    return f"number {place} is '{made[place]}' there, and '{needed[place]}' is needed"
