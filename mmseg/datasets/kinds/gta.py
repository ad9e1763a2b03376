"""GTA (Richter et al., ECCV 2016): synthetic street scenes, images/00001.png and labels/00001_labelTrainIds.png."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class GTADataset(SegmentationDataset):
    """GTA in its own folders; options as :class:`SegmentationDataset`."""

    converter = "python tools/convert_datasets/gta.py"
    image_folder = "images"
