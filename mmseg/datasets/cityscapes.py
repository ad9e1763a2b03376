"""Cityscapes (Cordts et al., CVPR 2016): leftImg8bit/<split>/<city> and gtFine/<split>/<city>."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class CityscapesDataset(SegmentationDataset):
    """Cityscapes in its own folders; options as :class:`SegmentationDataset`."""

    converter = "python tools/convert_datasets/cityscapes.py"
    image_suffix = "_leftImg8bit.png"
    label_suffix = "_gtFine_labelTrainIds.png"
