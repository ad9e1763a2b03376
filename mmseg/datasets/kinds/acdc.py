"""ACDC (Sakaridis et al., ICCV 2021): fog, night, rain and snow; {rgb_anon,gt}/<condition>/<split>/<sequence>, or {rgb_anon,gt}/<split>."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.registry import DATASETS

CONDITIONS = ("fog", "night", "rain", "snow")


@DATASETS.register_module()
class ACDCDataset(SegmentationDataset):
    """ACDC as it is unpacked, or flattened; options as :class:`SegmentationDataset`.

    ``img_dir='rgb_anon/val'`` and ``ann_dir='gt/val'`` mean one split. They are folders if somebody has put the
    sequences of all conditions there; otherwise the files of the split are read where they lie, below
    ``rgb_anon/<condition>/val`` and ``gt/<condition>/val``, also in the archives that they come in.
    """

    image_suffix = "_rgb_anon.png"
    label_suffix = "_gt_labelTrainIds.png"

    @cached_property
    def conditions(self) -> tuple[str | None, ...]:
        """Of every image: one of :data:`CONDITIONS`, or None where its path does not tell."""
        paths = [self.images.path(index).relative_to(self.data_root) for index in range(len(self))]
        return tuple(next((part for part in path.parts if part in CONDITIONS), None) for path in paths)

    def __getitem__(self, index: int) -> dict:
        """An evaluation sample, with the ``condition`` of its image where the path tells."""
        sample, condition = super().__getitem__(index), self.conditions[index]
        return sample if condition is None else {**sample, "condition": condition}

    @property
    def convert_hint(self) -> str:
        return f"Unpack gt_trainval.zip into {self.data_root}."

    @property
    def statistics_hint(self) -> str:
        return f"Create it with: python tools/convert_datasets/acdc.py {self.data_root}"

    def find_images(self, folder: Path, suffix: str) -> ImageFiles:
        """The images of the folder, or those of the split that is called like it in the folders of the conditions beside it."""
        self.by_condition = False
        if folder.is_dir():
            return super().find_images(folder, suffix)
        tree = super().find_images(folder.parent, suffix)
        places = [name.split("/") for name in tree.names]
        kept = [index for index, parts in enumerate(places) if parts[0] in CONDITIONS and parts[1] == folder.name]
        if not kept:
            return super().find_images(folder, suffix)
        self.by_condition = True
        names, folders = (tuple(entries[index] for index in kept if entries) for entries in (tree.names, tree.folders))
        return ImageFiles(tree.folder, names, folders)

    def find_label_folder(self, folder: Path) -> Path:
        return folder.parent if self.by_condition else folder
