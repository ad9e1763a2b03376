"""ACDC (Sakaridis et al., ICCV 2021): fog, night, rain and snow; rgb_anon/<split> and gt/<split>."""

from mmseg.datasets.base import SegmentationDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class ACDCDataset(SegmentationDataset):
    """ACDC with the sequences of all conditions below one folder per split; options as :class:`SegmentationDataset`."""

    image_suffix = "_rgb_anon.png"
    label_suffix = "_gt_labelTrainIds.png"
