"""IDD, roads of India (Varma et al., WACV 2019): leftImg8bit/<split>/<drive>/*_leftImg8bit.png and gtFine/<split>/<drive>.

The download holds polygons. The code of its authors (AutoNUE, ``preperation/createLabels.py``) draws labels of several kinds from them;
those with ``--id-type csTrainId`` are called ``*_gtFine_labelcsTrainIds.png`` and hold train ids of Cityscapes, which are read here. The
data were not at hand: folders, names and ids are from general knowledge. Images of the second part are JPEGs:
``img_suffix='_leftImg8bit.jpg'``.
"""

from __future__ import annotations

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.categories import RawCategories
from mmseg.datasets.classes.names import CLASSES
from mmseg.registry import DATASETS


@DATASETS.register_module()
class IDDDataset(SegmentationDataset):
    """IDD in its own folders, with labels of AutoNUE; options as :class:`SegmentationDataset`."""

    image_suffix = "_leftImg8bit.png"
    label_suffix = "_gtFine_labelcsTrainIds.png"
    raw_classes = RawCategories(
        names=CLASSES,
        members={name: (train_id,) for train_id, name in enumerate(CLASSES)},
        last=len(CLASSES) - 1,
        ending="_gtFine_labelcsTrainIds.png",
        fix="Draw labels of csTrainId with preperation/createLabels.py of the AutoNUE code.",
    )
