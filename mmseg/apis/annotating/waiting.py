"""The round of a training that people are to label."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from mmseg.config.config import load_config
from mmseg.datasets.annotating.maps import AnnotationMaps
from mmseg.datasets.annotating.rounds import ANNOTATIONS, RoundFolder, RoundHeader
from mmseg.datasets.base import class_info, without_labels
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.several import SeveralImageFiles
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import images_digest
from mmseg.utils.storage.run_folder import CONFIG
from mmseg.visualization.colorize import Palette


@dataclass(frozen=True)
class WaitingRound:
    """A round in which all picks are made.

    Attributes:
        run: folder of the training.
        folder, header: of the round.
        images: of the target.
        stems: what the files of each image are called.
        palette: RGB by train id, of the source; the target may say nothing of its classes.
    """

    run: Path
    folder: RoundFolder
    header: RoundHeader
    images: ImageFiles | SeveralImageFiles
    stems: tuple[str, ...]
    palette: Palette

    @property
    def classes(self) -> list[str]:
        """Names by train id."""
        return self.header["classes"]


def find_round(run: Path, number: int | None) -> WaitingRound:
    """The round of a training that waits for labels.

    Args:
        run: folder of the training.
        number: of the round, from 1; None takes the one that waits.

    Raises:
        UserError: there is no such training, or no such round.
    """
    if not (run / CONFIG).is_file():
        raise UserError(f"{run / CONFIG} does not exist: {run} is no folder of a training. Give the one that waits for labels.")
    dataset = load_config(run / CONFIG).train_dataloader.dataset
    target = build_checked(without_labels(dataset.target.to_dict()), DATASETS) if dataset.get("target") else None
    maps = AnnotationMaps(run / ANNOTATIONS, tuple(target.images.names) if target else ())
    headers = list(itertools.takewhile(bool, (maps.round(place).header() for place in itertools.count(1))))
    waiting = [header for header in headers if header["picked"] and number in (header["round"], None)]
    if number is None:
        waiting = [header for header in waiting if not header["complete"]]
    if not waiting:
        known = ", ".join(f"{header['round']} is {_state(header)}" for header in headers) or "none was begun"
        asked = "no round that waits for labels" if number is None else f"no round {number} with picks"
        raise UserError(f"{run} has {asked} ({known}). Train it with oracle='people' until it waits.")
    folder = maps.round(waiting[0]["round"])
    if waiting[0]["images_digest"] != images_digest(maps.names):
        raise UserError(f"{folder.path} is about other images than {target.place} has now. Put back those of the training.")
    return WaitingRound(run, folder, waiting[0], target.images, maps.stems, class_info(dataset.source)["palette"])


def _state(header: RoundHeader) -> str:
    return "finished" if header["complete"] else "waiting" if header["picked"] else "not picked yet"
