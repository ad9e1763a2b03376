"""What annotating has cost: ``budget.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmseg.datasets.annotating.rounds import Picks, RoundFolder, Spent, SpentInImage
from mmseg.utils.products.header import VERSION
from mmseg.utils.products.json_file import read_product
from mmseg.utils.storage.files import write_json

BUDGET = "budget.json"
SPENT = "spent.json"
COUNTS = ("asked", "given", "ignored", "unspent")


def spent_in_image(picks: Picks, given: int) -> SpentInImage:
    """What a round has cost in an image of which ``given`` pixels got a class."""
    return {"asked": picks["asked"], "given": given, "ignored": picks["asked"] - given, "unspent": picks["unspent"]}


def write_spent(folder: RoundFolder, images: Mapping[str, SpentInImage], pixels: int, allowed: int) -> None:
    """Writes what a round has cost.

    Args:
        folder: of the round.
        images: by their stems.
        pixels, allowed: see :class:`Spent`.
    """
    ordered = {name: images[name] for name in sorted(images)}
    write_json(folder.path / SPENT, {"version": VERSION, "pixels": pixels, "allowed": allowed, "images": ordered})


def read_spent(folder: RoundFolder) -> Spent:
    """What a finished round has cost.

    Raises:
        UserError: the file is missing or broken.
    """
    return read_product(folder.path / SPENT, Spent, folder.fix)


def spent_before(folder: RoundFolder) -> dict[str, int]:
    """Pixels that each image was asked for in the rounds before, by its stem.

    Raises:
        UserError: a file of them is missing or broken.
    """
    total: dict[str, int] = {}
    for number in range(1, folder.number):
        for stem, image in read_spent(RoundFolder(folder.root, number, folder.names))["images"].items():
            total[stem] = total.get(stem, 0) + image["asked"]
    return total


def totals(images: Mapping[str, SpentInImage]) -> dict[str, int]:
    """Sums over images."""
    return {key: sum(image[key] for image in images.values()) for key in COUNTS}


def write_budget(rounds: Sequence[RoundFolder]) -> dict:
    """Puts together what finished rounds have cost, in their order, and writes it beside them.

    Returns:
        the content of ``budget.json``: ``pixels`` of all images, ``allowed`` to be asked for, ``total`` of all rounds with the
        ``percent`` of all pixels that were asked for, and ``rounds`` with ``round``, ``iteration``, sums and all ``images``.
    """
    spent = [read_spent(folder) for folder in rounds]
    sums = [totals(entry["images"]) for entry in spent]
    total = {key: sum(one[key] for one in sums) for key in COUNTS}
    entries = [
        {"round": folder.number, "iteration": folder.header()["iteration"], **one, "images": entry["images"]}
        for folder, entry, one in zip(rounds, spent, sums, strict=True)
    ]
    pixels = int(spent[-1]["pixels"])
    content = {"version": VERSION, "pixels": pixels, "allowed": int(spent[-1]["allowed"])}
    content["total"] = {**total, "percent": 100 * total["asked"] / max(pixels, 1)}
    content["rounds"] = entries
    write_json(rounds[-1].root / BUDGET, content)
    return content
