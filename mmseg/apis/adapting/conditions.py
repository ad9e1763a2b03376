"""What a network is led through: conditions, such as fog and night, each a run of images."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmengine.config import Config
from torch.utils.data import Dataset

from mmseg.apis.adapting.frames import LIST, folder_frames, listed_frames
from mmseg.apis.evaluating.evaluate import evaluation_loader, target_loaders, target_name
from mmseg.apis.evaluating.robustness import chosen_corruptions
from mmseg.datasets.corruptions import Corruption
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.utils.errors import UserError, suggestion

TARGET = "target"
"""Name of the validation data of a config."""


@dataclass(frozen=True)
class Condition:
    """Images that look alike, in their order.

    Attributes:
        name: unique in a stream.
        data: gives samples of evaluations; has ``images``, ``labelled`` and, with labels, ``metainfo``.
        indices: of its images in the data.
    """

    name: str
    data: Dataset
    indices: Sequence[int]

    @property
    def results(self) -> list[str]:
        """Relative paths for what is predicted of its images, one each, as PNG."""
        names = getattr(self.data, "names", None) or self.data.images.names
        return [str(Path(names[index]).with_suffix(".png")) for index in self.indices]


def find_conditions(streams: Sequence[str], cfg: Config, *, corruptions: Sequence[str] = (), order: Sequence[str] = ()) -> list[Condition]:
    """The conditions of a command, in the order in which they come.

    Args:
        streams: each ``[NAME=]`` before a folder of images, a list of images (.txt), or a file with a ``val_dataloader``, whose data may
            have several conditions of their own; none for the validation data of the config.
        cfg: complete config.
        corruptions: see :func:`chosen_corruptions`, which the images come with one after the other; none for images as they are.
        order: names of conditions, of which the stream consists; none for all, as they come.

    Raises:
        UserError: a stream cannot be read or is empty, two conditions have one name, or ``order`` names another one.
    """
    given = [single for stream in streams for single in _of_stream(stream, cfg)] if streams else list(_of_data(TARGET, _validation(cfg)))
    if corruptions:
        chosen = dict.fromkeys(pair for text in corruptions for pair in chosen_corruptions([text]))
        given = [_corrupted(single, *pair, cfg.seed, alone=len(given) == 1) for pair in chosen for single in given]
    known = {single.name: single for single in given}
    if len(known) < len(given):
        double = next(single.name for number, single in enumerate(given) if single.name in {other.name for other in given[:number]})
        raise UserError(f"STREAM: two conditions are called '{double}'. Write NAME=STREAM for one of them.")
    for name in order:
        if name not in known:
            fix = suggestion(name, known) or f" Known: {', '.join(known)}."
            raise UserError(f"--conditions {name}: the stream has no condition of this name.{fix}")
    return [known[name] for name in dict.fromkeys(order)] if order else given


def _validation(cfg: Config) -> Dataset:
    return evaluation_loader(cfg).dataset


def _of_stream(stream: str, cfg: Config) -> Iterator[Condition]:
    """See :func:`find_conditions`."""
    if Path(stream).exists():  # a path may hold a sign of equality
        name, path = Path(os.path.abspath(stream)).stem, Path(stream)
    else:
        name, path = target_name(stream), Path(stream.rpartition("=")[2])
    parts = Path(name).parts
    if not parts or ".." in parts or Path(name).is_absolute():  # predictions would lie outside of --show-dir
        raise UserError(f"Stream {stream}: '{name}' is no name of a condition. Write NAME={path} with another NAME.")
    if path.is_dir():
        frames = folder_frames(path, cfg.val_dataloader.dataset)
    elif path.suffix == LIST:
        frames = listed_frames(path, cfg.val_dataloader.dataset)
    elif path.suffix in (".py", ".json"):
        (loader,) = target_loaders([f"{name}={path}"], cfg.get("scale")).values()
        yield from _of_data(name, loader.dataset)
        return
    else:
        fix = "Give a folder of images, a list of them (.txt), or a file with a val_dataloader (.py)"
        raise UserError(f"Stream {path} {'is none' if path.exists() else 'does not exist'}. {fix}.")
    yield Condition(name, frames, range(len(frames)))


def _of_data(name: str, data: Dataset) -> Iterator[Condition]:
    """The conditions of a data set in alphabetical order, as ACDC's fog, night, rain and snow; one called ``name`` where it names none."""
    labels = getattr(data, "conditions", None) or (None,) * len(data)
    for label in sorted(set(labels), key=lambda label: label or ""):
        yield Condition(label or name, data, [index for index, own in enumerate(labels) if own == label])


def _corrupted(condition: Condition, kind: str, severity: int, seed: int, *, alone: bool) -> Condition:
    """The same images, made worse as in an evaluation of corruptions."""
    data = copy.copy(condition.data)
    if not isinstance(data.images, ImageFiles):
        raise UserError("--corruptions changes the images of one data set, and val_dataloader has several. Adapt to them one by one.")
    data.images = replace(data.images, change=Corruption(kind, severity, seed))
    name = f"{kind}:{severity}"
    return Condition(name if alone else f"{condition.name} {name}", data, condition.indices)
