"""The splits of a config, and what is wrong with one as a whole: the part of the data check that looks at lists of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path, PurePosixPath

from mmengine.config import Config

from mmseg.apis.checking.pairs import PairFacts, Problem
from mmseg.datasets import CropOptions, SegmentationDataset
from mmseg.datasets.base import without_labels
from mmseg.datasets.choosing.labeled import labeled_config
from mmseg.datasets.conversion.raw_labels import TRAIN_ID_SUFFIX
from mmseg.datasets.missing import how_to_get
from mmseg.datasets.reading.depth_files import UNPACK_DEPTH, DepthFiles
from mmseg.datasets.reading.image_files import list_files
from mmseg.engine.parts import asks_for_labels
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Split:
    """One of the data sets of a config.

    Attributes:
        role: 'source', 'target', 'labeled' (of target images with few labels), 'val' or 'test'.
        name: the same, with a number where a role has several data sets.
        dataset: config of the data set.
        crop: options of the training samples' crops; None where none are made.
        sampled: whether rare-class sampling reads its class statistics.
        skips: whether a training leaves out bad files of this split.
    """

    role: str
    name: str
    dataset: dict
    crop: dict | None = None
    sampled: bool = False
    skips: bool = False


@dataclass(frozen=True)
class OpenSplit:
    """A split whose folders exist.

    Attributes:
        options: what the config says about it.
        dataset: with all images, also where labels are missing.
        without_label, without_depth: indices of the images whose label or depth is missing.
    """

    options: Split
    dataset: SegmentationDataset
    without_label: frozenset[int] = frozenset()
    without_depth: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        return self.options.name

    @property
    def image_paths(self) -> list[Path]:
        """All images."""
        return [self.dataset.images.path(index) for index in range(len(self.dataset))]


def find_splits(cfg: Config, roles: Sequence[str]) -> Iterator[Split]:
    """The splits of a config with one of ``roles``; the target has labels if the training buys some of them."""
    training = cfg.train_dataloader.dataset.to_dict()
    skips = training.get("on_bad_sample") == "skip"
    if "source" in roles:
        sampled = bool(training.get("rare_class_sampling"))
        yield from _parts("source", training["source"], crop=training.get("source_crop"), sampled=sampled, skips=skips)
    if "target" in roles and training.get("target"):
        target = training["target"] if asks_for_labels(cfg, "labels") else without_labels(training["target"])
        yield from _parts("target", target, crop=training.get("target_crop"), skips=skips)
        if few := labeled_config(training["target"]):
            yield from _parts("labeled", few, crop=training.get("target_crop"), skips=skips)
    if "val" in roles:
        yield from _parts("val", cfg.val_dataloader.dataset.to_dict())
    if "test" in roles and cfg.get("test_dataloader"):
        yield from _parts("test", cfg.test_dataloader.dataset.to_dict())


def _parts(role: str, dataset: dict, crop: dict | None = None, **options: bool) -> Iterator[Split]:
    """One split, or one for each of ``SeveralDatasets``, which may have an ``img_scale`` of its own."""
    parts = dataset.get("datasets", [dataset])
    scales = (crop or {}).get("img_scale")
    for number, part in enumerate(parts):
        own = {**crop, "img_scale": scales[number]} if scales and isinstance(scales[0], (list, tuple)) else crop
        name = f"{role} {number + 1}" if len(parts) > 1 else role
        yield Split(role=role, name=name, dataset=part, crop=own, **options)


def open_split(split: Split) -> OpenSplit:
    """The data set of a split, complete or with images whose labels or depths are missing.

    Raises:
        UserError: its folder is missing or empty, or an option is wrong.
    """
    depth_dir = split.dataset.get("depth_dir")
    if depth_dir is None:
        return open_labels(split)
    known = {key: value for key, value in split.dataset.items() if key != "depth_dir"}
    opened = replace(open_labels(replace(split, dataset=known)), options=split)
    opened.dataset.depths = DepthFiles.named(opened.dataset.data_root / depth_dir, opened.dataset.stems)
    return replace(opened, without_depth=frozenset(opened.dataset.depths.missing()))


def open_labels(split: Split) -> OpenSplit:
    """As :func:`open_split`, of a data set without depth."""
    try:
        return OpenSplit(split, DATASETS.build(split.dataset))
    except UserError:
        chosen = {key: split.dataset[key] for key in ("labeled", "labeled_seed") if key in split.dataset}
        data = DATASETS.build({**without_labels(split.dataset), **chosen})
        folder = split.dataset.get(data.label_option)
        if folder is None:
            raise
        data.label_folder = data.find_label_folder(Path(split.dataset.get("data_root", ""), folder))
        existing = {*list_files(data.label_folder, label_ending(data))}
        without = frozenset(index for index, name in enumerate(data.label_names) if name not in existing)
        if not without:  # something else is wrong
            raise
        return OpenSplit(split, data, without)


def label_ending(data: SegmentationDataset) -> str:
    """How the names of labels end: what the first one does not share with its image, or else its suffix."""
    image, label = data.images.names[0], data.label_names[0]
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(image, label, strict=False)))
    return label[shared:] or PurePosixPath(label).suffix


def split_problems(split: OpenSplit, facts: Sequence[PairFacts], known: int | None) -> Iterator[Problem]:
    """Everything that is not the matter of a single file.

    Args:
        split: the split.
        facts: of the images that were decoded.
        known: number of images that it should have; None where that is not known.
    """
    data = split.dataset
    if known is not None and known != len(data):
        text = f"{data.images.folder} holds {len(data)} images, the published split has {known}"
        yield Problem("file count", str(data.images.folder), f"{text}. Unpack all archives of the data set there.")
    if split.options.crop:
        yield from small_images(data, facts, split.options.crop)
    if data.has_depth:
        yield from depth_problems(split, facts)
    if data.labelled:
        yield from unpaired_labels(split)
        if split.options.role != "target":
            yield from empty_classes(split, facts)
        if split.options.sampled and not split.without_label:
            yield from statistics_problems(data, facts)


def small_images(data: SegmentationDataset, facts: Sequence[PairFacts], options: dict) -> Iterator[Problem]:
    """Images that are smaller than the crop once they are resized."""
    try:
        crop = build_checked({**options, "type": CropOptions}, DATASETS)
    except UserError as error:
        yield Problem("config", "train_dataloader.dataset", str(error))
        return
    for single in facts:
        try:
            crop.check_fits(crop.smallest(single.size or crop.crop_size))
        except UserError as error:
            path = data.images.path(single.index)
            yield Problem("small image", str(path), f"{path}: {error}")


def depth_problems(split: OpenSplit, facts: Sequence[PairFacts]) -> Iterator[Problem]:
    """Images without depth, and one problem that counts all pixels of the depth 0: they are the nearest, or nobody knows how far."""
    data = split.dataset
    for index in sorted(split.without_depth):
        path, fix = data.depths.path(index), how_to_get(data.depths.folder, UNPACK_DEPTH)
        yield Problem("missing depth", str(path), f"{data.images.path(index)} has no depth {path}. {fix}")
    zeros = [single.zeros for single in facts if single.zeros]
    if zeros:
        read = sum(single.zeros is not None for single in facts)
        text = f"{len(zeros)} of {read} depth images hold pixels of the depth 0, {sum(zeros)} in all: a training takes them for the nearest"
        yield Problem("depth 0", str(data.depths.folder), f"{data.depths.folder}: {text}.")


def unpaired_labels(split: OpenSplit) -> Iterator[Problem]:
    """Images without a label, and labels without an image."""
    data = split.dataset
    for index in sorted(split.without_label):
        path = data.label_path(index)
        yield Problem("missing label", str(path), f"{data.images.path(index)} has no label {path}. {data.convert_hint}")
    folders = {PurePosixPath(name).parent for name in data.label_names}  # others may belong to other splits
    if split.options.role == "labeled":
        return  # other images may have labels as well
    raw = data.raw is not None  # train ids may lie beside raw labels
    for name in sorted({*list_files(data.label_folder, label_ending(data))} - {*data.label_names}):
        if PurePosixPath(name).parent not in folders or (raw and name.endswith(TRAIN_ID_SUFFIX)):
            continue
        path = data.label_folder / name
        text = f"{path} is the label of no image in {data.images.folder}. Put the image there, or the label elsewhere."
        yield Problem("label without image", str(path), text)


def empty_classes(split: OpenSplit, facts: Sequence[PairFacts]) -> Iterator[Problem]:
    """One problem that names all classes without a pixel, but for those that the data set cannot have."""
    data, read = split.dataset, sum(single.labelled for single in facts)
    present = {train_id for single in facts for train_id in single.pixels}
    names = [name for train_id, name in enumerate(data.classes) if train_id not in present]
    names = [name for name in names if name not in data.metainfo["absent"]]
    if read and not present:
        text = f"{data.label_folder}: none of the {read} labels read has a pixel of a class, all of them are ignored"
        fix = "Correct label_map, ignore or classes, or the labels"
        yield Problem("no labelled pixel", str(data.label_folder), f"{text}. {fix}.")
    elif read and names:
        what = f"{len(names)} of {len(data.classes)} classes have no pixel in the {read} labels read: {', '.join(names)}"
        source = "No network learns them here: add images with them, or report a mean without them."
        counted = "Their IoU is 0 as soon as one of them is predicted anywhere, and left out of the mean otherwise"
        held_out = f"{counted}: add images with them, or say that there are none (docs/own_data.md)."
        yield Problem("empty class", str(data.label_folder), f"{data.label_folder}: {what}. {source if split.options.crop else held_out}")


def statistics_problems(data: SegmentationDataset, facts: Sequence[PairFacts]) -> Iterator[Problem]:
    """Class statistics that a training refuses, or that are not what the labels show."""
    try:
        statistics = data.class_statistics()
    except UserError as error:
        yield Problem("statistics", str(data.data_root), str(error))
        return
    listed: dict[int, dict[int, int]] = {}
    for train_id, files in statistics.files.items():
        for index, pixels in files:
            listed.setdefault(index, {})[train_id] = pixels
    for single in facts:
        if single.pixels and listed.get(single.index, {}) != single.pixels:
            path = data.label_path(single.index)
            text = f"{path} holds other numbers of pixels than the class statistics in {data.data_root}: they are stale"
            yield Problem("stale statistics", str(path), f"{text}. {data.recount_hint}")
