"""Data sets, training samples, samplers."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.cityscapes import CityscapesDataset
from mmseg.datasets.gta import GTADataset
from mmseg.datasets.rare_class_sampling import RareClassOptions, RareClassTable
from mmseg.datasets.samplers import RunningIndexSampler
from mmseg.datasets.uda_dataset import CropOptions, UDADataset

__all__ = [
    "CityscapesDataset",
    "CropOptions",
    "GTADataset",
    "RareClassOptions",
    "RareClassTable",
    "RunningIndexSampler",
    "SegmentationDataset",
    "UDADataset",
]
