"""Cityscapes (Cordts et al., CVPR 2016): leftImg8bit/<split>/<city> and gtFine/<split>/<city>."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.datasets.base import SegmentationDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class CityscapesDataset(SegmentationDataset):
    """Cityscapes in its own folders; options as :class:`SegmentationDataset`."""

    converter = "python tools/convert_datasets/cityscapes.py"

    def __init__(
        self,
        *,
        data_root: str,
        img_dir: str,
        ann_dir: str | None = None,
        img_suffix: str = "_leftImg8bit.png",
        seg_map_suffix: str = "_gtFine_labelTrainIds.png",
        test_scale: Sequence[int] | None = None,
    ) -> None:
        super().__init__(
            data_root=data_root,
            img_dir=img_dir,
            ann_dir=ann_dir,
            img_suffix=img_suffix,
            seg_map_suffix=seg_map_suffix,
            test_scale=test_scale,
        )
