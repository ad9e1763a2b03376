"""Synthia to Mapillary Vistas v1.2.

Networks predict all 19 classes, of which Synthia shows 16; measured are the means over these 16 (``mIoU.16``) and over
13 of them (``mIoU.13``), and over the 7 categories that the 19 classes unite to (``mIoU.7``). Published work on this pair
has 7 outputs and draws borders between the categories elsewhere (curbs, terrain), so its numbers are not comparable.
The images of Mapillary have many sizes: each is resized to fit into the scale, and predictions are measured at the label's
own size.
"""

_base_ = ["uda_synthia_to_cityscapes.py"]
train_dataloader = dict(
    dataset=dict(
        target=dict(type="MapillaryDataset", data_root="data/mapillary", img_dir="training/images"),
        # Padded, because panoramas are more than twice as wide as high.
        target_crop=dict(pad=True),
    )
)
val_dataloader = dict(
    dataset=dict(type="MapillaryDataset", data_root="data/mapillary", img_dir="validation/images", ann_dir="validation/labels")
)
val_evaluator = dict(subsets=["16", "13", "7"])
