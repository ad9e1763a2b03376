"""Making a round: picks for every image, then their labels; goes on where it was interrupted.

All processes of a training share the images; the first one writes what belongs to the round as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dist import all_gather_object, barrier, get_dist_info, is_main_process
from mmengine.logging import print_log
from torch import Tensor, nn

from mmseg.datasets.annotating.ledger import read_spent, spent_in_image, totals, write_spent
from mmseg.datasets.annotating.oracle import Oracle
from mmseg.datasets.annotating.rounds import Picks, RoundFolder, RoundHeader, SpentInImage, new_header, stems
from mmseg.datasets.classes.names import IGNORE
from mmseg.engine.annotating.looking import TargetImages, predictions
from mmseg.engine.annotating.picking import Picker, asked_now
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.background_work import BackgroundWork
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.errors import UserError

THREADS = 4
PROGRESS = 60
"""Seconds between two lines about how far a round is."""


@dataclass(frozen=True)
class Asker:
    """Who asks: a method, one of its networks, and the images.

    Attributes:
        method, network: the network is one of the method's.
        dataset: all target images.
        picker: how it picks.
        workers: processes that read images.
        between: called between two images; ends a round that a signal asks to end.
    """

    method: UDAMethod
    network: nn.Module
    dataset: TargetImages
    picker: Picker
    workers: int
    between: Callable[[], None]

    @property
    def stems(self) -> tuple[str, ...]:
        return stems(self.dataset.images.names)

    @property
    def own(self) -> range:
        """Indices of the images of this process."""
        rank, processes = get_dist_info()
        return range(rank, len(self.dataset), processes)


def begin(folder: RoundFolder, *, iteration: int, network: str, classes: Sequence[str], settings: dict, command: str) -> RoundHeader:
    """The header of a round that goes on, or of a new one; see :func:`new_header`.

    Raises:
        UserError: the folder holds a round of another training, or of other options.
    """
    new = new_header(folder, iteration=iteration, network=network, classes=classes, settings=settings, command=command)
    old = folder.header()
    barrier()  # all have looked before one writes
    if old is None:
        if is_main_process():
            folder.write_header(new)
        barrier()
        return new
    expected = {**{key: new[key] for key in ("round", "iteration", "classes", "images_digest")}, **settings}
    check_belongs(folder, old, expected, "Move it and the rounds after it elsewhere, or resume with what it was made with.")
    for half in folder.path.rglob(".*.part.*") if is_main_process() else ():  # of a process that was killed
        half.unlink(missing_ok=True)
    barrier()
    return old


def check_belongs(folder: RoundFolder, header: RoundHeader, expected: Mapping[str, Any], fix: str) -> None:
    """Compares a round with a training.

    Args:
        folder, header: of the round.
        expected: entries of its header, or of the settings in it, as the training would write them.
        fix: ends the error.

    Raises:
        UserError: an entry differs, and is named.
    """
    found = {**header["settings"], **header}
    for key, value in expected.items():
        if found.get(key) != value:
            named = "images of the digest" if key == "images_digest" else f"the {key}"
            raise UserError(f"{folder.path} was made with {named} {_shown(found.get(key))}, and this training has {_shown(value)}. {fix}")


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def make_picks(asker: Asker, folder: RoundFolder, *, same: bool) -> None:
    """Picks in all images that have no picks yet.

    Args:
        asker: who asks.
        folder: of the round.
        same: whether the picks that are there are of the very network that asks now. If they are of another one, all images are
            looked at again: a training that was resumed from an earlier state has to come to the same picks.

    Raises:
        UserError: it comes to others.
    """
    made = [index for index in asker.own if folder.picks_file(asker.stems[index]).exists()]
    known = {index: folder.read_picks(asker.stems[index]) for index in made}
    todo = [index for index in asker.own if index not in known or not same]
    told, total = Progress(f"Round {folder.number}: picks in", len(asker.dataset)), len(asker.own)
    with background() as threads:
        for done, (index, logits) in enumerate(predictions(asker.method, asker.network, asker.dataset, todo, asker.workers), 1):
            threads.submit(pick_image, asker, folder, asker.stems[index], logits, known.get(index))
            told(total - len(todo) + done)
            asker.between()
    barrier()


def background() -> BackgroundWork:
    """Scoring and files take as long as a GPU needs for a prediction; what waits holds the logits of an image."""
    return BackgroundWork(threads=max(1, min(THREADS, usable_cores())), waiting=1)


def pick_image(asker: Asker, folder: RoundFolder, stem: str, logits: Tensor, known: Picks | None) -> None:
    """Picks in an image; see :func:`make_picks`.

    Args:
        asker, folder, stem: of the round and the image.
        logits: [K, H, W].
        known: picks that were there before.
    """
    picks = asker.picker.pick(logits, folder, stem)
    if known is None:
        folder.write_picks(stem, picks)
    elif known != picks:
        text = "holds other picks than this training comes to, which was resumed from an earlier state"
        fix = f"Move {folder.path} and the rounds after it elsewhere to ask anew, or train in another folder"
        raise UserError(f"{folder.picks_file(stem)} {text}. {fix}.")


def make_labels(asker: Asker, folder: RoundFolder, oracle: Oracle) -> dict[str, SpentInImage]:
    """Has the oracle answer, and writes what is known of each image after the round; returns what that has cost, by their stems.

    Raises:
        UserError: a label or a file of the round is missing or broken, or the budget is spent.
    """
    told, spent = Progress(f"Round {folder.number}: labels of", len(asker.dataset)), {}

    def label(stem: str) -> None:
        picks = folder.read_picks(stem)
        spent[stem] = spent_in_image(picks, label_image(folder, stem, picks, oracle))

    with background() as threads:
        for done, index in enumerate(asker.own, 1):
            threads.submit(label, asker.stems[index])
            told(done)
            asker.between()
    parts = all_gather_object(spent)
    return {stem: entry for part in parts for stem, entry in part.items()}


def label_image(folder: RoundFolder, stem: str, picks: Picks, oracle: Oracle) -> int:
    """Adds the labels of a round to those of an image, unless that was done before it was interrupted.

    Args:
        folder, stem: of the round and the image.
        picks: of the image.
        oracle: is asked where there is no label yet.

    Returns:
        how many of the pixels have got a class.
    """
    asked = asked_now(folder, stem, picks)
    if folder.label_file(stem).exists():
        label = folder.read_label(stem, asked.shape)
    else:
        label = folder.known_before(stem, asked.shape)
        if asked.any():  # where nothing was left to pick, nobody is asked
            label = np.where(asked, oracle.answer(stem, asked, picks["allowed"]), label)
        folder.write_label(stem, label)
    return int((label[asked] != IGNORE).sum())


def finish(folder: RoundFolder, header: RoundHeader, spent: dict[str, SpentInImage]) -> None:
    """Writes what a round has cost, by the stems of the images, and then that it is finished."""
    if is_main_process():
        all_picks = [folder.read_picks(stem) for stem in spent]
        pixels = sum(picks["size"][0] * picks["size"][1] for picks in all_picks)
        write_spent(folder, spent, pixels, sum(picks["allowed"] for picks in all_picks))
        folder.write_header({**header, "picked": True, "complete": True})
        print_log(in_words(folder), logger="current")
    barrier()


def in_words(folder: RoundFolder) -> str:
    """What a finished round has brought, in one line."""
    spent = read_spent(folder)
    total = totals(spent["images"])
    share = 100 * total["asked"] / max(spent["pixels"], 1)
    text = f"Round {folder.number}: {total['asked']} pixels ({share:.3g} % of all) asked for in {len(spent['images'])} images"
    ignored = f", {total['ignored']} of them have no class" if total["ignored"] else ""
    unspent = f", {total['unspent']} picks of the budget found nothing left" if total["unspent"] else ""
    return text + ignored + unspent


class Progress:
    """A line in the log now and then, by the first process.

    Args:
        what: begins the line.
        total: images of all processes.
    """

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.told = what, total, time.monotonic()

    def __call__(self, done: int) -> None:
        """After ``done`` images of this process."""
        if time.monotonic() - self.told > PROGRESS and is_main_process():
            self.told = time.monotonic()
            all_done = min(done * get_dist_info()[1], self.total)
            print_log(f"{self.what} {all_done} of {self.total} images", logger="current")
