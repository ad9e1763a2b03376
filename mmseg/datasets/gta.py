"""GTA (Richter et al., ECCV 2016): synthetic street scenes, images/00001.png and labels/00001_labelTrainIds.png."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.datasets.base import SegmentationDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class GTADataset(SegmentationDataset):
    """GTA in its own folders; options as :class:`SegmentationDataset`."""

    converter = "python tools/convert_datasets/gta.py"

    def __init__(
        self,
        *,
        data_root: str,
        img_dir: str = "images",
        ann_dir: str | None = None,
        img_suffix: str = ".png",
        seg_map_suffix: str = "_labelTrainIds.png",
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
