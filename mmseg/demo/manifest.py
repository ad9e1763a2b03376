"""The file beside the demo data that says how they were drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict

from mmseg.demo.choices import DEMO_FOLDERS, MANIFEST, STREETS, UNSEEN_FOLDERS
from mmseg.utils.products.json_file import PRODUCT, Count, read_product

VERSION = 1


class Manifest(TypedDict):
    """``demo_manifest.json``, which ``tools/make_demo_data.py`` writes.

    Attributes:
        version: :data:`VERSION`; manifests of before it existed have none.
        drawing, parameters, styles, unseen_styles, streets: see :func:`mmseg.demo.files.manifest`.
        layouts: the data sets that are drawn; those of GTA and Cityscapes where they are not named.
        complete: whether all scenes are there.
    """

    __pydantic_config__ = PRODUCT

    version: NotRequired[Literal[1]]
    drawing: Count
    parameters: dict[str, Any]
    styles: list[dict[str, Any]]
    unseen_styles: NotRequired[list[dict[str, Any]]]
    streets: NotRequired[Count]
    layouts: NotRequired[list[Literal[(*DEMO_FOLDERS.values(), *UNSEEN_FOLDERS, STREETS)]]]
    complete: bool


def read_manifest(out: Path) -> Manifest | None:
    """The manifest of demo data; None where there is none.

    Raises:
        UserError: it is broken.
    """
    file = out / MANIFEST
    fix = f"Move the folder {out} elsewhere and draw the demo data again."
    return read_product(file, Manifest, fix) if file.exists() else None
