"""Training samples: a labelled crop of the source and, for adaptation, an unlabelled crop of the target.

Letters: (H, W) crop; sizes are (height, width), scales (width, height) as in all configs.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch.utils.data import Dataset

from mmseg.datasets import transforms
from mmseg.datasets.annotating.maps import AnnotationMaps
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.cropping.crops import built_options, check_crops, check_no_target, check_second_crop, check_target_crop, domain_crops
from mmseg.datasets.cropping.finishing import synchronised_crop
from mmseg.datasets.cropping.target_crop import TargetCrop
from mmseg.datasets.reading.folders import check_still_there
from mmseg.datasets.sampling.class_aware_sampling import ClassAwareOptions, draw_class_aware_list
from mmseg.datasets.sampling.color_transfer import ColorTransfer
from mmseg.datasets.sampling.domains import data_folders, labelled_source, part_count, target_images
from mmseg.datasets.sampling.labelled.crop import labelled_crop
from mmseg.datasets.sampling.labelled.target import LabeledTarget, Unlabeled, labeled_target, unlabelled_images
from mmseg.datasets.sampling.made_targets import MadeTargets
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions, build_rare_class_table
from mmseg.datasets.sampling.target_margins import Margins, TargetMargins
from mmseg.datasets.sampling.target_views import StrongViewOptions, TargetViews
from mmseg.registry import DATASETS
from mmseg.structures import Box
from mmseg.utils.errors import BadFileError, UserError, naming_file
from mmseg.utils.options.ranges import Four, NonNegative, Pair, Positive
from mmseg.utils.randomness import Streams, derive_seed

DRAWS = 5  # bad samples in a row that end a training which skips them


@DATASETS.register_module()
class UDADataset(Dataset):
    """Pairs of crops, each a function of (seed, running sample number).

    An item is decided first, on the label alone (class, file, crop, flip), and then the image is decoded
    once. Nothing depends on earlier items, so neither the number of loader workers nor a resume changes
    what is drawn. The target is reduced to its image files when the data set is built.

    Args:
        source: labelled data set, or its config.
        target: data set of the target domain, or its config; its labels are ignored, but for images that its option ``labeled`` chooses:
            they are a third stream, one labelled crop a sample, beside the source and the unlabelled target. None for training on the
            source alone.
        unlabeled: which target images are drawn as unlabelled ones where some are ``labeled``: 'all', the 'rest', or 'none', for training
            on source and labelled target without adaptation.
        seed: seed of all draws.
        source_crop, target_crop: options of :class:`CropOptions`. For :class:`SeveralDatasets`, ``img_scale`` may be a list with one
            (w, h) for each of them.
        crop_pseudo_margins: rows and columns at [top, bottom, left, right] of the resized target image
            that get no pseudo-labels, in pixels of the resized image; gives the target a ``valid`` mask.
        target_margins: the same as [top, bottom, left, right] in per cent of the height and the width of a target image; for
            :class:`SeveralDatasets`, a list with one for each of them, or None for none.
        rare_class_sampling: options of :class:`RareClassOptions`; None takes every source file once per
            epoch, in a new order each time.
        class_aware_sampling: options of :class:`ClassAwareOptions`, another way to draw source files.
        sync_crop_size: (h, w) of a second crop at the same place of the source and the target crop
            (the ablation of crop sizes in HRDA, Table 8).
        target_whole: (w, h) of the whole target image that comes with its crop, for methods that look at it; None for none.
        target_place: whether a sample tells where its target crop lies in its image; it does anyway where more of the image comes with it.
        strong_view: options of :class:`StrongViewOptions`, for methods with a second, strongly augmented view of the target crop.
        target_labels: folder of hard pseudo-labels (``tools/prepare/pseudo_labels.py``) of the target images; no others are taken.
        target_soft_labels: folder of soft ones, made with ``--soft``.
        lab_transfer: gives every source image mean and deviation of a random target image in CIELAB, as CPSL loads GTA.
        on_bad_sample: 'raise' ends the training at a missing, broken or mislabelled file; 'skip' logs it and takes another
            sample in its place, until 5 in a row are bad: rare while fewer than one file in 20 is, soon where one in 5 is.

    Attributes:
        annotations: what is known of the target by annotating (:class:`~mmseg.engine.hooks.AnnotationRounds`), or None.

    Raises:
        UserError: an option does not fit the others, or the data are not as expected.
    """

    annotations: AnnotationMaps | None = None

    def __init__(
        self,
        *,
        source: dict | SegmentationDataset,
        source_crop: dict,
        target: dict | SegmentationDataset | None = None,
        target_crop: dict | None = None,
        seed: NonNegative[int] = 0,
        crop_pseudo_margins: Four[NonNegative[int]] | None = None,
        target_margins: Margins | Sequence[Margins | None] | None = None,
        rare_class_sampling: dict | None = None,
        class_aware_sampling: dict | None = None,
        sync_crop_size: Pair[Positive[int]] | None = None,
        target_whole: Pair[Positive[int]] | None = None,
        target_place: bool = False,
        strong_view: dict | None = None,
        target_labels: str | None = None,
        target_soft_labels: str | None = None,
        lab_transfer: bool = False,
        unlabeled: Unlabeled = "all",
        on_bad_sample: str = "raise",
    ) -> None:
        self.seed = seed
        self.source = labelled_source(source)
        self.source_crops = domain_crops(source_crop, "source", part_count(self.source))
        images = target_images(target)
        self.target_crops = domain_crops(target_crop, "target", part_count(images))
        self.labeled: LabeledTarget | None = labeled_target(target, self.target_crops, self.source_crop, seed)
        self.target = unlabelled_images(images, self.labeled, unlabeled)
        self.margins = TargetMargins.of(crop_pseudo_margins, target_margins, part_count(images))
        self.sync_crop_size = sync_crop_size
        self.on_bad_sample = on_bad_sample
        self._logged: set[str] = set()
        self.rare = built_options(RareClassOptions, rare_class_sampling)
        self.table = build_rare_class_table(self.source, self.rare) if self.rare else None
        aware = built_options(ClassAwareOptions, class_aware_sampling)
        if on_bad_sample not in ("raise", "skip"):
            raise UserError(f"UDADataset got on_bad_sample={on_bad_sample!r}. Use 'raise' or 'skip'.")
        beside = {"target_whole": target_whole, "strong_view": strong_view, "target_soft_labels": target_soft_labels}
        uncut = [name for name, value in {**beside, "target_place": target_place or None}.items() if value is not None]
        others = {"crop_pseudo_margins": crop_pseudo_margins, "target_margins": target_margins, "target_labels": target_labels}
        if self.labeled is None:  # whose crops are cut as it says
            others["target_crop"] = target_crop
        if self.target is None:
            check_no_target([name for name, value in {**others, "lab_transfer": lab_transfer}.items() if value] + uncut)
        if self.target is not None or self.labeled:
            check_target_crop(self.target_crop)
        check_crops({"source_crop": self.source_crop, "target_crop": self.target_crop}, sync_crop_size)
        check_second_crop(sync_crop_size, [*uncut, "source.depth_dir"] if self.source.has_depth else uncut)
        self.views = TargetViews(
            whole=target_whole,
            strong=built_options(StrongViewOptions, strong_view),
            labels=self._made(target_labels, soft=False),
            soft=self._made(target_soft_labels, soft=True),
            place=target_place,
        )
        self.colors = ColorTransfer(self.target) if lab_transfer else None
        if aware and self.rare:
            raise UserError("UDADataset has rare_class_sampling and class_aware_sampling. Set one of them to None.")
        self.order = None if aware is None else draw_class_aware_list(self.source, aware, derive_seed(seed, "class-aware list"))

    def _made(self, folder: str | None, *, soft: bool) -> MadeTargets | None:
        return None if folder is None else MadeTargets.open(folder, self.target.names, self.source.classes, soft=soft)

    @property
    def source_crop(self) -> CropOptions:
        """Of the first source; those of the others differ in ``img_scale`` alone."""
        return self.source_crops[0]

    @property
    def target_crop(self) -> CropOptions | None:
        """Of the first target; those of the others differ in ``img_scale`` alone."""
        return self.target_crops[0]

    @property
    def sample_size(self) -> tuple[int, int]:
        """(H, W) of the crops of a sample."""
        return tuple(self.sync_crop_size or self.source_crop.crop_size)

    @property
    def target_size(self) -> tuple[int, int]:
        """(H, W) of the target crops of a sample: where both crops are whole images, they may differ."""
        return tuple(self.sync_crop_size or self.target_crop.crop_size)

    @property
    def metainfo(self) -> dict:
        """As of the source."""
        return self.source.metainfo

    def __len__(self) -> int:
        """Number of source files; the items themselves never end."""
        return len(self.source)

    def __getitem__(self, index: int) -> dict:
        """The sample with the running number ``index`` (0, 1, 2, … without bound).

        Returns:
            ``index``; ``source`` with ``image`` uint8 [3, H, W] RGB, ``label`` uint8 [H, W], ``size``
            int64 [2] (height and width before padding) and, with depth, what
            :func:`~mmseg.datasets.sampling.labelled.source_depth.depth_crop` adds; ``labeled`` with ``image``, ``label`` and ``size`` of
            a labelled target crop, where there are labelled images; ``target`` with ``image``, ``size`` and, with
            margins, ``valid`` uint8 [H, W] (1: pseudo-labels may be used), with annotations ``annotation`` uint8
            [H, W] (255 where not labelled) and ``round``, whose labels it shows, and what
            :meth:`TargetViews.load <mmseg.datasets.sampling.target_views.TargetViews.load>` adds; ``skipped``, the number of
            bad samples that this one stands in for, if they are to be skipped.
        """
        if self.on_bad_sample == "raise":
            return self.load(index)
        for draw in range(DRAWS):
            try:
                return {**self.load(self.number_of_draw(index, draw)), "index": index, "skipped": draw}
            except BadFileError as error:
                last = str(error)
                self._log_once(last)
        raise UserError(f"UDADataset: {DRAWS} samples in a row are bad, so many files must be. Find them with tools/check_data.py. {last}")

    def number_of_draw(self, index: int, draw: int) -> int:
        """The running number of the sample that is taken for ``index`` after ``draw`` bad ones."""
        return derive_seed(self.seed, index, "replacement", draw) if draw else index

    def load(self, index: int) -> dict:
        """The sample with the running number ``index``, bad or not; a folder that is gone is no bad sample."""
        streams = Streams(self.seed, index)
        try:
            sample = {"index": index, "source": self.load_source(streams)}
            if self.target is not None:
                sample["target"] = self.load_target(streams)
            if self.labeled:
                sample["labeled"] = self.labeled.load(streams)
        except BadFileError:
            check_still_there(data_folders(self.source, self.target, self.labeled and self.labeled.data))
            raise
        return synchronised_crop(sample, self.sync_box(streams)) if self.sync_crop_size else sample

    def sync_box(self, streams: Streams) -> Box:
        """Where the second crop of a sample lies in both of its crops."""
        return transforms.draw_crop_box(streams.numpy("sync_crop"), *self.source_crop.crop_size, self.sync_crop_size)

    def load_source(self, streams: Streams) -> dict:
        """See :func:`~mmseg.datasets.sampling.labelled.crop.labelled_crop`."""
        rare_class, index = self.draw_source_file(streams)
        options = self.source_crops[self.source.part_number(index)]
        rare = None if rare_class is None else (rare_class, self.rare.min_crop_pixels, self.rare.crop_tries)
        return labelled_crop(self.source, index, options, streams, "source", rare=rare, colors=self.colors)

    def load_target(self, streams: Streams) -> dict:
        """Draws file, crop and flip without looking at anything but the image size."""
        index = self.draw_target_file(streams)
        image = self.target.read(index)
        with naming_file(self.target.path(index)):
            crop = TargetCrop.draw(self.target_crops[self.target.part_number(index)], image.shape[:2], streams)
        sample = crop.image(image)
        margins = self.margins.in_pixels(self.target.part_number(index), crop.size)
        if margins is not None:
            sample["valid"] = crop.valid(margins)
        if self.annotations is not None:
            number, label = self.annotations.read(index, image.shape[:2])
            sample |= {"annotation": crop.annotation(label), "round": number}
        return {**sample, **self.views.load(index, image, crop, sample["image"], streams)}

    def annotation(self, index: int, skipped: int, number: int) -> torch.Tensor:
        """``annotation`` of a target sample [H, W] after round ``number`` of annotating, read now.

        Args:
            index, skipped: of the sample.
            number: a round that is finished; 0 is before the first.
        """
        if number == 0:
            return torch.full(self.target_size, IGNORE, dtype=torch.uint8)
        streams = Streams(self.seed, self.number_of_draw(index, skipped))
        file = self.draw_target_file(streams)
        label = self.annotations.label(file, number)
        annotation = TargetCrop.draw(self.target_crops[self.target.part_number(file)], label.shape, streams).annotation(label)
        return annotation if self.sync_crop_size is None else annotation[self.sync_box(streams).slices]

    def draw_source_file(self, streams: Streams) -> tuple[int | None, int]:
        """(rare class or None, file index): by rare-class or class-aware sampling, by weights, or a new order of all files per epoch."""
        if self.table is not None:
            return self.table.draw(streams.numpy("source.file"))
        if self.order is not None:
            return None, int(self.order[streams.index % len(self.order)])
        if self.source.file_weights is not None:
            return None, int(streams.numpy("source.file").choice(len(self), p=self.source.file_weights))
        epoch, position = divmod(streams.index, len(self))
        return None, int(Streams(self.seed, epoch).numpy("source.order").permutation(len(self))[position])

    def draw_target_file(self, streams: Streams) -> int:
        """Index of a target file: all of them alike, or by the weights of several data sets."""
        return int(streams.numpy("target.file").choice(len(self.target), p=getattr(self.target, "file_weights", None)))

    def files(self, index: int) -> list[Path]:
        """The files that the sample with the running number ``index`` is read from."""
        streams = Streams(self.seed, index)
        source = self.draw_source_file(streams)[1]
        files = [self.source.images.path(source), self.source.label_path(source)]
        depth = self.source.depth_paths(source)
        labeled = self.labeled.files(streams) if self.labeled else []
        if self.target is None:
            return [*files, *depth, *labeled]
        target = self.draw_target_file(streams)
        colors = [] if self.colors is None else [self.target.path(self.colors.draw(streams))]
        return [*files, self.target.path(target), *self.views.files(target), *colors, *depth, *labeled]

    def _log_once(self, text: str) -> None:
        """In the log of the training; with several workers, each of them tells it once."""
        if text not in self._logged:
            self._logged.add(text)
            print_log(f"Skipped: {text}", logger="current", level=logging.WARNING)
