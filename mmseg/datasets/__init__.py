"""Data sets, training samples, samplers."""

from mmseg.datasets.acdc import ACDCDataset
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.cityscapes import CityscapesDataset
from mmseg.datasets.dark_zurich import DarkZurichDataset
from mmseg.datasets.gta import GTADataset
from mmseg.datasets.rare_class_sampling import RareClassOptions, RareClassTable
from mmseg.datasets.samplers import RunningIndexSampler
from mmseg.datasets.synthia import SynthiaDataset
from mmseg.datasets.uda_dataset import CropOptions, UDADataset

__all__ = [
    "ACDCDataset",
    "CityscapesDataset",
    "CropOptions",
    "DarkZurichDataset",
    "GTADataset",
    "RareClassOptions",
    "RareClassTable",
    "RunningIndexSampler",
    "SegmentationDataset",
    "SynthiaDataset",
    "UDADataset",
]
