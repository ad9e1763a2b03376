"""Synthia to Cityscapes.

Synthia shows 16 of the 19 classes. Networks predict all 19; published is the mean IoU over those 16 (``mIoU.16``) or,
with wall, fence and pole left out as well, over 13 (``mIoU.13``). A pixel of terrain, truck or train counts against
the class that is predicted there.
"""

_base_ = ["uda_gta_to_cityscapes.py"]
train_dataloader = dict(
    dataset=dict(
        source=dict(type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS"),
        source_crop=dict(full_size=(2560, 1520)),
    )
)
val_evaluator = dict(subsets=["16", "13"])
