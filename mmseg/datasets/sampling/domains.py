"""What a training keeps of its two domains: the labelled source, and the images of the target."""

from __future__ import annotations

from pathlib import Path

from mmseg.datasets.base import SegmentationDataset, without_labels
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.several import SeveralDatasets, SeveralImageFiles
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError


def labelled_source(dataset: dict | SegmentationDataset | SeveralDatasets) -> SegmentationDataset | SeveralDatasets:
    """The data set of a training's source, or its config, built.

    Raises:
        UserError: it has no labels.
    """
    dataset = build_checked(dataset, DATASETS) if isinstance(dataset, dict) else dataset
    if not dataset.labelled:
        option = "labels of its data sets" if isinstance(dataset, SeveralDatasets) else dataset.label_option
        raise UserError(f"UDADataset: the source {dataset.place} has no labels. Set {option} in its config.")
    return dataset


def target_images(dataset: dict | SegmentationDataset | None) -> ImageFiles | None:
    """Keeps the images of the target and forgets the rest, so that training cannot reach its labels."""
    if isinstance(dataset, dict):
        dataset = build_checked(without_labels(dataset), DATASETS)
    return dataset.images if dataset is not None else None


def part_count(domain: SegmentationDataset | SeveralDatasets | ImageFiles | SeveralImageFiles | None) -> int:
    """Number of data sets of a domain."""
    return len(getattr(domain, "parts", (domain,)))


def data_folders(*domains: SegmentationDataset | SeveralDatasets | ImageFiles | SeveralImageFiles | None) -> list[Path]:
    """Where the files of a training lie."""
    return [folder for domain in domains if domain is not None for part in getattr(domain, "parts", [domain]) for folder in part.places]
