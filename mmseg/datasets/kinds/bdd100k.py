"""BDD100K (Yu et al., CVPR 2020): images/10k/<split>/*.jpg and labels/sem_seg/masks/<split>/*.png, which hold train ids already."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class BDD100KDataset(SegmentationDataset):
    """BDD100K in its own folders; options as :class:`SegmentationDataset`."""

    image_suffix = ".jpg"
    label_suffix = ".png"
