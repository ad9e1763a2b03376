"""WildDash2 (Zendel et al., CVPR 2022), public_02: 4,256 photographs of hard scenes, images/<name>.jpg and labels/<name>.png.

Ids 0 to 33 of its labels are the label ids of Cityscapes. 34 to 38 are its own: pickup, van, billboard, street light, road marking. They
are ignored here: which of the 19 classes they count as in its benchmark is not known to us. The data were not at hand: folders and ids are
from general knowledge of the public description.
"""

from __future__ import annotations

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.categories import RawCategories
from mmseg.datasets.classes.names import CLASSES, LABEL_IDS
from mmseg.registry import DATASETS

OWN_IDS = ("pickup", "van", "billboard", "street light", "road marking")
"""Names of the ids from 34 on."""


@DATASETS.register_module()
class WildDash2Dataset(SegmentationDataset):
    """WildDash2 in its own folders, with ``ann_dir='labels'``; options as :class:`SegmentationDataset`.

    A part of it, such as that of a published table, is a list of names: ``split='val.txt'``.
    """

    image_folder = "images"
    image_suffix = ".jpg"
    label_suffix = ".png"
    raw_classes = RawCategories(
        names=CLASSES,
        members={name: (label_id,) for name, label_id in zip(CLASSES, LABEL_IDS, strict=True)},
        last=33 + len(OWN_IDS),
        ending=".png",
        fix="Unpack wd_public_02.zip again.",
    )
