"""Dark Zurich (Sakaridis et al., ICCV 2019): night scenes; rgb_anon/train/night (unlabelled), rgb_anon/val and gt/val."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class DarkZurichDataset(SegmentationDataset):
    """Dark Zurich in its own folders; options as :class:`SegmentationDataset`."""

    image_suffix = "_rgb_anon.png"
    label_suffix = "_gt_labelTrainIds.png"
