"""Data sets, training samples, samplers."""

from mmseg.datasets.acdc import ACDCDataset
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.bdd100k import BDD100KDataset
from mmseg.datasets.cityscapes import CityscapesDataset
from mmseg.datasets.dark_zurich import DarkZurichDataset
from mmseg.datasets.folder import FolderDataset
from mmseg.datasets.gta import GTADataset
from mmseg.datasets.mapillary import MapillaryDataset
from mmseg.datasets.sampling.crop_options import CropOptions
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions, RareClassTable
from mmseg.datasets.sampling.samplers import RunningIndexSampler
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.datasets.several import SeveralDatasets
from mmseg.datasets.synthia import SynthiaDataset

__all__ = [
    "ACDCDataset",
    "BDD100KDataset",
    "CityscapesDataset",
    "CropOptions",
    "DarkZurichDataset",
    "FolderDataset",
    "GTADataset",
    "MapillaryDataset",
    "RareClassOptions",
    "RareClassTable",
    "RunningIndexSampler",
    "SegmentationDataset",
    "SeveralDatasets",
    "SynthiaDataset",
    "UDADataset",
]
