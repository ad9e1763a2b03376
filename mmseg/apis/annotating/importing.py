"""Taking back what people have labelled: everything is checked before anything is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmseg.apis.annotating.export import LABELS
from mmseg.apis.annotating.waiting import WaitingRound
from mmseg.datasets.annotating.label_files import read_annotation
from mmseg.datasets.annotating.ledger import spent_before, spent_in_image, write_budget
from mmseg.datasets.annotating.oracle import ASKED, DRAW_AGAIN, Oracle, PeopleOracle
from mmseg.datasets.annotating.rounds import RoundFolder
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import list_files
from mmseg.engine.annotating.making import finish, label_image
from mmseg.engine.annotating.picking import asked_now
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError


def import_labels(waiting: WaitingRound, folder: Path) -> list[str]:
    """Adds the labels of a folder to a round; an untouched template is not labelled yet.

    Images that were imported before are imported again: until all have labels, nothing of the round is used.

    Args:
        waiting: the round.
        folder: of :func:`mmseg.apis.annotating.export.export`, or of its labels alone.

    Returns:
        the stems of the images that have no labels yet; without any, the round is finished.

    Raises:
        UserError: the round is finished already, or a file is of no image, of another size, has an unknown id or labels outside of what is
            asked for, or leaves some of it; nothing is changed then.
    """
    if waiting.header["complete"]:
        text = "is finished: the training may have used its labels, which stay as they are"
        raise UserError(f"{waiting.folder.path} {text}. Train in another folder to label anew.")
    labels = folder / LABELS if (folder / LABELS).is_dir() else folder
    files = list_files(labels, ".png")
    stems = {f"{stem}.png": stem for stem in waiting.stems}
    strange = [name for name in files if name not in stems]
    if not files or strange:
        nothing = "holds no PNG" if labels.is_dir() else "is no folder"
        what = f"{labels / strange[0]} belongs to no image of the training" if strange else f"{labels} {nothing}"
        raise UserError(f"{what}. Give the exported folder, and keep its names.")
    given = [stems[name] for name in files if touched(waiting, labels / name, stems[name])]
    for write in (False, True):
        oracle = PeopleOracle(labels, len(waiting.classes), spent_before(waiting.folder))
        for stem in progress(given, "Writing" if write else "Checking") if given else ():
            take(waiting, oracle, stem, write=write)
    missing = waiting.folder.unlabelled()
    if not missing:
        complete(waiting)
    return missing


def touched(waiting: WaitingRound, path: Path, stem: str) -> bool:
    """Whether somebody has labelled a pixel of a template, as far as its size lets one see."""
    asked = asked_now(waiting.folder, stem, waiting.folder.read_picks(stem))
    label = read_annotation(path, asked.shape, DRAW_AGAIN)
    return bool((label[asked] != ASKED).any() or not np.isin(label[~asked], (ASKED, IGNORE)).all())


def take(waiting: WaitingRound, oracle: PeopleOracle, stem: str, *, write: bool) -> None:
    """Checks the labels of an image, and writes them."""
    picks = waiting.folder.read_picks(stem)
    asked = asked_now(waiting.folder, stem, picks)
    answer = oracle.answer(stem, asked, picks["allowed"])
    if write:
        waiting.folder.write_label(stem, np.where(asked, answer, waiting.folder.known_before(stem, asked.shape)))


def complete(waiting: WaitingRound) -> None:
    """Counts what the round has cost, and says that it is finished."""
    spent = {}
    for stem in waiting.stems:
        picks = waiting.folder.read_picks(stem)
        spent[stem] = spent_in_image(picks, label_image(waiting.folder, stem, picks, Oracle()))
    finish(waiting.folder, waiting.header, spent)
    write_budget([RoundFolder(waiting.folder.root, number, waiting.folder.names) for number in range(1, waiting.folder.number + 1)])
