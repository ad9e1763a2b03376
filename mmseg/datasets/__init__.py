"""Data sets, training samples, samplers; ``mmseg.datasets.registered`` imports all of them."""

from mmseg.utils.exports import exported

HOMES = {
    "ACDCDataset": "kinds.acdc",
    "BDD100KDataset": "kinds.bdd100k",
    "CamVidDataset": "kinds.camvid",
    "ClassAwareOptions": "sampling.class_aware_sampling",
    "CityscapesDataset": "kinds.cityscapes",
    "CropOptions": "cropping.crop_options",
    "DarkZurichDataset": "kinds.dark_zurich",
    "FolderDataset": "folder",
    "GTADataset": "kinds.gta",
    "IDDDataset": "kinds.idd",
    "MapillaryDataset": "kinds.mapillary",
    "RareClassOptions": "sampling.rare_class_sampling",
    "RareClassTable": "sampling.rare_class_sampling",
    "RunningIndexSampler": "sampling.samplers",
    "SegmentationDataset": "base",
    "SeveralDatasets": "several",
    "StrongViewOptions": "sampling.target_views",
    "SynscapesDataset": "kinds.synscapes",
    "SynthiaDataset": "kinds.synthia",
    "UDADataset": "sampling.uda_dataset",
    "UrbanSynDataset": "kinds.urbansyn",
    "WildDash2Dataset": "kinds.wilddash2",
}

__all__ = list(HOMES)
__getattr__ = exported(__name__, HOMES)
