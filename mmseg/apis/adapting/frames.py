"""Images of a user as a data set without labels: those of a folder, or those that a list names, in its order.

Letters: (H, W) native size, (h, w) size at which the network sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch.utils.data import Dataset

from mmseg.apis.predicting.sources import Source, find_sources
from mmseg.datasets.base import image_values
from mmseg.datasets.choosing.file_lists import read_list
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.tensors import image_tensor
from mmseg.datasets.transforms import RESIZING, EvaluationSize
from mmseg.utils.errors import UserError

LIST = ".txt"


class Frames(Dataset):
    """Samples as those of an evaluation, without labels.

    Args:
        sources: the images, in the order of the stream.
        looks: ``val_dataloader.dataset`` of the network's config, which says at which size it sees images.
    """

    labelled = False

    def __init__(self, sources: Sequence[Source], looks: Mapping) -> None:
        self.names = tuple(f"{source.name}.png" for source in sources)
        self.images = ImageFiles(Path(), tuple(str(source.path) for source in sources), values=image_values(looks))
        self.size = EvaluationSize(looks.get("test_scale"), looks.get("test_keep_ratio", True))
        self.resize = RESIZING[looks.get("test_interpolation", "bilinear")]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict:
        """``image`` uint8 [3, h, w] RGB, ``path``, ``native_size`` int64 [2] (H, W)."""
        image = self.images.read(index)
        seen = self.resize(image, self.size.resized(image.shape[:2]))
        return {"image": image_tensor(seen), "path": str(self.images.path(index)), "native_size": torch.tensor(image.shape[:2])}


def folder_frames(folder: Path, looks: Mapping) -> Frames:
    """All images below a folder, sorted; see :class:`Frames`.

    Raises:
        UserError: there are none.
    """
    sources = [source for source in find_sources([folder])[0] if not source.video]
    if not sources:
        raise UserError(f"Stream {folder} holds videos and no image. Give a folder of their frames.")
    return Frames(sources, looks)


def listed_frames(file: Path, looks: Mapping) -> Frames:
    """The images that a text file names, one a line, as a path from the current folder or from that of the file; see :class:`Frames`.

    Raises:
        UserError: the list is missing or empty, or an image of it does not exist.
    """
    sources = []
    for number, line in read_list(file, "STREAM"):
        found = next((path for path in (Path(line), file.parent / line) if path.is_file()), None)
        if found is None:
            raise UserError(f"Line {number} of {file} names {line}, which does not exist. Correct the line, or put the image there.")
        parts = [part for part in Path(line).with_suffix("").parts if part not in ("/", "..")]
        sources.append(Source(found, "/".join(parts)))
    return Frames(sources, looks)
