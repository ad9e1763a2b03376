"""Data sets, training samples, samplers; ``mmseg.datasets.registered`` imports all of them."""

from mmseg.utils.exports import exported

HOMES = {
    "ACDCDataset": "acdc",
    "BDD100KDataset": "bdd100k",
    "CamVidDataset": "camvid",
    "ClassAwareOptions": "sampling.class_aware_sampling",
    "CityscapesDataset": "cityscapes",
    "CropOptions": "sampling.crop_options",
    "DarkZurichDataset": "dark_zurich",
    "FolderDataset": "folder",
    "GTADataset": "gta",
    "MapillaryDataset": "mapillary",
    "RareClassOptions": "sampling.rare_class_sampling",
    "RareClassTable": "sampling.rare_class_sampling",
    "RunningIndexSampler": "sampling.samplers",
    "SegmentationDataset": "base",
    "SeveralDatasets": "several",
    "StrongViewOptions": "sampling.target_views",
    "SynthiaDataset": "synthia",
    "UDADataset": "sampling.uda_dataset",
}

__all__ = list(HOMES)
__getattr__ = exported(__name__, HOMES)
